"""DNS over QUIC (RFC 9250): one query a stream, on connections whose clients have proved their address.

    datagram -> aioquic (packets, TLS, streams) -> whole message of a stream -> pipeline -> message, end of stream

Every client is first sent a Retry (RFC 9000 section 8.1.2): forged addresses cost no memory and count against nobody.
Early data is never taken: it could be replayed. Must not decode or decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.buffer import Buffer, BufferReadError  # type: ignore[attr-defined]  # what it is there for
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import (
    ConnectionTerminated,
    HandshakeCompleted,
    QuicEvent,
    StopSendingReceived,
    StreamDataReceived,
    StreamReset,
)
from aioquic.tls import Alert, HandshakeType, load_pem_private_key, load_pem_x509_certificates, pull_client_hello

from safedns.asked import Miss
from safedns.clock import Clock
from safedns.failures import FailureLog
from safedns.pipeline import Pipeline
from safedns.record.counters import Cell
from safedns.server.flush import Flusher
from safedns.server.room import Limits, Place, Room
from safedns.server.terms import Terms
from safedns.settings.model import Credentials
from safedns.wire.stream import MAX_MESSAGE, frame
from safedns.wire.transport import asks_for, dressed
from safedns.wire.types import EdnsOption

ALPN = "doq"
USUAL = Limits(idle=30.0)
_WINDOW = 2 * (MAX_MESSAGE + 2)


class DoqError(IntEnum):
    """Why a connection or stream ends (RFC 9250 section 4.3)."""

    NO_ERROR = 0x0
    INTERNAL_ERROR = 0x1
    PROTOCOL_ERROR = 0x2
    EXCESSIVE_LOAD = 0x4


class DoqServer:
    """Serves one bound UDP socket until closed."""

    def __init__(
        self,
        sock: socket.socket,
        pipeline: Pipeline,
        clock: Clock,
        flusher: Flusher,
        terms: Terms,
        limits: Limits = USUAL,
        *,
        refused: Cell | None = None,
    ) -> None:
        self._sock = sock
        self._house = _House(pipeline, clock, flusher, terms, limits, Room(limits, terms, refused))
        self._server: _Server | None = None

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._house.room)

    async def start(self) -> None:
        """Read from now on."""
        loop = asyncio.get_running_loop()
        _, self._server = await loop.create_datagram_endpoint(lambda: _Server(self._house), sock=self._sock)

    def pause(self) -> None:
        """Nothing: a connection that is open goes on until ``close``."""

    async def close(self) -> None:
        """Tell every client that it is over, and let the socket go."""
        if self._server is not None:
            self._server.close()


class _House:
    """What all connections of a server share."""

    def __init__(
        self, pipeline: Pipeline, clock: Clock, flusher: Flusher, terms: Terms, limits: Limits, room: Room
    ) -> None:
        self.pipeline = pipeline
        self.clock = clock
        self.flusher = flusher
        self.terms = terms
        self.limits = limits
        self.room = room
        self.failures = FailureLog(clock)


class _Server(QuicServer):
    """Hands each packet to its connection; new ones get the certificate of now."""

    def __init__(self, house: _House) -> None:
        self._house = house
        self._shown: Credentials | None = None
        configuration = QuicConfiguration(
            is_client=False,
            alpn_protocols=[ALPN],
            idle_timeout=house.limits.idle,
            max_data=_WINDOW * 4,
            max_stream_data=_WINDOW,
        )
        super().__init__(configuration=configuration, create_protocol=partial(_Connection, house), retry=True)

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        if self._use_certificate():
            super().datagram_received(data, addr)

    def _use_certificate(self) -> bool:
        credentials = self._house.terms.credentials
        if credentials is not None and credentials is not self._shown:
            chain = load_pem_x509_certificates(credentials.cert)
            self._configuration.certificate, self._configuration.certificate_chain = chain[0], chain[1:]
            self._configuration.private_key = load_pem_private_key(credentials.key)
            self._shown = credentials
        return credentials is not None


class _Connection(QuicConnectionProtocol):
    """One client's connection."""

    def __init__(self, house: _House, quic: QuicConnection, **_: object) -> None:
        super().__init__(quic)
        self._house = house
        self._address = ""
        self._place: Place | None = None
        self._patience: asyncio.TimerHandle | None = None
        """Ends the connection unless it comes to something in time."""
        self._server_name = ""
        self._arriving: dict[int, bytes] = {}
        self._waiting: set[int] = set()
        self._over = False
        """Whether it has no place any more, whatever is still said for good order."""
        _hear_name(quic, self._on_name)

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        if not self._address and not self._enter(addr[0]):
            self._give_up()
            return
        self._guarded(super().datagram_received, data, addr)

    def close(self, error_code: int = DoqError.NO_ERROR, reason_phrase: str = "") -> None:
        self._leave()
        super().close(error_code, reason_phrase)

    def transmit(self) -> None:
        self._guarded(super().transmit)

    def _handle_timer(self) -> None:
        self._guarded(super()._handle_timer)

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """Whatever aioquic stumbles over ends this connection only, and writes no more than a line a minute."""
        try:
            step(*arguments)
        except Exception as error:  # noqa: BLE001 - what strangers send must neither kill the reader nor fill the journal
            self._house.failures.report(error, "a QUIC connection failed inside safedns and was given up")
            self._give_up()

    def _give_up(self) -> None:
        """Forget the connection as it is; the client gets no answer."""
        self._leave()
        self._connection_terminated_handler()
        for handle in (self._timer, self._transmit_task):
            if handle is not None:
                handle.cancel()
        self._timer = self._transmit_task = None

    def quic_event_received(self, event: QuicEvent) -> None:
        """What happens on the streams."""
        match event:
            case ConnectionTerminated():
                self._leave()
            case _ if self._over:
                pass
            case HandshakeCompleted():
                self._wait(self._house.limits.idle)
            case StreamDataReceived():
                self._take(event)
            case StreamReset() | StopSendingReceived():
                self._arriving.pop(event.stream_id, None)
                self._waiting.discard(event.stream_id)

    def _enter(self, address: str) -> bool:
        self._address = address
        self._place = self._house.room.take(address)
        if self._place is None:
            return False
        self._place.evict = partial(self.close, DoqError.EXCESSIVE_LOAD)
        self._wait(self._house.limits.greeting)
        return True

    def _leave(self) -> None:
        self._over = True
        self._stop_waiting()
        if self._place is not None:
            self._house.room.leave(self._place)

    def _wait(self, seconds: float) -> None:
        """Give the client so long for its next step, handshake or query; that it keeps the connection up is none."""
        self._stop_waiting()
        self._patience = self._loop.call_later(seconds, self.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _on_name(self, name: str) -> None:
        self._server_name = name

    def _take(self, event: StreamDataReceived) -> None:
        """Collect a query until its stream ends; what breaks RFC 9250 section 4.2 ends the connection."""
        stream = event.stream_id
        if stream & 0x2:  # RFC 9000 section 2.1: a client's one-way stream, which has no place here
            self.close(DoqError.PROTOCOL_ERROR)
            return
        data = self._arriving.get(stream, b"") + event.data
        size = int.from_bytes(data[:2]) + 2
        if (len(data) >= 2 and len(data) > size) or (event.end_stream and len(data) != size):
            self.close(DoqError.PROTOCOL_ERROR)
        elif not event.end_stream:
            self._arriving[stream] = data
            if sum(map(len, self._arriving.values())) > _WINDOW:
                self.close(DoqError.EXCESSIVE_LOAD)
        else:
            self._arriving.pop(stream, None)
            self._answer(stream, data[2:])

    def _answer(self, stream: int, packet: bytes) -> None:
        house = self._house
        if packet[:2] != b"\0\0" or asks_for(packet, EdnsOption.TCP_KEEPALIVE):  # RFC 9250 sections 4.2.1 and 5.5.2
            self.close(DoqError.PROTOCOL_ERROR)
            return
        self._wait(house.limits.idle)
        if len(self._waiting) >= house.limits.outstanding:
            self._reset(stream, DoqError.EXCESSIVE_LOAD)
            return
        self._waiting.add(stream)
        sender = house.terms.sender(self._address, self._server_name)
        wall, mono = house.clock.wall(), house.clock.monotonic()
        reply = house.pipeline.answer_now(packet, sender, "quic", wall, mono)
        if isinstance(reply, Miss):
            house.pipeline.answer_later(reply, partial(self._hand_over, stream, packet))
            return
        if reply is not None:
            house.pipeline.batch_done(1, mono)
        self._hand_over(stream, packet, reply)

    def _hand_over(self, stream: int, packet: bytes, reply: bytes | None) -> None:
        self._house.flusher.due()
        if self._over or stream not in self._waiting:
            return
        self._waiting.discard(stream)
        if reply is None:
            self._reset(stream, DoqError.EXCESSIVE_LOAD)
            return
        with contextlib.suppress(RuntimeError, ValueError):  # a client may ask and say at once that it will not listen
            self._quic.send_stream_data(stream, frame(dressed(packet, reply, padded=True)), end_stream=True)
        self._transmit_soon()

    def _reset(self, stream: int, error: DoqError) -> None:
        self._quic.reset_stream(stream, error)
        self._transmit_soon()


def _hear_name(quic: QuicConnection, tell: Callable[[str], None]) -> None:
    """Have ``tell`` called with the server name of the client's first message.

    aioquic does not tell a server which name it was asked for, so we read that message, too, as it passes.
    """
    initialize = quic._initialize

    def initialize_and_listen(peer_cid: bytes) -> None:
        initialize(peer_cid)
        handle = quic.tls._handle_reassembled_message

        def listen(message_type: int, input_buf: Buffer, output_buf: Any) -> None:
            if message_type == HandshakeType.CLIENT_HELLO:
                tell(_server_name(input_buf.data_slice(0, input_buf.capacity)))
            handle(message_type=message_type, input_buf=input_buf, output_buf=output_buf)

        quic.tls._handle_reassembled_message = listen  # type: ignore[method-assign]

    quic._initialize = initialize_and_listen  # type: ignore[method-assign]


def _server_name(message: bytes) -> str:
    """From a ClientHello (RFC 6066 section 3), in lower case; empty where there is none or it cannot be read."""
    with contextlib.suppress(Alert, BufferReadError, ValueError, AssertionError):
        return (pull_client_hello(Buffer(data=message)).server_name or "").lower()
    return ""
