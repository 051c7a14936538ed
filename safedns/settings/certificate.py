"""The certificate's files -> what encrypted listeners show, or every reason why they cannot.

Read by ``prepare`` (and ``safedns check``) alone: resolvers get what was read, so none of them needs the right to read
a key, and a certificate that is wrong leaves the last good one in force. An end date that has passed is a warning: a
house without encrypted DNS is better than one without any.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from safedns.errors import ConfigError, Problem
from safedns.settings.model import Certificate, Credentials, Settings
from safedns.yamlfile.document import TreePath
from safedns.yamlfile.messages import printable, show
from safedns.yamlfile.read import read_yaml

SOON = 14 * 86_400
"""Seconds before its end at which a certificate should have been renewed."""

_Found = tuple[TreePath, str]


class Shown(NamedTuple):
    """A certificate that can be used, and what should be said about it."""

    credentials: Credentials
    warnings: tuple[Problem, ...]


def read_certificate(settings: Settings, file: Path, now: float) -> Shown | None:
    """What ``settings`` of ``file`` name, ``None`` for nothing; raises ``ConfigError`` with all that is wrong.

    ``now``: epoch seconds.
    """
    given = settings.certificate
    if given is None:
        return None
    problems: list[_Found] = []
    cert, chain = _certificates(given, problems)
    key, public = _key(given, problems)
    if chain and public and _public(chain[0]) != public:
        problems.append((("certificate", "key"), f"{show(given.key.name)} is not the key of this certificate"))
    if chain and given.name and given.name not in (names := names_of(chain[0])):
        message = f"the certificate is not for {show(given.name)}; it is for {', '.join(map(show, names)) or 'no name'}"
        problems.append((("certificate", "name"), message))
    if problems:
        raise ConfigError(_placed(file, problems))
    expires = chain[0].not_valid_after_utc.timestamp()
    warnings = _placed(file, [*_age(chain[0], now), *_coverage(chain[0], given.name)])
    return Shown(Credentials(cert, key, given.name, expires), warnings)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses that a certificate is for, as written in it, in lower case."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names = (name.lower() for name in found.get_values_for_type(x509.DNSName))
    return (*names, *map(str, found.get_values_for_type(x509.IPAddress)))


def _certificates(given: Certificate, problems: list[_Found]) -> tuple[bytes, list[x509.Certificate]]:
    path: TreePath = ("certificate", "cert")
    data = _read(given.cert, path, problems)
    if data:
        try:
            return data, x509.load_pem_x509_certificates(data)
        except ValueError:
            problems.append((path, f"{show(given.cert.name)} holds no certificate that can be read; expected PEM"))
    return data, []


def _key(given: Certificate, problems: list[_Found]) -> tuple[bytes, bytes]:
    """The key as it is in its file, and its public half."""
    path: TreePath = ("certificate", "key")
    data = _read(given.key, path, problems)
    if data:
        try:
            key = load_pem_private_key(data, password=None)
            return data, key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except TypeError:
            problems.append((path, f"{show(given.key.name)} has a password; expected a key without one"))
        except (ValueError, UnsupportedAlgorithm):
            problems.append((path, f"{show(given.key.name)} holds no key that can be read; expected PEM"))
    return data, b""


def _read(path: Path, place: TreePath, problems: list[_Found]) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "; the user that safedns runs as must be able to read it" if isinstance(error, PermissionError) else ""
        problems.append((place, f"{printable(str(path))} cannot be read: {error.strerror}{hint}"))
        return b""
    if not data:
        problems.append((place, f"{show(path.name)} is empty; expected PEM"))
    return data


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _age(certificate: x509.Certificate, now: float) -> Iterator[_Found]:
    end = certificate.not_valid_after_utc
    path: TreePath = ("certificate", "cert")
    if now >= end.timestamp():
        yield path, f"the certificate ended on {end:%Y-%m-%d}: phones refuse it; renew it"
    elif now >= end.timestamp() - SOON:
        days = (end - datetime.fromtimestamp(now, UTC)).days
        yield path, f"the certificate ends in {days} days, on {end:%Y-%m-%d}: renew it"
    elif now < (begin := certificate.not_valid_before_utc).timestamp():
        yield path, f"the certificate begins on {begin:%Y-%m-%d} only: phones refuse it until then"


def _coverage(certificate: x509.Certificate, name: str) -> Iterator[_Found]:
    """A phone that is told apart asks for ``ID.NAME``, which must be in the certificate too."""
    if name and not _is_address(name) and f"*.{name}" not in names_of(certificate):
        message = f"the certificate is not for {show(f'*.{name}')}, so DNS over TLS and QUIC cannot tell phones apart"
        yield ("certificate", "name"), f"{message}; over HTTPS the path does it"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _placed(file: Path, found: list[_Found]) -> tuple[Problem, ...]:
    document = read_yaml(file) if found else None
    return tuple(document.problem(path, message) for path, message in found) if document is not None else ()
