"""A QUIC connection to an upstream (RFC 9000): its datagrams, its one timer, its handshake and what that goes on from.

    dial: handshake --> ready --> streams: they belong to ``quic`` (RFC 9250) and ``http3`` (RFC 9114)
                  '-- closed: a certificate that is not good, nobody there ...

aioquic speaks the protocol and knows no sockets. Nothing is asked before the handshake is over, and early data (0-RTT)
is not even offered: who records it could send a question again (RFC 9250 section 4.5). What a server gave us for the
next time is shown from the same address of ours only: nobody can follow us from net to net (RFC 9000 section 8.1.3).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar, NamedTuple, cast

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent
from aioquic.tls import SessionTicket

from safedns.resolve.upstream import Facts
from safedns.resolve.upstream.connection import Connection, ConnectionCarrier
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.source import family, source_address
from safedns.resolve.upstream.tls import authorities

logging.getLogger("quic").setLevel(logging.CRITICAL)  # the carrier says what went wrong, with the upstream's name

_DEAD_SECONDS = 20.0
"""After so long without a packet the connection is given up, whatever it waits for."""


class _Kept(NamedTuple):
    """What a server gave for the next connection."""

    source: str
    """Our address when it did."""
    ticket: SessionTicket | None = None
    token: bytes = b""


class OverQuicCarrier(ConnectionCarrier):
    """Carries exchanges over one QUIC connection."""

    __slots__ = ("_kept", "_name", "_port")

    alpn: ClassVar[str]
    """What is spoken on the streams (RFC 7301)."""

    def __init__(self, what: str, place: Place, port: int, mismatches: list[int], name: str) -> None:
        """``what`` as in ``ConnectionCarrier``; ``name``: in the certificate, a domain name or an address."""
        super().__init__(what, place, mismatches)
        self._port = port
        self._name = name
        self._kept: dict[int, _Kept] = {}
        """By the family of our address: IPv4 and IPv6 take turns where the upstream has both."""

    @abstractmethod
    def session(self, quic: QuicConnection) -> QuicSession:
        """What speaks on the connection."""

    async def dial(self, address: str, connected: Callable[[], None]) -> Connection:  # noqa: ARG002 - one step
        """See ``ConnectionCarrier``."""
        session = self.session(self._new_connection(source_address(address, self._port)))
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: session, remote_addr=(address, self._port))
        try:
            resumed = await session.ready
        except BaseException:
            session.abort()
            raise
        self.facts = Facts(protocol=self._what, resumed=resumed)
        return session

    def _new_connection(self, source: str) -> QuicConnection:
        kept = self._kept_for(source)
        configuration = QuicConfiguration(
            alpn_protocols=[self.alpn],
            server_name=self._name,
            session_ticket=kept.ticket,
            token=kept.token,
            idle_timeout=_DEAD_SECONDS,
        )
        configuration.load_verify_locations(*authorities())
        return QuicConnection(
            configuration=configuration,
            session_ticket_handler=partial(self._keep_ticket, source),
            token_handler=partial(self._keep_token, source),
        )

    def _keep_ticket(self, source: str, ticket: SessionTicket) -> None:
        self._keep(self._kept_for(source)._replace(ticket=replace(ticket, max_early_data_size=None)))

    def _keep_token(self, source: str, token: bytes) -> None:
        self._keep(self._kept_for(source)._replace(token=token))

    def _keep(self, kept: _Kept) -> None:
        self._kept[family(kept.source)] = kept

    def _kept_for(self, source: str) -> _Kept:
        kept = self._kept.get(family(source))
        return kept if kept is not None and kept.source == source else _Kept(source)


class QuicSession(Connection, asyncio.DatagramProtocol):
    """One QUIC connection; subclasses speak on its streams."""

    def __init__(self, owner: ConnectionCarrier, quic: QuicConnection) -> None:
        super().__init__(owner)
        self._quic = quic
        self._timer: asyncio.TimerHandle | None = None
        self._speaks = False
        """Whether the handshake is over and somebody has waited for it."""
        self.ready: asyncio.Future[bool] = self._loop.create_future()
        """The handshake's end: whether it went on from an earlier one."""

    @abstractmethod
    def stream_event(self, event: QuicEvent) -> None:
        """Something happened to a stream, or to something else that this module knows nothing of."""

    def begin(self) -> None:
        """The other side is who it should be: say what there is to say before the first question."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._peer = transport.get_extra_info("peername")
        self._quic.connect(self._peer, now=self._loop.time())
        self._transmit()

    def hang_up(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self.gone:
            self._quic.close()
            self._transmit()
        self._transport.close()

    def stop(self, number: int, code: int) -> None:
        """Spare the server the rest of a stream, unless the stream has ended meanwhile."""
        with contextlib.suppress(ValueError):
            self._quic.stop_stream(number, code)
        self._transmit()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the socket is connected
        self._go_on(self._quic.receive_datagram, data, self._peer, now=self._loop.time())

    def error_received(self, exc: Exception) -> None:
        """Nobody is there, or there is no way: no use in waiting for a timeout."""
        self._lose(exc)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._lose(ConnectionAbortedError("the connection was closed"))

    def _go_on(self, move: Callable[..., None], *arguments: object, now: float) -> None:
        """Move the connection, and do what comes of it; one that aioquic or we stumble over is lost."""
        try:
            move(*arguments, now=now)
            self._look()
            self._transmit()
        except Exception as error:  # noqa: BLE001 - what an upstream sends must not fill the journal
            self._lose(ConnectionAbortedError(f"the upstream's QUIC cannot be understood: {error!r}"))

    def _look(self) -> None:
        """What has happened on the connection."""
        while (event := self._quic.next_event()) is not None:
            self._happened(event)
        # aioquic tells that the other side has closed only when nothing can come of it any more, which is too late
        # for those who wait.
        if (closed := self._quic._close_event) is not None:
            self._happened(closed)

    def _happened(self, event: QuicEvent) -> None:
        match event:
            case HandshakeCompleted():
                if not self.ready.done():  # else nobody wants it any more
                    self.begin()
                    self._speaks = True
                    self.ready.set_result(event.session_resumed)
            case ConnectionTerminated():
                self._lose(ConnectionAbortedError(event.reason_phrase or f"QUIC error {event.error_code:#x}"))
            case _ if self._speaks:
                self.stream_event(event)

    def _lose(self, error: Exception) -> None:
        if self.gone:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()  # who wanted to know may have been cancelled
        self._ended()
        self._transport.close()

    def _transmit(self) -> None:
        """Send what aioquic has ready, and wake it when it wants to be."""
        now = self._loop.time()
        for datagram, _ in self._quic.datagrams_to_send(now=now):
            self._transport.sendto(datagram)
        if self._timer is not None:
            self._timer.cancel()
        at = self._quic.get_timer()
        self._timer = None if at is None or self.gone else self._loop.call_at(at, self._ring, at)

    def _ring(self, at: float) -> None:
        self._timer = None
        self._go_on(self._quic.handle_timer, now=max(at, self._loop.time()))
