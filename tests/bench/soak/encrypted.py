"""Clients over HTTPS and QUIC: see ``tests.bench.soak.clients``."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamDataReceived, StreamReset
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded
from h2.events import StreamReset as H2Reset
from h2.exceptions import H2Error

from safedns.wire.stream import frame
from tests.bench.soak.clients import Connecting, Lost, Waiting
from tests.bench.soak.ledger import CLOCK, GIVE_UP, Ledger, Query


class HttpsClient(Connecting):
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
            self.begin()
        return self.session is not None

    def send(self, query: Query) -> None:
        assert self.session is not None
        self.waiting.sent(self.session.post(b"\0\0" + query.packet, self._secure[1]), query)

    def sweep(self) -> None:
        self.waiting.sweep()

    def close(self) -> None:
        self.end()
        if self.session is not None:
            self.session.transport.abort()

    async def connect(self) -> None:
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


class QuicClient(Connecting):
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
            self.begin()
        return self.session is not None

    def send(self, query: Query) -> None:
        assert self.session is not None
        query.connected = self._since
        self.waiting.sent(self.session.ask(b"\0\0" + query.packet), query)

    def sweep(self) -> None:
        self.waiting.sweep()

    def close(self) -> None:
        self.end()
        if self.session is not None:
            self.session.end()

    async def connect(self) -> None:
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
