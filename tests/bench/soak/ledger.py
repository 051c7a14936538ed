"""The client's own account: every query that was sent, and what became of it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from safedns.clock import SystemClock
from safedns.wire.types import RCode

CLOCK = SystemClock()
GIVE_UP = 5.0
"""Seconds after which a client takes it that no answer comes."""
TRUTH, LIE = bytes((192, 0, 2, 1)), bytes((203, 0, 113, 66))
"""The only address that honest upstreams know, and the one that a liar tells."""
_KEPT = 20
"""Wrong answers that are shown."""
_RECENT = 2.0
"""Seconds for which answers are remembered one by one."""


class Line(NamedTuple):
    """What the query log says of a query that a client knows as well."""

    profile: str
    client: str
    name: str
    protocol: str
    rcode: int


@dataclass(slots=True, eq=False)
class Query:
    """One question on its way."""

    profile: str
    client: str
    name: str
    protocol: str
    packet: bytes
    """Without its id."""
    expected: int | None
    """RCODE that it must have; ``None`` where it depends on what a parent has just decided."""
    closed: bool = False
    """It is never answered by an upstream, whatever happens."""
    sent: float = 0.0
    """Monotonic seconds."""
    retry: bool = False
    connected: float = 0.0
    """QUIC: when its connection was made, for nobody tells a client that the other end has died."""

    def line(self, rcode: int) -> Line:
        return Line(self.profile, self.client, self.name, self.protocol, rcode)


class Unanswered(NamedTuple):
    """A query that got no answer."""

    protocol: str
    sent: float
    given_up: float
    """When its connection broke, or the client's patience ended."""
    connected: float
    """QUIC: when its connection was made; otherwise 0."""


@dataclass(slots=True)
class Period:
    """What happened between two balances of the books."""

    answered: Counter[Line] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Malformed packets that got an error, by protocol."""
    silent: Counter[str] = field(default_factory=Counter)
    """Malformed packets that deserve no reply, by protocol."""
    abandoned: Counter[str] = field(default_factory=Counter)
    """Names whose client left at once: the server may have read them or not."""
    unanswered: list[Unanswered] = field(default_factory=list)


@dataclass(slots=True)
class Sum:
    """One protocol's whole account."""

    sent: int = 0
    answered: int = 0
    unanswered: int = 0
    retries: int = 0
    """Of those sent: asked again after no answer came."""
    retries_answered: int = 0
    slowest: float = 0.0


class Ledger:
    """Written by the load's thread only, but for ``turn``, which is called while nothing is on its way."""

    def __init__(self) -> None:
        self.period = Period()
        self.sums: dict[str, Sum] = {}
        self.rcodes: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.wrong_count = 0
        self.unanswered: list[Unanswered] = []
        self.silent = 0
        self.refused = 0
        self.abandoned = 0
        self.on_the_way = 0
        self._recent: deque[float] = deque()

    def turn(self) -> Period:
        """The period that ends now; the next begins."""
        before, self.period = self.period, Period()
        return before

    def sum(self, protocol: str) -> Sum:
        """The account of ``protocol``."""
        return self.sums.setdefault(protocol, Sum())

    def sent(self, query: Query) -> None:
        query.sent = CLOCK.monotonic()
        total = self.sum(query.protocol)
        total.sent += 1
        total.retries += query.retry
        self.on_the_way += 1

    def answered(self, query: Query, packet: bytes) -> None:
        """A reply came; it is looked at as a client would that knows the truth."""
        now = CLOCK.monotonic()
        self.on_the_way -= 1
        total = self.sum(query.protocol)
        total.answered += 1
        total.retries_answered += query.retry
        total.slowest = max(total.slowest, now - query.sent)
        self._recent.append(now)
        while self._recent[0] < now - _RECENT:
            self._recent.popleft()
        rcode = packet[3] & 0x0F
        self.rcodes[rcode] += 1
        self.period.answered[query.line(rcode)] += 1
        if objection := _objection(query, packet, rcode):
            self.wrong_count += 1
            if len(self.wrong) < _KEPT:
                self.wrong.append(f"{query.name} for {query.profile} over {query.protocol}: {objection}")

    def lost(self, query: Query) -> None:
        """No answer came."""
        self.on_the_way -= 1
        self.sum(query.protocol).unanswered += 1
        gone = Unanswered(query.protocol, query.sent, CLOCK.monotonic(), query.connected)
        self.period.unanswered.append(gone)
        self.unanswered.append(gone)

    def probed(self, line: Line) -> None:
        """Somebody else than the load asked, and was answered; no other thread may write of this ``line``."""
        self.period.answered[line] += 1

    def answered_since(self, moment: float) -> int:
        """How many answers came since then, of the last two seconds."""
        return sum(each >= moment for each in list(self._recent))


def _objection(query: Query, packet: bytes, rcode: int) -> str:
    if query.expected is not None and rcode != query.expected and not _excused(query, rcode):
        return f"rcode {rcode} instead of {query.expected}"
    if rcode == RCode.NOERROR and query.expected is not None and TRUTH not in packet:
        return "not the address that the name has"
    return "an address that a liar told" if LIE in packet else ""


def _excused(query: Query, rcode: int) -> bool:
    """While no upstream answers nobody can know a name that is not blocked."""
    return rcode == RCode.SERVFAIL and not query.closed
