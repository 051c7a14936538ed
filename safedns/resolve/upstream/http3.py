"""DNS over HTTPS by HTTP/3 to one upstream (RFC 8484, RFC 9114): one QUIC connection, one stream a query.

When the server refuses a request without looking at it, for it is leaving (GOAWAY), the connection is left at once and
what was under way on it asked again: a question may be asked twice.
"""

from __future__ import annotations

from aioquic.h3.connection import ErrorCode, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import QuicEvent, StreamReset

from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.http import HttpConnection, Resource
from safedns.resolve.upstream.overquic import OverQuicCarrier, QuicSession
from safedns.resolve.upstream.place import Place
from safedns.wire.request import padded_request


class Http3Carrier(OverQuicCarrier):
    """Carries exchanges over one HTTP/3 connection."""

    __slots__ = ("headers",)
    alpn = "h3"

    def __init__(self, place: Place, port: int, mismatches: list[int], name: str, resource: Resource) -> None:
        """``name``: in the certificate, a domain name or an address."""
        super().__init__("HTTP/3", place, port, mismatches, name)
        self.headers = [(key.encode(), value.encode()) for key, value in resource.request]

    def session(self, quic: QuicConnection) -> QuicSession:
        """See ``OverQuicCarrier``."""
        return _Session(self, quic)


class _Session(QuicSession, HttpConnection):
    """One HTTP/3 connection."""

    def __init__(self, owner: Http3Carrier, quic: QuicConnection) -> None:
        super().__init__(owner, quic)
        self._owner = owner

    def begin(self) -> None:
        """See ``QuicSession``."""
        self._http = H3Connection(self._quic)

    def send(self, exchange: Exchange) -> None:
        """Send the query on a stream of its own, under the id nought (RFC 8484 section 4.1)."""
        body = padded_request(exchange.query, 0)
        number = self._quic.get_next_available_stream_id()
        self._http.send_headers(number, [*self._owner.headers, (b"content-length", b"%d" % len(body))])
        self._http.send_data(number, body, end_stream=True)
        self._await_response(exchange, number)
        self._transmit()

    def cut(self, number: int) -> None:
        """See ``HttpConnection``."""
        self.stop(number, ErrorCode.H3_REQUEST_CANCELLED)

    def stream_event(self, event: QuicEvent) -> None:
        """See ``QuicSession``."""
        for happened in self._http.handle_event(event):
            self._told(happened)
        if isinstance(event, StreamReset):
            self._broken_off(event.stream_id, event.error_code)

    def _told(self, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived | DataReceived):
            return
        if isinstance(event, HeadersReceived):
            self._begun(event.stream_id, dict(event.headers))
        else:
            self._more(event.stream_id, event.data)
        if event.stream_ended:
            self._complete(event.stream_id)
        self._heard()

    def _broken_off(self, number: int, code: int) -> None:
        if code == ErrorCode.H3_REQUEST_REJECTED:
            self._owner.leave(self)
            self.abort()
        else:
            self._fail(number, "the upstream broke an HTTP stream off")
            self._heard()
