"""DNS over QUIC to one upstream (RFC 9250): one connection, one stream a query.

stream: length, query, end --> length, answer --> answer
                 '-- reset, ended too soon, something else than an answer --> failure
"""

from __future__ import annotations

from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import QuicEvent, StreamDataReceived, StreamReset

from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.overquic import OverQuicCarrier, QuicSession
from safedns.resolve.upstream.place import Place
from safedns.wire.answer import Answer, decode_answer
from safedns.wire.query import Query
from safedns.wire.request import padded_request
from safedns.wire.stream import Deframer, frame
from safedns.wire.types import Ede

_REQUEST_CANCELLED = 0x3
"""DOQ_REQUEST_CANCELLED (RFC 9250 section 4.3)."""


class QuicCarrier(OverQuicCarrier):
    """Carries exchanges over one QUIC connection."""

    __slots__ = ()
    alpn = "doq"

    def __init__(self, place: Place, port: int, mismatches: list[int], name: str) -> None:
        """``name``: in the certificate, a domain name or an address."""
        super().__init__("QUIC", place, port, mismatches, name)

    def session(self, quic: QuicConnection) -> QuicSession:
        """See ``OverQuicCarrier``."""
        return _Session(self, quic)


class _Session(QuicSession):
    """One connection."""

    def __init__(self, owner: QuicCarrier, quic: QuicConnection) -> None:
        super().__init__(owner, quic)
        self._owner = owner
        self._streams: dict[int, Deframer] = {}
        """By number, as long as an answer is waited for."""

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
            self.stop(exchange.number, _REQUEST_CANCELLED)
        super().drop(exchange)

    def stream_event(self, event: QuicEvent) -> None:
        """See ``QuicSession``."""
        match event:
            case StreamDataReceived(stream_id=number):
                self._more(number, event.data, ended=event.end_stream)
                self._heard()
            case StreamReset(stream_id=number):
                self._fail(number, "the upstream broke a QUIC stream off")
                self._heard()

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


def _decode(message: bytes, query: Query) -> Answer:
    if message[:2] != b"\0\0":
        raise WireError("its id is not nought")
    return decode_answer(message, query)
