"""Clients over each transport: they send a ``Query``, and the ledger is told what became of it.

A connection that breaks loses what was on its way, as a client sees it; the next query makes a new one.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, Protocol, TypeVar, cast

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamDataReceived, StreamReset
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded
from h2.events import StreamReset as H2Reset
from h2.exceptions import H2Error

from safedns.tasks import spawn
from safedns.wire.stream import Deframer, frame
from tests.bench.soak.ledger import CLOCK, GIVE_UP, Ledger, Query

_SOCKETS = 4
"""Ports of one client, for the kernel deals queries out to several resolvers by port."""
_CONNECT = 10.0
"""Seconds that a client waits for a handshake."""
Key = TypeVar("Key")
Lost = Callable[[Query], None]


class Client(Protocol):
    """One device over one transport."""

    @property
    def ready(self) -> bool:
        """Whether it can send now; otherwise it has begun to connect."""
        ...

    def send(self, query: Query) -> None: ...

    def sweep(self) -> None:
        """Give up what has waited too long."""
        ...

    def close(self) -> None: ...


class Waiting(Generic[Key]):
    """Queries on their way, by what their answers are known by."""

    def __init__(self, ledger: Ledger, lost: Lost) -> None:
        self._ledger = ledger
        self._lost = lost
        self._queries: dict[Key, Query] = {}

    def sent(self, key: Key, query: Query) -> None:
        self._ledger.sent(query)
        self._queries[key] = query

    def answered(self, key: Key, packet: bytes) -> None:
        """What comes too late, or twice, is nobody's."""
        if (query := self._queries.pop(key, None)) is not None:
            self._ledger.answered(query, packet)

    def lose(self, key: Key) -> None:
        if (query := self._queries.pop(key, None)) is not None:
            self._lost(query)

    def lose_all(self) -> None:
        for key in list(self._queries):
            self.lose(key)

    def sweep(self) -> None:
        late = CLOCK.monotonic() - GIVE_UP
        for key in [key for key, query in self._queries.items() if query.sent < late]:
            self.lose(key)


