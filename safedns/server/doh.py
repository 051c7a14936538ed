"""DNS over HTTPS (RFC 8484) by HTTP/2: each stream a query, answered in the order they are ready.

    bytes -> h2 (frames, header compression, flow control) -> doh_request -> pipeline -> response

Owns connections' streams and their limits. HTTP/1.1 is told to leave: RFC 8484 section 5.2 recommends HTTP/2 as the
least, every browser and phone speaks it, and one protocol less is one parser less. Must not decode or decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from safedns.asked import Miss
from safedns.clock import Clock
from safedns.pipeline import Pipeline
from safedns.record.counters import Cell
from safedns.server.doh_request import MEDIA_TYPE, HttpQuery, Refusal, Target, query_of, target_of
from safedns.server.door import BehindDoor, Door, Guest
from safedns.server.flush import Flusher
from safedns.server.room import Limits
from safedns.server.terms import Terms
from safedns.tasks import let_go
from safedns.wire.query import is_ignored
from safedns.wire.stream import MAX_MESSAGE
from safedns.wire.transport import dressed, lowest_ttl
from safedns.wire.types import RCode

ALPN = "h2"
USUAL = Limits(idle=30.0)
STREAMS = 100
"""Requests that one connection may have open (RFC 9113 section 6.5.2 asks for no fewer)."""
MAX_HEADERS = 16_384
"""Octets of one request's headers, unpacked."""
_READ = 65_536
_MAX_ARRIVING = 2 * MAX_MESSAGE
"""Octets of all queries of one connection that are not whole yet."""
_MAX_UNSENT = 8 * MAX_MESSAGE
"""Octets of all replies that one client leaves waiting."""
_MAX_SILENT = 3 * 16_384
"""Octets without a whole frame: h2 would collect the 16 MB that a header announces before it finds them too many."""
_CACHEABLE = (RCode.NOERROR, RCode.NXDOMAIN)
_OLD_HTTP = (
    b"HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\nContent-Length: 35\r\n"
    b"Connection: close\r\n\r\nDNS over HTTPS here needs HTTP/2.\r\n"
)


class DohServer(BehindDoor):
    """Serves one bound, listening socket until closed."""

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
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._terms = terms
        self._limits = limits
        self._door = Door(sock, self._serve, limits, terms, ALPN, refused)

    async def _serve(self, guest: Guest) -> None:
        if guest.alpn == ALPN:
            await _Connection(guest, self._terms, self._pipeline, self._clock, self._flusher, self._limits).serve()
        else:
            guest.writer.write(_OLD_HTTP)
            await guest.writer.drain()


class _Request:
    """One stream's request while it arrives."""

    __slots__ = ("body", "method", "target")

    def __init__(self, method: str, target: Target) -> None:
        self.method = method
        self.target = target
        self.body = b""


class _Http(H2Connection):
    """One that stays small: h2 would come to remember 65 536 closed streams, 8 MB, of a forwarder that never leaves."""

    # What crosses our refusal on its way is for a stream of the last round trip: of those that may be open at once.
    MAX_CLOSED_STREAMS = 2 * STREAMS


