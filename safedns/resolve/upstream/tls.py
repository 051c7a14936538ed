"""Whom we trust at the other end of TLS, and how a handshake goes on from an earlier one.

Strict (RFC 8310 section 5): a certificate that the system's authorities vouch for and that names the upstream; or,
where the configuration pins keys, one of those keys and nothing else (RFC 7858 section 4.2). A handshake goes on from
an earlier one only from the same address of ours: nobody can follow us from net to net (RFC 8446 appendix C.4).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Facts
from safedns.resolve.upstream.source import family, source_address
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

    __slots__ = ("_alpn", "_contexts", "_pins", "name")

    def __init__(self, name: str, pins: tuple[bytes, ...], alpn: str = "") -> None:
        """``name``: in the certificate, a domain name or an address; ``alpn``: what must be spoken (RFC 7301)."""
        self.name = name
        self._pins = pins
        self._alpn = alpn
        self._contexts: dict[int, _Context] = {}
        """By the family of the address: IPv4 and IPv6 take turns where the upstream has both."""

    async def connect(
        self, factory: Callable[[], P], address: str, port: int, connected: Callable[[], None]
    ) -> tuple[P, Facts]:
        """A connection whose other end is who it should be; raises ``OSError`` or ``UpstreamError``.

        ``connected`` is called before the handshake begins.
        """
        sock = await _connect(address, port)
        connected()
        try:
            context = await self._context_for(address, port)
        except BaseException:
            sock.close()
            raise
        return await self._shake_hands(factory, sock, context)

    async def _context_for(self, address: str, port: int) -> _Context:
        """The last one, unless it was made for another address of ours or for other authorities."""
        made_for = _MadeFor(source_address(address, port), () if self._pins else authorities().written)
        context = self._contexts.get(family(address))
        if context is None or context.made_for != made_for:
            context = await asyncio.to_thread(self._make, made_for)  # reading the authorities blocks
            self._contexts[family(address)] = context
        return context

    async def _shake_hands(self, factory: Callable[[], P], sock: socket.socket, context: _Context) -> tuple[P, Facts]:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(
            factory, sock=sock, ssl=context, server_hostname=self.name, ssl_shutdown_timeout=_GOODBYE
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

    def _make(self, made_for: _MadeFor) -> _Context:
        context = _Context(ssl.PROTOCOL_TLS_CLIENT)
        context.made_for = made_for
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._alpn:
            context.set_alpn_protocols([self._alpn])
        if self._pins:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # ``_accept`` looks at the key
        else:
            context.load_verify_locations(*authorities())
        return context


async def _connect(address: str, port: int) -> socket.socket:
    """Connected by TCP; raises ``OSError``."""
    # With the protocol named, or asyncio would leave small packets to wait for each other (TCP_NODELAY).
    sock = socket.socket(family(address), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


class _MadeFor(NamedTuple):
    """With another of either begins another context, without a session."""

    source: str
    """Our address."""
    written: tuple[int, ...]
    """When the authorities were changed last."""


class _Context(ssl.SSLContext):
    """A context that offers the server the last session: asyncio has no argument for one."""

    made_for: _MadeFor
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
