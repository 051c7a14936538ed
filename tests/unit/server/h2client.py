"""A client of HTTP/2 as small as a test needs: one connection, requests, and the raw frames of one who misbehaves."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

from tests.unit.server.encrypted import NAME


class Response(NamedTuple):
    """What came back on one stream."""

    status: int
    headers: dict[str, str]
    body: bytes


class H2Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self._headers: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        """Streams whose response is complete, or that were reset."""
        self.gone = False
        self.goodbye: int | None = None
        """The last stream that the server took, once it has said that it leaves."""

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
        """Send a request; the number of its stream."""
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":path", path), (":scheme", "https"), (":authority", NAME)]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.h2.send_headers(stream, fields, end_stream=body is None)
        if body is not None:
            while len(body) > self.h2.max_outbound_frame_size:
                self.h2.send_data(stream, body[: self.h2.max_outbound_frame_size])
                body = body[self.h2.max_outbound_frame_size :]
            self.h2.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def post(self, packet: bytes, path: str = "/dns-query", content_type: str = "application/dns-message") -> int:
        return self.request("POST", path, packet, content_type=content_type)

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    async def until_headers(self, stream: int) -> None:
        """Read until the response of a stream has begun."""
        async with asyncio.timeout(10):
            while stream not in self._headers:
                await self.read()

    async def response(self, stream: int) -> Response:
        """The whole response of a stream."""
        async with asyncio.timeout(10):
            while stream not in self.ended:
                await self.read()
        headers = self._headers[stream]
        return Response(int(headers[":status"]), headers, self.bodies.get(stream, b""))

    async def read(self) -> None:
        """Take what has come; raises ``ConnectionError`` at the end."""
        data = await self.reader.read(65_536)
        if not data:
            self.gone = True
            raise ConnectionError("the server has left")
        for event in self.h2.receive_data(data):
            self._on_event(event)
        self.flush()

    def _on_event(self, event: Event) -> None:
        match event:
            case ResponseReceived():
                self._headers[event.stream_id] = {str(name): str(value) for name, value in event.headers}
            case DataReceived():
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case ConnectionTerminated():
                self.goodbye = event.last_stream_id
            case StreamEnded() | StreamReset():
                self.ended.add(event.stream_id)

    async def rest(self) -> None:
        """Read until the server leaves."""
        async with asyncio.timeout(10):
            try:
                while True:
                    await self.read()
            except ConnectionError:
                self.gone = True


@asynccontextmanager
async def connected(port: int, context: ssl.SSLContext, name: str = NAME) -> AsyncIterator[H2Client]:
    """A client of the server at ``port``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    try:
        yield H2Client(reader, writer)
    finally:
        writer.transport.abort()