class UdpClient:
    """Sends from a few ports in turn."""

    ready = True

    def __init__(self, client: str, server: tuple[str, int], ledger: Ledger, lost: Lost) -> None:
        self._server = server
        self._waiting: Waiting[tuple[int, int]] = Waiting(ledger, lost)
        self._loop = asyncio.get_running_loop()
        self._sockets = [_udp(client) for _ in range(_SOCKETS)]
        self._ids = [itertools.cycle(range(1, 65_536)) for _ in range(_SOCKETS)]
        self._turn = itertools.cycle(range(_SOCKETS))
        for number, sock in enumerate(self._sockets):
            self._loop.add_reader(sock, self._receive, number, sock)

    def send(self, query: Query) -> None:
        number = next(self._turn)
        message_id = next(self._ids[number])
        self._waiting.sent((number, message_id), query)
        with suppress(OSError):
            self._sockets[number].sendto(message_id.to_bytes(2) + query.packet, self._server)

    def sweep(self) -> None:
        self._waiting.sweep()

    def close(self) -> None:
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()

    def _receive(self, number: int, sock: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                packet = sock.recv(4096)
                self._waiting.answered((number, int.from_bytes(packet[:2])), packet)


class _Connecting:
    """Makes connections when they are needed, one at a time."""

    def __init__(self) -> None:
        self._attempt: asyncio.Task[None] | None = None
        self._closed = False

    def _begin(self) -> None:
        if not self._closed and (self._attempt is None or self._attempt.done()):
            self._attempt = spawn(self._try(), "connect")

    async def _try(self) -> None:
        with suppress(OSError, TimeoutError, ssl.SSLError):
            async with asyncio.timeout(_CONNECT):
                await self._connect()

    async def _connect(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        self._closed = True
        if self._attempt is not None:
            self._attempt.cancel()


class StreamClient(_Connecting):
    """DNS over TCP or TLS: one connection, pipelined, answers in any order."""

    def __init__(
        self,
        client: str,
        server: tuple[str, int],
        ledger: Ledger,
        lost: Lost,
        secure: tuple[ssl.SSLContext, str] | None = None,
    ) -> None:
        """``secure``: whom it trusts, and which name it asks for."""
        super().__init__()
        self._client = client
        self._server = server
        self._secure = secure
        self._waiting: Waiting[int] = Waiting(ledger, lost)
        self._ids = itertools.cycle(range(1, 65_536))
        self._stream: _Stream | None = None

    @property
    def ready(self) -> bool:
        if self._stream is None:
            self._begin()
        return self._stream is not None

    def send(self, query: Query) -> None:
        assert self._stream is not None
        message_id = next(self._ids)
        self._waiting.sent(message_id, query)
        self._stream.transport.write(frame(message_id.to_bytes(2) + query.packet))

    def sweep(self) -> None:
        self._waiting.sweep()

    def close(self) -> None:
        self._end()
        if self._stream is not None:
            self._stream.transport.abort()

    def received(self, packet: bytes) -> None:
        self._waiting.answered(int.from_bytes(packet[:2]), packet)

    def broken(self) -> None:
        self._stream = None
        self._waiting.lose_all()

    async def _connect(self) -> None:
        context, name = self._secure or (None, None)
        _, self._stream = await asyncio.get_running_loop().create_connection(
            lambda: _Stream(self), *self._server, local_addr=(self._client, 0), ssl=context, server_hostname=name
        )


class _Stream(asyncio.Protocol):
    def __init__(self, owner: StreamClient) -> None:
        self._owner = owner
        self._deframer = Deframer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        for packet in self._deframer.feed(data):
            self._owner.received(packet)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._owner.broken()


class HttpsClient(_Connecting):
    """DNS over HTTPS: one HTTP/2 connection, POST."""

    def __init__(
        self, client: str, server: tuple[str, int], ledger: Ledger, lost: Lost, secure: tuple[ssl.SSLContext, str]
    ) -> None:
        super().__init__()
        self._client = client
        self._server = server
        self._secure = secure
        self.waiting: Waiting[int] = Waiting(ledger, lost)
        self.session: _Session | None = None

    @property
    def ready(self) -> bool:
        if self.session is None:
            self._begin()
        return self.session is not None

    def send(self, query: Query) -> None:
        assert self.session is not None
        self.waiting.sent(self.session.post(b"\0\0" + query.packet, self._secure[1]), query)

    def sweep(self) -> None:
        self.waiting.sweep()

    def close(self) -> None:
        self._end()
        if self.session is not None:
            self.session.transport.abort()

    async def _connect(self) -> None:
        context, name = self._secure
        _, self.session = await asyncio.get_running_loop().create_connection(
            lambda: _Session(self), *self._server, local_addr=(self._client, 0), ssl=context, server_hostname=name
        )


class _Session(asyncio.Protocol):
    def __init__(self, owner: HttpsClient) -> None:
        self._owner = owner
        self._http = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._bodies: dict[int, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._http.initiate_connection()
        self.transport.write(self._http.data_to_send())

    def post(self, packet: bytes, authority: str) -> int:
        """The number of the stream that the answer will come on."""
        stream = self._http.get_next_available_stream_id()
        fields = [(":method", "POST"), (":path", "/dns-query"), (":scheme", "https"), (":authority", authority)]
        fields += [("content-type", "application/dns-message"), ("content-length", str(len(packet)))]
        self._http.send_headers(stream, fields)
        self._http.send_data(stream, packet, end_stream=True)
        self.transport.write(self._http.data_to_send())
        return stream

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http.receive_data(data)
        except H2Error:
            self.transport.abort()
            return
        for event in events:
            match event:
                case DataReceived(stream_id=stream):
                    self._http.acknowledge_received_data(event.flow_controlled_length, stream)
                    self._bodies[stream] = self._bodies.get(stream, b"") + event.data
                case StreamEnded(stream_id=stream) if body := self._bodies.pop(stream, b""):
                    self._owner.waiting.answered(stream, body)
                case StreamEnded(stream_id=stream) | H2Reset(stream_id=stream):
                    self._owner.waiting.lose(stream)
        self.transport.write(self._http.data_to_send())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._owner.session = None
        self._owner.waiting.lose_all()


class QuicClient(_Connecting):
    """DNS over QUIC: one connection, a stream for each query."""

    def __init__(
        self, client: str, server: tuple[str, int], ledger: Ledger, lost: Lost, trust: str, server_name: str
    ) -> None:
        super().__init__()
        self._client = client
        self._server = server
        self._trust = trust
        self._server_name = server_name
        self._since = 0.0
        self.waiting: Waiting[int] = Waiting(ledger, lost)
        self.session: _QuicSession | None = None

    @property
    def ready(self) -> bool:
        if self.session is None:
            self._begin()
        return self.session is not None

    def send(self, query: Query) -> None:
        assert self.session is not None
        query.connected = self._since
        self.waiting.sent(self.session.ask(b"\0\0" + query.packet), query)

    def sweep(self) -> None:
        self.waiting.sweep()

    def close(self) -> None:
        self._end()
        if self.session is not None:
            self.session.end()

    async def _connect(self) -> None:
        configuration = QuicConfiguration(
            is_client=True, alpn_protocols=["doq"], server_name=self._server_name, idle_timeout=GIVE_UP
        )
        configuration.load_verify_locations(cafile=self._trust)
        transport, session = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _QuicSession(QuicConnection(configuration=configuration), self), local_addr=(self._client, 0)
        )
        try:
            session.connect(self._server)
            await session.wait_connected()
        except BaseException:
            transport.close()
            raise
        self._since = CLOCK.monotonic()
        self.session = session


class _QuicSession(QuicConnectionProtocol):
    def __init__(self, quic: QuicConnection, owner: QuicClient) -> None:
        super().__init__(quic)
        self._owner = owner
        self._bodies: dict[int, bytes] = {}

    def ask(self, packet: bytes) -> int:
        """The number of the stream that the answer will come on."""
        stream = self._quic.get_next_available_stream_id()
        self._quic.send_stream_data(stream, frame(packet), end_stream=True)
        self.transmit()
        return stream

    def end(self) -> None:
        """Say goodbye, if nobody has yet, and let the socket go."""
        self.close()
        assert self._transport is not None
        self._transport.close()

    def quic_event_received(self, event: QuicEvent) -> None:
        match event:
            case StreamDataReceived(stream_id=stream):
                body = self._bodies.get(stream, b"") + event.data
                if not event.end_stream:
                    self._bodies[stream] = body
                    return
                self._bodies.pop(stream, None)
                self._owner.waiting.answered(stream, body[2:])
            case StreamReset(stream_id=stream):
                self._owner.waiting.lose(stream)
            case ConnectionTerminated() if self._owner.session in (self, None):
                self._owner.session = None
                self._owner.waiting.lose_all()
                self.end()


class Nuisance:
    """Sends packets that are no queries, and listens for the errors that some of them deserve."""

    def __init__(self, client: str, server: tuple[str, int], packets: Iterator[tuple[bytes, bool]], ledger: Ledger):
        """``packets``: without end, each with whether it deserves a reply."""
        self._server = server
        self._packets = packets
        self._ledger = ledger
        self._waiting = 0
        self._sock = _udp(client)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._receive)

    def annoy(self) -> None:
        packet, deserves_reply = next(self._packets)
        with suppress(OSError):
            self._sock.sendto(packet, self._server)
        if deserves_reply:
            self._waiting += 1
        else:
            self._ledger.silent += 1
            self._ledger.period.silent["udp"] += 1

    @property
    def waits(self) -> int:
        """Errors that are still to come."""
        return self._waiting

    def forget(self) -> None:
        """No more errors come for what was sent so far."""
        self._waiting = 0

    def close(self) -> None:
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._sock.recv(4096)
                self._waiting -= 1
                self._ledger.refused += 1
                self._ledger.period.refused["udp"] += 1


def _udp(client: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((client, 0))
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return sock
