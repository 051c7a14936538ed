"""What ``listen`` and ``certificate`` mean together: addresses that clash, encryption without a certificate."""

from __future__ import annotations

from collections.abc import Iterator

from safedns.errors import Problem
from safedns.settings.model import Endpoint
from safedns.settings.schema import SettingsFile
from safedns.settings.words import PLAIN_PORT
from safedns.yamlfile.document import Document
from safedns.yamlfile.messages import show

_TRANSPORTS = {"dns": ("UDP", "TCP"), "tls": ("TCP",), "https": ("TCP",), "quic": ("UDP",)}
"""Service -> the kinds of socket that it needs."""


def listening_problems(document: Document, written: SettingsFile) -> Iterator[Problem]:
    """Encrypted DNS that has no certificate, and addresses that two services want."""
    listen = written.listen
    taken: dict[tuple[str, Endpoint], str] = {}
    for service, transports in _TRANSPORTS.items():
        endpoints: list[Endpoint] = getattr(listen, service)
        if endpoints and service != "dns" and written.certificate is None:
            message = (
                "encrypted DNS needs a certificate; expected `certificate: {cert: cert.pem, key: key.pem, name: ...}` "
                "(`safedns certificate` makes one to try with)"
            )
            yield document.problem(("listen", service), message, at_key=True)
        for index, endpoint in enumerate(endpoints):
            if service == "quic" and endpoint.port == PLAIN_PORT:
                message = f"{show(str(endpoint))} is the port of plain DNS, never of QUIC (RFC 9250); expected 853"
                yield document.problem(("listen", service, index), message)
            for transport in transports:
                other = taken.setdefault((transport, endpoint), service)
                if other != service:
                    message = f"{show(str(endpoint))} is taken by `{other}` above; expected another port"
                    yield document.problem(("listen", service, index), message)


def listening_warnings(document: Document, written: SettingsFile) -> Iterator[Problem]:
    """What is written for nothing, or would not do what is hoped for."""
    listen, certificate = written.listen, written.certificate
    encrypted = bool(listen.tls or listen.https or listen.quic)
    if certificate is not None and not encrypted:
        message = "nothing uses the certificate; `listen` has no `tls`, `https` or `quic`"
        yield document.problem(("certificate",), message, at_key=True)
    if certificate is not None and encrypted and not certificate.name:
        message = "without a `name` no phone can be told apart by its own name, and none finds this machine by itself"
        yield document.problem(("certificate",), message, at_key=True)
