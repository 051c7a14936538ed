"""A plain upstream (RFC 1035, RFC 7766): UDP, TCP for what does not fit, and both while nothing comes over UDP."""

from __future__ import annotations

from collections.abc import Callable

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.udp import UdpCarrier
from safedns.wire.answer import Answer
from safedns.wire.types import Ede

SILENT_SECONDS = 0.75
"""Seconds without anything over UDP, though it was asked, after which TCP is tried beside it: late enough for a
datagram that got lost, in time for the last of those that are sent for one query."""


class _BothWays:
    """Carries an exchange over UDP and TCP at once: the first answer counts, and a failure when both have failed."""

    def __init__(self, exchange: Exchange, *starts: Callable[[Exchange], None]) -> None:
        self._exchange = exchange
        self._ways = [Exchange(exchange.query, self._ended) for _ in starts]
        self._left = len(starts)
        exchange.carrier = self
        for way, start in zip(self._ways, starts, strict=True):
            if exchange.open:
                start(way)

    def drop(self, exchange: Exchange) -> None:  # noqa: ARG002 - a carrier of one exchange
        """Nobody waits any more, or one way has brought the answer."""
        for way in self._ways:
            way.cancel()

    def _ended(self, outcome: Answer | UpstreamError) -> None:
        self._left -= 1
        if not isinstance(outcome, UpstreamError):
            self._exchange.answer(outcome)
        elif not self._left:
            self._exchange.fail(outcome)


class PlainUpstream:
    """Asks one address over UDP; a truncated answer is asked for again over TCP, and a lost one beside it."""

    __slots__ = ("_clock", "_closed", "_host", "_tcp", "_tcp_count", "_udp", "name")

    def __init__(
        self, name: str, host: str, port: int, clock: Clock, *, mismatches: list[int], tcp_count: list[int]
    ) -> None:
        """``host`` is an address. The two cells count answers that match nothing, and turns to TCP."""
        self.name = name
        self._host = host
        self._clock = clock
        self._closed = False
        self._tcp_count = tcp_count
        self._tcp = TcpCarrier(Fixed(host), port, mismatches)
        self._tcp.label = name
        self._udp = UdpCarrier(host, port, clock, mismatches, self._over_tcp)

    @property
    def facts(self) -> Facts:
        """What was learned of it so far."""
        return Facts(address=self._host, cookies=self._udp.cookies.given)

    def start(self, exchange: Exchange) -> None:
        """Begin asking; see ``Upstream``."""
        if self._closed:
            exchange.fail(UpstreamError("the upstream is closed", Ede.NETWORK_ERROR))
        elif (asked_at := self._udp.asked_at) is None or self._clock.monotonic() - asked_at < SILENT_SECONDS:
            self._udp.start(exchange)
        else:
            # Large answers in fragments, or all of UDP, get lost on some ways (RFC 9715 section 3.2, R7).
            _BothWays(exchange, self._udp.start, self._over_tcp)

    async def close(self) -> None:
        """Close every socket; exchanges under way fail."""
        self._closed = True
        self._udp.close()
        await self._tcp.close()

    def _over_tcp(self, exchange: Exchange) -> None:
        self._tcp_count[0] += 1
        self._tcp.start(exchange)
