"""What the configuration says about connections: the certificate they are shown, and which proxies are believed.

One value for all servers of a process, changed in place by a reload: connections that are open go on as they began, new
ones get the new certificate.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from safedns.peers import is_inside
from safedns.settings.model import Credentials, IPNetwork


class Terms:
    """Valid until the next ``change``."""

    def __init__(self, device_at: Callable[[str], str] = str) -> None:
        """``device_at``: what tells the devices at two addresses apart, as far as it is known."""
        self.device_at = device_at
        self.credentials: Credentials | None = None
        self._proxies: tuple[IPNetwork, ...] = ()
        self._forwarders: tuple[IPNetwork, ...] = ()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def change(
        self,
        credentials: Credentials | None,
        proxies: tuple[IPNetwork, ...] = (),
        forwarders: tuple[IPNetwork, ...] = (),
    ) -> None:
        """Hold for every connection from the next one on."""
        self._proxies = proxies
        self._forwarders = forwarders
        if credentials != self.credentials:
            self.credentials = credentials
            self._contexts = {}

    def context(self, alpn: str) -> ssl.SSLContext:
        """For TLS that speaks ``alpn``; raises ``ssl.SSLError`` while there is no certificate."""
        if self.credentials is None:
            raise ssl.SSLError("there is no certificate")
        if alpn not in self._contexts:
            self._contexts[alpn] = _context(self.credentials, alpn)
        return self._contexts[alpn]

    def is_proxy(self, address: str) -> bool:
        """Whether who connects from ``address`` says for whom, and must."""
        return is_inside(address, self._proxies)

    def speaks_for_others(self, address: str) -> bool:
        """Whether who connects from ``address`` does it for many: a proxy, or a router that is trusted to ask."""
        return is_inside(address, self._proxies) or is_inside(address, self._forwarders)

    def sender(self, address: str, server_name: str, id_: str = "") -> str:
        """Who is asking, as ``Peers`` knows it: the address, and behind a space an id if there is one.

        By ``id_``, else the label that ``server_name`` (lower case) has before our own name.
        """
        if not id_ and self.credentials is not None and self.credentials.name:
            label, _, parent = server_name.partition(".")
            id_ = label if parent == self.credentials.name else ""
        return f"{address} {id_}" if id_ else address


class _Connected(ssl.SSLObject):
    """One connection's TLS, which remembers the name that it was asked for."""

    asked_name = ""


def asked_name(connected: ssl.SSLObject | None) -> str:
    """The server name that the client sent (RFC 6066 section 3) in lower case; empty for none."""
    return connected.asked_name if isinstance(connected, _Connected) else ""


def _context(credentials: Credentials, alpn: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([alpn])
    context.sslobject_class = _Connected
    context.sni_callback = _hear_name
    with _as_file(credentials.cert) as cert, _as_file(credentials.key) as key:
        context.load_cert_chain(cert, key)
    return context


def _hear_name(connected: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
    if isinstance(connected, _Connected):
        connected.asked_name = (name or "").lower()


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A path of ``data``, which touches no disk: OpenSSL reads certificates from files only."""
    descriptor = os.memfd_create("safedns", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
