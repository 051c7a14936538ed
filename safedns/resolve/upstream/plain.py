"""A plain upstream (RFC 1035, RFC 7766): UDP, TCP for what does not fit, and both while nothing comes over UDP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.udp import UdpCarrier
from safedns.wire.answer import FINDINGS, Answer
from safedns.wire.query import Query
from safedns.wire.types import Ede

SILENT_SECONDS = 0.75
"""Seconds without anything over UDP, though it was asked, after which TCP is tried beside it: late enough for a
datagram that got lost, in time for the last of those that are sent for one query."""
HELD_SECONDS = 0.5
"""How long an error that came one way may wait for the other to know better, which may never say anything."""


class _BesideTcp(Exchange):
    """The way over UDP of an exchange that goes both."""

    __slots__ = ("tcp",)

    def __init__(self, query: Query, on_end: Callable[[Answer | UpstreamError], None], tcp: Exchange) -> None:
        super().__init__(query, on_end)
        self.tcp = tcp


class _BothWays:
    """Carries an exchange over UDP and TCP at once, and is held by it alone.

    The first answer that tells something of the name counts; then any other, and a failure when both have failed.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._tcp = Exchange(exchange.query, self._ended)
        self._udp = _BesideTcp(exchange.query, self._ended, self._tcp)
        self._left = 2
        self._best: Answer | UpstreamError | None = None
        self._patience: asyncio.TimerHandle | None = None

    def start(self, over_udp: Callable[[Exchange], None], over_tcp: Callable[[Exchange], None]) -> None:
        """Begin both ways."""
        over_udp(self._udp)
        if self._exchange.open:
            self._tcp.without = self._udp.without  # what UDP has found out to be of no use is of none here
            over_tcp(self._tcp)

    def drop(self, exchange: Exchange) -> None:  # noqa: ARG002 - a carrier of one exchange
        """Nobody waits any more, or there is an outcome."""
        self._udp.cancel()
        self._tcp.cancel()
        if self._patience is not None:
            self._patience.cancel()

    def _ended(self, outcome: Answer | UpstreamError) -> None:
        self._left -= 1
        if isinstance(outcome, Answer) or not isinstance(self._best, Answer):
            self._best = outcome
        if not self._left or (isinstance(outcome, Answer) and (outcome.rcode in FINDINGS or outcome.denied)):
            self._finish()
        elif isinstance(outcome, Answer):
            self._patience = asyncio.get_running_loop().call_later(HELD_SECONDS, self._finish)

    def _finish(self) -> None:
        if isinstance(self._best, Answer):
            self._exchange.answer(self._best)
        elif self._best is not None:
            self._exchange.fail(self._best)


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
        self._tcp.needed = False
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
            exchange.carrier = both = _BothWays(exchange)
            both.start(self._udp.start, self._beside_udp)

    async def close(self) -> None:
        """Close every socket; exchanges under way fail."""
        self._closed = True
        self._udp.close()
        await self._tcp.close()

    def _over_tcp(self, exchange: Exchange) -> None:
        """UDP will not do: it is truncated, or cannot be believed."""
        if isinstance(exchange, _BesideTcp) and exchange.tcp.open:
            exchange.fail(UpstreamError("the upstream's answer over UDP is of no use", Ede.NETWORK_ERROR))
            return
        self._tcp.needed = True
        self._beside_udp(exchange)

    def _beside_udp(self, exchange: Exchange) -> None:
        self._tcp_count[0] += 1
        self._tcp.start(exchange)