class _Connection:
    """One client's connection."""

    def __init__(
        self, guest: Guest, terms: Terms, pipeline: Pipeline, clock: Clock, flusher: Flusher, limits: Limits
    ) -> None:
        self._guest = guest
        self._terms = terms
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.outstanding)
        self._arriving: dict[int, _Request] = {}
        self._unsent: dict[int, bytes] = {}
        """Bodies that wait for their client to make room."""
        self._may_send_more = False
        """The client takes more since the last look."""
        self._silent = 0
        """Octets that have come since the last event."""
        self._h2 = _Http(H2Configuration(client_side=False, header_encoding=None))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADERS,
                SettingCodes.INITIAL_WINDOW_SIZE: MAX_MESSAGE,
            },
        )
        self._h2.decoder.max_header_list_size = MAX_HEADERS

    async def serve(self) -> None:
        """Read and answer until the client leaves, is idle, breaks the protocol or does not take its answers."""
        self._h2.initiate_connection()
        with let_go(TimeoutError, OSError):
            while await self._some_queries():
                pass
        with contextlib.suppress(ProtocolError):  # whose mistake it was has been told already
            self._h2.close_connection()  # RFC 9113 section 6.8: so that it is known which requests were not taken
        self._write()

    async def _some_queries(self) -> bool:
        """Read until there was a whole query; ``False`` at the end of the connection."""
        answered = False
        async with asyncio.timeout(self._limits.idle):
            while not answered:
                await self._flush()
                data = await self._guest.reader.read(_READ)
                if not data:
                    return False
                try:
                    events = self._h2.receive_data(data)
                except ProtocolError:
                    await self._flush()  # what was wrong, for the client
                    return False
                self._silent = 0 if events else self._silent + len(data)
                if self._silent > _MAX_SILENT:
                    return False
                for event in events:
                    if isinstance(event, ConnectionTerminated) or self._guest.writer.is_closing():
                        return False
                    answered |= await self._on_event(event)
                self._push_all()
            await self._flush()
        return True

    async def _flush(self) -> None:
        self._write()
        await self._guest.writer.drain()

    def _write(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._guest.writer.is_closing():
            self._guest.writer.write(data)

    async def _on_event(self, event: Event) -> bool:
        """Whether it made a query whole."""
        match event:
            case RequestReceived():
                self._begin(event)
            case DataReceived():
                self._take(event)
            case StreamEnded() if request := self._arriving.pop(event.stream_id, None):
                await self._slots.acquire()
                self._answer(event.stream_id, request)
                return True
            case StreamReset():
                for streams in (self._arriving, self._unsent):
                    streams.pop(event.stream_id, None)
            case WindowUpdated() | RemoteSettingsChanged():  # RFC 9113 section 6.9.2: settings move every window, too
                self._may_send_more = True
        return False

    def _begin(self, event: RequestReceived) -> None:
        fields = {bytes(name): bytes(value).decode("ascii", "replace") for name, value in event.headers}
        method = fields.get(b":method", "")
        target = target_of(method, fields.get(b":path", ""), fields.get(b"content-type", ""))
        if isinstance(target, Refusal):
            if method == "HEAD":
                target = target._replace(text="")  # RFC 9110 section 9.3.2: no content
            self._refuse(event.stream_id, target, ended=event.stream_ended is not None)
        else:
            self._arriving[event.stream_id] = _Request(method, target)

    def _take(self, event: DataReceived) -> None:
        with contextlib.suppress(ProtocolError):  # of a stream that we have refused
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        request = self._arriving.get(event.stream_id)
        if request is None:
            return
        request.body += event.data
        if sum(len(each.body) for each in self._arriving.values()) > _MAX_ARRIVING or len(request.body) > MAX_MESSAGE:
            del self._arriving[event.stream_id]
            self._refuse(event.stream_id, Refusal(413, "the query is too long"), ended=event.stream_ended is not None)

    def _answer(self, stream: int, request: _Request) -> None:
        query = query_of(request.method, request.target, request.body)
        if isinstance(query, Refusal):
            self._slots.release()
            self._refuse(stream, query)
            return
        sender = self._terms.sender(self._guest.address, self._guest.server_name, query.id)
        self._ask(stream, query, sender)

    def _ask(self, stream: int, query: HttpQuery, sender: str) -> None:
        wall, mono = self._clock.wall(), self._clock.monotonic()
        reply = self._pipeline.answer_now(query.packet, sender, "https", wall, mono)
        if isinstance(reply, Miss):
            self._pipeline.answer_later(reply, partial(self._hand_over_late, stream, query.packet))
            return
        if reply is not None:
            self._pipeline.batch_done(1, mono)
        self._hand_over(stream, query.packet, reply)

    def _hand_over_late(self, stream: int, packet: bytes, reply: bytes | None) -> None:
        self._hand_over(stream, packet, reply)
        self._write()

    def _hand_over(self, stream: int, packet: bytes, reply: bytes | None) -> None:
        self._slots.release()
        self._flusher.due()
        if reply is None:
            self._refuse(stream, _no_reply(packet))
            return
        keep = lowest_ttl(reply) if reply[3] & 0x0F in _CACHEABLE else 0
        # Private: the same address is answered differently for the next child.
        life = f"private, max-age={keep}" if keep else "no-store"
        self._respond(stream, 200, MEDIA_TYPE, dressed(packet, reply, padded=True), life)

    def _refuse(self, stream: int, refusal: Refusal, *, ended: bool = True) -> None:
        self._respond(stream, refusal.status, "text/plain", refusal.text.encode(), "no-store")
        if not ended:
            with contextlib.suppress(ProtocolError):
                self._h2.reset_stream(stream, ErrorCodes.NO_ERROR)  # RFC 9113 section 8.1: the rest need not be sent

    def _respond(self, stream: int, status: int, media_type: str, body: bytes, life: str) -> None:
        headers = [
            (":status", str(status)),
            ("content-type", media_type),
            ("content-length", str(len(body))),
            ("cache-control", life),
        ]
        if status == 405:
            headers.append(("allow", "GET, POST"))
        try:
            self._h2.send_headers(stream, headers, end_stream=not body)
        except ProtocolError:
            return  # the client has reset the stream or left
        self._unsent[stream] = body
        self._push(stream)

    def _push_all(self) -> None:
        """Once for each read, however many frames in it have moved a window."""
        if self._may_send_more:
            self._may_send_more = False
            for stream in list(self._unsent):
                self._push(stream)

    def _push(self, stream: int) -> None:
        """Send as much of a body as its client takes now."""
        body = self._unsent.pop(stream, b"")
        try:
            while body:
                size = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size, len(body))
                if size <= 0:
                    self._unsent[stream] = body
                    self._bound_unsent()
                    return
                self._h2.send_data(stream, body[:size], end_stream=size == len(body))
                body = body[size:]
        except ProtocolError:
            return  # as above

    def _bound_unsent(self) -> None:
        if sum(map(len, self._unsent.values())) > _MAX_UNSENT:
            self._guest.writer.transport.abort()


def _no_reply(packet: bytes) -> Refusal:
    """Why a query deserves no DNS reply."""
    if is_ignored(packet):
        return Refusal(400, "this is no DNS query")
    return Refusal(429, "too many queries")
