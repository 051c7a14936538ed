"""DNS over HTTPS to one upstream (RFC 8484): HTTP/2 on one connection, one stream a query, multiplexed.

    send --> held (no stream or window left) --> stream: POST --> headers --> body --> answer
                                                            '-- reset, another status, another type --> failure

When the server says goodbye (GOAWAY) the connection is left at once, and what was under way on it asked again: a
question may be asked twice. Nothing of HTTP that tells one household from another is sent: no agent, no cookies.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.connection import Connection, ConnectionCarrier
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.tls import TlsClient
from safedns.wire.answer import Answer, decode_answer
from safedns.wire.request import padded_request
from safedns.wire.stream import MAX_MESSAGE
from safedns.wire.types import Ede

MEDIA_TYPE = "application/dns-message"
_CONNECTION_WINDOW = 1 << 20
"""Octets that all streams together may send us before we say that we took them."""


class Resource(NamedTuple):
    """What is asked for."""

    authority: str
    path: str


class HttpsCarrier(ConnectionCarrier):
    """Carries exchanges over one HTTP/2 connection."""

    __slots__ = ("_port", "_tls", "headers")

    def __init__(self, place: Place, port: int, mismatches: list[int], tls: TlsClient, resource: Resource) -> None:
        super().__init__("HTTPS", place, mismatches)
        self._port = port
        self._tls = tls
        self.headers = (
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", resource.authority),
            (":path", resource.path),
            ("accept", MEDIA_TYPE),
            ("content-type", MEDIA_TYPE),
        )

    async def dial(self, address: str) -> Connection:
        """See ``ConnectionCarrier``."""
        session, self.facts = await self._tls.connect(lambda: _Session(self, self._tls), address, self._port)
        session.begin()
        return session


class _Response:
    """What has come of one response."""

    __slots__ = ("body", "trouble")

    def __init__(self) -> None:
        self.trouble = "an HTTP response without a status"
        self.body = b""


class _Session(Connection, asyncio.Protocol):
    """One HTTP/2 connection."""

    def __init__(self, owner: HttpsCarrier, tls: TlsClient) -> None:
        super().__init__(owner)
        self._owner = owner
        self._tls = tls
        self._http = H2Connection(H2Configuration(client_side=True))
        self._http.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
        self._responses: dict[int, _Response] = {}
        """By stream, as long as it is open."""
        self._held: deque[int] = deque()
        """Exchanges that wait for a stream, under numbers below nought."""
        self._holds = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._await_work()

    def begin(self) -> None:
        """The other side is who it should be: start to speak HTTP/2."""
        self._http.initiate_connection()
        self._http.increment_flow_control_window(_CONNECTION_WINDOW)
        self._flush()

    def send(self, exchange: Exchange) -> None:
        """Send the query on a stream of its own, as soon as there may be another."""
        # The id is nought, so that the same questions are the same bytes (RFC 8484 section 4.1).
        body = padded_request(exchange.query, 0)
        http = self._http
        if (
            http.open_outbound_streams >= http.remote_settings.max_concurrent_streams
            or http.remote_settings.initial_window_size < len(body)
            or http.outbound_flow_control_window < len(body)
        ):
            self._holds -= 1
            self._take_in(exchange, self._holds)
            self._held.append(self._holds)
            return
        try:
            number = http.get_next_available_stream_id()
            http.send_headers(number, [*self._owner.headers, ("content-length", str(len(body)))])
            http.send_data(number, body, end_stream=True)
        except H2Error:  # stream numbers are used up, or the connection is being closed
            exchange.number = 0
            self._owner.lost(self, [exchange])
            self.abort()
            return
        self._responses[number] = _Response()
        self._take_in(exchange, number)
        self._flush()

    def drop(self, exchange: Exchange) -> None:
        """Free the number, and spare the server an answer that nobody waits for."""
        if self._responses.pop(exchange.number, None) is not None and not self.gone:
            self._reset(exchange.number)
        super().drop(exchange)

    def hang_up(self) -> None:
        if not self.gone:
            self._http.close_connection()
            self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard()
        try:
            events = self._http.receive_data(data)
            for event in events:
                self._happened(event)
            self._flush()
        except H2Error:
            self._flush()  # says what was wrong
            self.abort()
            return
        self._send_held()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._tls.remember(self._transport.get_extra_info("ssl_object"))
        self._ended()

    def _happened(self, event: Event) -> None:
        match event:
            case ResponseReceived(stream_id=number) if number in self._responses:
                self._responses[number].trouble = _trouble_with(dict(event.headers))
            case DataReceived(stream_id=number):
                self._http.acknowledge_received_data(event.flow_controlled_length, number)
                self._more(number, event.data)
            case StreamEnded(stream_id=number):
                self._complete(number)
            case StreamReset(stream_id=number):
                self._fail(number, "the upstream broke an HTTP stream off")
            case ConnectionTerminated():
                self._owner.leave(self)
                self.abort()
            case WindowUpdated() | RemoteSettingsChanged():
                self._send_held()

    def _more(self, number: int, data: bytes) -> None:
        response = self._responses.get(number)
        if response is None:
            return
        response.body += data
        if len(response.body) > MAX_MESSAGE:
            self._reset(number)
            self._fail(number, "the upstream sent more than a message may have")

    def _complete(self, number: int) -> None:
        response = self._responses.get(number)
        if response is None:
            return
        if response.trouble:
            self._fail(number, response.trouble)
            return
        exchange = self._pending[number]
        try:
            answer: Answer = decode_answer(response.body, exchange.query)
            if not self._terms_known:
                self._learn_terms(response.body, exchange.query)
        except WireError as error:
            self._owner.mismatches[0] += 1
            self._fail(number, f"the upstream sent something else than an answer: {error}")
            return
        if answer.truncated:
            self._fail(number, "the upstream truncated an answer over HTTPS")
            return
        del self._responses[number]
        exchange.answer(answer)

    def _fail(self, number: int, reason: str) -> None:
        if self._responses.pop(number, None) is not None:
            self._pending[number].fail(UpstreamError(reason, Ede.NETWORK_ERROR))

    def _reset(self, number: int) -> None:
        try:
            self._http.reset_stream(number, ErrorCodes.CANCEL)
        except H2Error:
            return  # it has ended meanwhile
        self._flush()

    def _send_held(self) -> None:
        for _ in range(len(self._held)):
            exchange = self._pending.pop(self._held.popleft(), None)
            if exchange is not None:
                self.send(exchange)

    def _flush(self) -> None:
        if data := self._http.data_to_send():
            self._transport.write(data)


def _trouble_with(headers: dict[bytes, bytes]) -> str:
    """What forbids to read the body as an answer; empty if nothing does."""
    status = headers.get(b":status", b"").decode(errors="replace")
    if status != "200":
        return f"the upstream answered with HTTP status {status}"
    kind = headers.get(b"content-type", b"").decode(errors="replace").partition(";")[0].strip().lower()
    return "" if kind == MEDIA_TYPE else f"the upstream sent {kind or 'no type'} instead of {MEDIA_TYPE}"
