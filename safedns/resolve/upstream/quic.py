"""DNS over QUIC to one upstream (RFC 9250): one connection, one stream a query, handshakes that go on from the last.

    dial: handshake --> ready --> stream: query, end --> length, answer --> answer
                  '-- closed: a certificate that is not good, nobody there ...

aioquic speaks the protocol and knows no sockets; its datagrams and its one timer are served here.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import (
    ConnectionTerminated,
    HandshakeCompleted,
    QuicEvent,
    StreamDataReceived,
    StreamReset,
)
from aioquic.tls import SessionTicket

from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.connection import Connection, ConnectionCarrier
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.tls import authorities
from safedns.wire.answer import Answer, decode_answer
from safedns.wire.query import Query
from safedns.wire.request import padded_request
from safedns.wire.stream import Deframer, frame
from safedns.wire.types import Ede

logging.getLogger("quic").setLevel(logging.CRITICAL)  # the carrier says what went wrong, with the upstream's name

_ALPN = "doq"
_REQUEST_CANCELLED = 0x3
"""DOQ_REQUEST_CANCELLED (RFC 9250 section 4.3)."""
_DEAD_SECONDS = 20.0
"""After so long without a packet the connection is given up, whatever it waits for."""


class QuicCarrier(ConnectionCarrier):
    """Carries exchanges over one QUIC connection."""

    __slots__ = ("_name", "_port", "_ticket", "_token")

    def __init__(self, place: Place, port: int, mismatches: list[int], name: str) -> None:
        """``name``: in the certificate, a domain name or an address."""
        super().__init__("QUIC", place, mismatches)
        self._port = port
        self._name = name
        self._ticket: SessionTicket | None = None
        self._token = b""

    async def dial(self, address: str) -> Connection:
        """See ``ConnectionCarrier``."""
        session = _Session(self, self._new_connection())
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: session, remote_addr=(address, self._port))
        try:
            self.facts = await session.ready
        except BaseException:
            session.abort()
            raise
        return session

    def _new_connection(self) -> QuicConnection:
        configuration = QuicConfiguration(
            alpn_protocols=[_ALPN],
            server_name=self._name,
            session_ticket=self._ticket,
            token=self._token,
            idle_timeout=_DEAD_SECONDS,
        )
        configuration.load_verify_locations(*authorities())
        return QuicConnection(
            configuration=configuration, session_ticket_handler=self._keep_ticket, token_handler=self._keep_token
        )

    def _keep_ticket(self, ticket: SessionTicket) -> None:
        self._ticket = ticket

    def _keep_token(self, token: bytes) -> None:
        self._token = token


class _Session(Connection, asyncio.DatagramProtocol):
    """One QUIC connection."""

    def __init__(self, owner: QuicCarrier, quic: QuicConnection) -> None:
        super().__init__(owner)
        self._owner = owner
        self._quic = quic
        self._streams: dict[int, Deframer] = {}
        """By number, as long as an answer is waited for."""
        self._timer: asyncio.TimerHandle | None = None
        self.ready: asyncio.Future[Facts] = self._loop.create_future()
        """The handshake's end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._peer = transport.get_extra_info("peername")
        self._quic.connect(self._peer, now=self._loop.time())
        self._transmit()

    def send(self, exchange: Exchange) -> None:
        """Send the query on a stream of its own, under the id nought (RFC 9250 section 4.2.1)."""
        number = self._quic.get_next_available_stream_id()
        self._take_in(exchange, number)
        self._streams[number] = Deframer()
        self._quic.send_stream_data(number, frame(padded_request(exchange.query, 0)), end_stream=True)
        self._transmit()

    def drop(self, exchange: Exchange) -> None:
        """Free the number, and spare the server an answer that nobody waits for."""
        if self._streams.pop(exchange.number, None) is not None and not self.gone:
            self._quic.stop_stream(exchange.number, _REQUEST_CANCELLED)
            self._transmit()
        super().drop(exchange)

    def hang_up(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self.gone:
            self._quic.close()
            self._transmit()
        self._transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the socket is connected
        self._heard()
        self._quic.receive_datagram(data, self._peer, now=self._loop.time())
        self._go_on()

    def error_received(self, exc: Exception) -> None:
        """Nobody is there, or there is no way: no use in waiting for a timeout."""
        self._lose(exc)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._lose(ConnectionAbortedError("the connection was closed"))

    def _go_on(self) -> None:
        """After anything that may have moved the connection."""
        while (event := self._quic.next_event()) is not None:
            self._happened(event)
        # aioquic tells that the other side has closed only when nothing can come of it any more, which is too late
        # for those who wait.
        if (closed := self._quic._close_event) is not None:
            self._happened(closed)
        self._transmit()

    def _happened(self, event: QuicEvent) -> None:
        match event:
            case HandshakeCompleted() if not self.ready.done():
                self._await_work()
                self.ready.set_result(Facts(protocol="QUIC", resumed=event.session_resumed))
            case StreamDataReceived(stream_id=number):
                self._more(number, event.data, ended=event.end_stream)
            case StreamReset(stream_id=number):
                self._fail(number, "the upstream broke a QUIC stream off")
            case ConnectionTerminated():
                self._lose(ConnectionAbortedError(event.reason_phrase or f"QUIC error {event.error_code:#x}"))

    def _more(self, number: int, data: bytes, *, ended: bool) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        messages = stream.feed(data)
        if messages:
            self._complete(number, messages[0])
        elif ended:
            self._fail(number, "the upstream ended a QUIC stream without an answer")

    def _complete(self, number: int, message: bytes) -> None:
        exchange = self._pending[number]
        try:
            answer = _decode(message, exchange.query)
            if not self._terms_known:
                self._learn_terms(message, exchange.query)
        except WireError as error:
            self._owner.mismatches[0] += 1
            self._fail(number, f"the upstream sent something else than an answer: {error}")
            return
        if answer.truncated:
            self._fail(number, "the upstream truncated an answer over QUIC")
            return
        del self._streams[number]
        exchange.answer(answer)

    def _fail(self, number: int, reason: str) -> None:
        if self._streams.pop(number, None) is not None:
            self._pending[number].fail(UpstreamError(reason, Ede.NETWORK_ERROR))

    def _lose(self, error: Exception) -> None:
        if self.gone:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.ready.done():
            self.ready.set_exception(error)
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
        self._quic.handle_timer(now=max(at, self._loop.time()))
        self._go_on()


def _decode(message: bytes, query: Query) -> Answer:
    if message[:2] != b"\0\0":
        raise WireError("its id is not nought")
    return decode_answer(message, query)
