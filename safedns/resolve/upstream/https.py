"""DNS over HTTPS by HTTP/2 to one upstream (RFC 8484, RFC 9113): one connection, one stream a query, multiplexed.

    send --> held (no stream or window left) --> stream: POST --> response

When the server says goodbye (GOAWAY) the connection is left at once, and what was under way on it asked again: a
question may be asked twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

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

from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.connection import Connection, ConnectionCarrier
from safedns.resolve.upstream.http import HttpConnection, Offer, Resource, http3_offer
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.tls import TlsClient
from safedns.wire.request import padded_request

_CONNECTION_WINDOW = 1 << 20
"""Octets that all streams together may send us before we say that we took them."""
STREAMS_UNTOLD = 100
"""Questions at once for a server that has not said how many it takes: so many it should (RFC 9113 section 6.5.2)."""


class HttpsCarrier(ConnectionCarrier):
    """Carries exchanges over one HTTP/2 connection."""

    __slots__ = ("_offer", "_port", "_tls", "headers", "on_offer")

    def __init__(self, place: Place, port: int, mismatches: list[int], tls: TlsClient, resource: Resource) -> None:
        super().__init__("HTTPS", place, mismatches)
        self._port = port
        self._tls = tls
        self.headers = resource.request
        self._offer: tuple[bytes, Offer | None] = (b"", None)
        """The last offer of HTTP/3, as it was written and what it meant."""
        self.on_offer: Callable[[Offer | None], None] | None = None
        """Is told whenever a response says whether HTTP/3 is offered (RFC 7838)."""

    async def dial(self, address: str, connected: Callable[[], None]) -> Connection:
        """See ``ConnectionCarrier``."""
        session, facts = await self._tls.connect(lambda: _Session(self, self._tls), address, self._port, connected)
        self.facts = facts._replace(http3=self.facts.http3)
        session.begin()
        return session

    def offered(self, alternatives: bytes) -> None:
        """A response told where else the same may be asked."""
        if alternatives != self._offer[0]:
            self._offer = alternatives, http3_offer(alternatives)
            self.facts = self.facts._replace(http3=self._offer[1] is not None)
        if self.on_offer is not None:
            self.on_offer(self._offer[1])


class _Http(H2Connection):
    """One that stays small over months: h2 would come to remember 65 536 closed streams, 8 MB."""

    # Half a megabyte at most: enough for what still arrives when some hundred questions a second are given up.
    MAX_CLOSED_STREAMS = 4096


class _Session(HttpConnection, asyncio.Protocol):
    """One HTTP/2 connection."""

    def __init__(self, owner: HttpsCarrier, tls: TlsClient) -> None:
        super().__init__(owner)
        self._owner = owner
        self._tls = tls
        self._http = _Http(H2Configuration(client_side=True))
        self._http.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
        self._http.remote_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_UNTOLD}
        )
        self._held: deque[int] = deque()
        """Exchanges that wait for a stream, under numbers below nought."""
        self._holds = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

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
        self._await_response(exchange, number)
        self._flush()

    def cut(self, number: int) -> None:
        """See ``HttpConnection``."""
        try:
            self._http.reset_stream(number, ErrorCodes.CANCEL)
        except H2Error:
            return  # it has ended meanwhile
        self._flush()

    def hang_up(self) -> None:
        if not self.gone:
            self._http.close_connection()
            self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http.receive_data(data)
            for event in events:
                self._happened(event)
            self._flush()
        except H2Error:
            self._flush()  # says what was wrong
            self.abort()
            return
        self._heard()
        self._send_held()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._tls.remember(self._transport.get_extra_info("ssl_object"))
        self._ended()

    def _happened(self, event: Event) -> None:
        match event:
            case ResponseReceived(stream_id=number):
                headers = dict(event.headers)
                self._begun(number, headers)
                if (alternatives := headers.get(b"alt-svc")) is not None:
                    self._owner.offered(alternatives)
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

    def _send_held(self) -> None:
        for _ in range(len(self._held)):
            exchange = self._pending.pop(self._held.popleft(), None)
            if exchange is not None:
                self.send(exchange)

    def _flush(self) -> None:
        if data := self._http.data_to_send():
            self._transport.write(data)
