"""Whom we trust at the other end of TLS, and how a handshake goes on from an earlier one.

Strict (RFC 8310 section 5): a certificate that the system's authorities vouch for and that names the upstream; or,
where the configuration pins keys, one of those keys and nothing else (RFC 7858 section 4.2). A handshake goes on from
an earlier one only from the same address of ours: nobody can follow us from net to net (RFC 8446 appendix C.4).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Facts
from safedns.resolve.upstream.source import source_address
from safedns.wire.types import Ede

P = TypeVar("P", bound=asyncio.Protocol)

_GOODBYE = 1.0
"""Seconds that the other side has to confirm the end of a connection."""


class Authorities(NamedTuple):
    """Where the certificates lie that this machine trusts."""

    file: str | None
    folder: str | None

    @property
    def written(self) -> tuple[int, ...]:
        """When they were changed last; empty where there are none."""
        with suppress(FileNotFoundError):
            return tuple(Path(path).stat().st_mtime_ns for path in self if path is not None)
        return ()


def authorities() -> Authorities:
    """The system's (``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are heeded); certifi's where it has none."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        return Authorities(paths.cafile, paths.capath)
    import certifi  # not needed where the system has authorities of its own

    return Authorities(certifi.where(), None)


def key_digest(certificate: bytes) -> bytes:
    """SHA-256 of the public key of a certificate in DER: what is pinned (RFC 7469 section 2.4)."""
    from cryptography import x509  # 10 MB that only pins need
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


class TlsClient:
    """How one upstream has to identify itself, and the session that the next handshake may resume."""

    __slots__ = ("_alpn", "_context", "_made_for", "_pins", "name")

    def __init__(self, name: str, pins: tuple[bytes, ...], alpn: str = "") -> None:
        """``name``: in the certificate, a domain name or an address; ``alpn``: what must be spoken (RFC 7301)."""
        self.name = name
        self._pins = pins
        self._alpn = alpn
        self._context: _Context | None = None
        self._made_for: tuple[str, tuple[int, ...]] = ("", ())
        """Our address, and the authorities' age: with another of either begins another context, without a session."""

    async def connect(self, factory: Callable[[], P], address: str, port: int) -> tuple[P, Facts]:
        """A connection whose other end is who it should be; raises ``OSError`` or ``UpstreamError``."""
        made_for = source_address(address, port), () if self._pins else authorities().written
        if self._context is None or made_for != self._made_for:
            # Reading the authorities blocks.
            self._context, self._made_for = await asyncio.to_thread(self._make), made_for
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(
            factory, address, port, ssl=self._context, server_hostname=self.name, ssl_shutdown_timeout=_GOODBYE
        )
        connected = transport.get_extra_info("ssl_object")
        try:
            self._accept(connected)
        except UpstreamError:
            transport.abort()
            raise
        return protocol, Facts(protocol=connected.version() or "", resumed=bool(connected.session_reused))

    def remember(self, connected: ssl.SSLObject) -> None:
        """The next handshake of its context may resume this session."""
        context, session = connected.context, connected.session
        if isinstance(context, _Context) and session is not None and session.has_ticket:
            context.resume = session

    def _accept(self, connected: ssl.SSLObject) -> None:
        """Raise ``UpstreamError`` unless the handshake came to what is wanted."""
        if self._pins:
            certificate = connected.getpeercert(binary_form=True)
            if certificate is None or key_digest(certificate) not in self._pins:
                raise UpstreamError(f"the key of {self.name} is not the one that is pinned", Ede.NETWORK_ERROR)
        if self._alpn and connected.selected_alpn_protocol() != self._alpn:
            raise UpstreamError(f"{self.name} does not speak {self._alpn}", Ede.NETWORK_ERROR)

    def _make(self) -> _Context:
        context = _Context(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._alpn:
            context.set_alpn_protocols([self._alpn])
        if self._pins:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # ``_accept`` looks at the key
        else:
            context.load_verify_locations(*authorities())
        return context


class _Context(ssl.SSLContext):
    """A context that offers the server the last session: asyncio has no argument for one."""

    resume: ssl.SSLSession | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - the signature of ssl
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session or self.resume)
