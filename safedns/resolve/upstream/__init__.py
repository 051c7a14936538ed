"""What an upstream is, and what one exchange with it is. One module a transport; strategy and caching live above.

    plain --- udp ---(truncated)---> tcp --+
    encrypted -+- tcp (over tls) ----------+-- connection (one, shared, opened again) --- place (its addresses)
               +- https (over tls) --------+
               +- upgrade (https, http3)   |
               '- quic, http3 -- overquic -'

An ``Exchange`` has exactly one carrier at a time, which frees the message id whichever way the exchange ends. Its end
is a plain call, not a future: between the datagram that brings an answer and the reply to the client lies no turn of
the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from safedns.errors import UpstreamError
from safedns.wire.answer import Answer
from safedns.wire.query import Query


class Carrier(Protocol):
    """Who has an exchange in hand."""

    def drop(self, exchange: Exchange) -> None:
        """Forget the exchange and free its message id; it has been answered, failed or cancelled."""
        ...


NOTHING, COOKIES, EDNS = range(3)
"""What an exchange may be sent without; who is sent none of EDNS is sent no cookies either."""


class Exchange:
    """One query on its way to one upstream: ends once, with an ``Answer``, an ``UpstreamError``, or by ``cancel()``."""

    __slots__ = ("_on_end", "carrier", "number", "outcome", "query", "retried", "without")

    def __init__(self, query: Query, on_end: Callable[[Answer | UpstreamError], None]) -> None:
        """``on_end`` is called with the outcome, unless the exchange is cancelled first."""
        self.query = query
        self.carrier: Carrier | None = None
        self.number = 0
        """Message id or stream; belongs to the carrier."""
        self.retried = False
        """Whether the carrier has sent it a second time."""
        self.without: int = NOTHING
        """What it is sent without."""
        self.outcome: Answer | UpstreamError | None = None
        """``None`` while it is under way, and for ever once cancelled."""
        self._on_end: Callable[[Answer | UpstreamError], None] | None = on_end

    @property
    def open(self) -> bool:
        """Whether it has not ended yet."""
        return self._on_end is not None

    def answer(self, answer: Answer) -> None:
        """End well."""
        self._end(answer)

    def fail(self, error: UpstreamError) -> None:
        """End badly."""
        self._end(error)

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._release()
        self._on_end = None

    def hand_over(self, start: Callable[[Exchange], None]) -> None:
        """Leave the present carrier and go on with the next."""
        self._release()
        self.retried = False
        start(self)

    def _end(self, outcome: Answer | UpstreamError) -> None:
        self._release()
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            self.outcome = outcome
            on_end(outcome)

    def _release(self) -> None:
        carrier, self.carrier = self.carrier, None
        if carrier is not None:
            carrier.drop(self)


class Upstream(Protocol):
    """Somebody who answers queries. Safe for any number of exchanges at once; does not limit their time."""

    @property
    def name(self) -> str:
        """As configured; the metric label."""
        ...

    def start(self, exchange: Exchange) -> None:
        """Begin asking; the exchange may end before this returns."""
        ...

    async def close(self) -> None:
        """Let go of sockets; exchanges under way fail."""
        ...


class Facts(NamedTuple):
    """What was learned of an upstream by asking it, for people to read."""

    address: str = ""
    """Where it was reached last."""
    protocol: str = ""
    """What was agreed on, e.g. ``TLSv1.3``; empty without encryption."""
    cookies: bool = False
    """It gives DNS cookies (RFC 7873)."""
    padding: bool = False
    """It pads its responses (RFC 8467)."""
    http3: bool = False
    """It offers HTTP/3 beside HTTP/2 (RFC 7838)."""
    resumed: bool = False
    """The last handshake went on from an earlier one."""
