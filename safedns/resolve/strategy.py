"""The failover brain: which upstream a query asks next, and how long before another. No I/O; time is an argument.

    Team.race(now) -> Race
    Race.next(now) -> Ask      send the query to that upstream now, then call again
                    | Wait     nothing to do before that instant, unless an exchange ends
                    | GIVE_UP  no more can come of it
    Race.answered / refused / failed   how an exchange ended      Race.overdue   which ran out of patience
    Race.settle                there is an answer; who has not answered yet is only watched

With ``fastest`` a query that its upstream keeps longer than 95 of 100 before it is hedged: the next best is asked
beside it, once, and nobody is blamed. An exchange that ran out of patience is blamed on its upstream, unless that has
answered others since, and still listened to: a late answer beats none. An upstream that fails is benched
for 1 s, doubling to 60 s; a benched one is asked last, and once its time is over beside another upstream as a probe, so
no query waits for it. With nobody sound all are asked: never is everyone benched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Kind = Literal["fastest", "parallel", "ordered"]

BUDGET = 4.0
"""Seconds that one query may take in all."""
PATIENCE_MIN = 0.4
PATIENCE_MAX = 1.5
PATIENCE_UNKNOWN = 1.0
"""Seconds before another upstream is asked: bounds, and the value for one that has never answered."""
BENCH_MIN = 1.0
BENCH_MAX = 60.0
"""Seconds that a failing upstream rests: first and longest."""
REFUSALS = 5
"""Different names in a row that an upstream cannot say anything about before it counts as failing."""
SILENCES = 3
"""Different names in a row that an upstream leaves without an answer before nothing more is expected of it."""
ASKS_EACH = 3
"""How often one query may be sent to the same upstream: datagrams get lost."""
HEDGE_MIN = 0.02
"""Seconds below which no second upstream is asked: what is gained would not be felt."""
RECENT = 64
"""Answers whose times say after how long a query is hedged."""
_REVIEW_EVERY = 16
PROBE_EVERY = 32
"""``fastest`` asks a second upstream beside the best once in so many queries, to know whether it is still the best."""


class Health:
    """What is known of one upstream: smoothed round trip (RFC 6298 weights), failures in a row, bench."""

    __slots__ = (
        "_answers", "_judged_at", "_recent", "_refused", "_silent", "_surely",
        "answered_at", "benched_until", "deviation", "failures", "hedge", "srtt",
    )  # fmt: skip

    def __init__(self) -> None:
        self._answers = 0
        self._recent = [0.0] * RECENT
        """The last round trips; the oldest is written over."""
        self.hedge: float | None = None
        """Seconds within which 95 of 100 answers came lately; ``None`` as long as there are few."""
        self.srtt: float | None = None
        """Smoothed round-trip seconds; ``None`` before the first answer."""
        self.deviation = 0.0
        self.answered_at = float("-inf")
        """When it last answered anybody."""
        self.failures = 0
        self.benched_until = 0.0
        self._judged_at = float("-inf")
        self._refused: set[str] = set()
        """Names it could not say anything about since it last could."""
        self._silent: set[str] = set()
        """Names for which it was benched since it last answered."""
        self._surely = False
        """It was benched for more than silence."""

    @property
    def sound(self) -> bool:
        """Whether its last exchange went well (or it was never asked)."""
        return self.failures == 0

    @property
    def hopeless(self) -> bool:
        """Whether nothing is expected of it: one name that gets no answer may have nobody else to blame."""
        return self.failures > 0 and (self._surely or len(self._silent) >= SILENCES)

    def answered(self, rtt: float, now: float) -> None:
        """It answered after ``rtt`` seconds: whatever was held against it is forgiven."""
        self.answered_at = now
        self.failures = 0
        self._refused.clear()
        self._silent.clear()
        if self.srtt is None:
            self.srtt, self.deviation = rtt, rtt / 2
        else:
            self.deviation += (abs(self.srtt - rtt) - self.deviation) / 4
            self.srtt += (rtt - self.srtt) / 8
        self._recent[self._answers % RECENT] = rtt
        self._answers += 1
        if self._answers % _REVIEW_EVERY == 0:
            known = sorted(self._recent[: self._answers])
            self.hedge = max(known[len(known) * 95 // 100], HEDGE_MIN)

    def failed(self, started: float, now: float) -> None:
        """An exchange begun at ``started`` came to nothing: bench it."""
        self._judge(started, now)
        self._surely = self.failures > 0

    def overdue(self, name: str, started: float, now: float) -> None:
        """``name``, asked at ``started``, has no answer yet: bench it, unless it has answered others since."""
        if self.answered_at >= started:
            return
        self._judge(started, now)
        if len(self._silent) < SILENCES:
            self._silent.add(name)

    def _judge(self, started: float, now: float) -> None:
        """Bench it; exchanges of one outage count once."""
        if self.failures == 0:
            self._surely = False
        if started < self._judged_at:
            return
        self._judged_at = now
        self.failures += 1
        self._bench(now)

    def refused(self, name: str, started: float, now: float) -> None:
        """It had nothing to say about ``name`` (SERVFAIL, REFUSED): one may be broken, several in a row are not."""
        if len(self._refused) < REFUSALS:
            self._refused.add(name)
        if len(self._refused) == REFUSALS:
            self.failed(started, now)

    def probed(self, now: float) -> None:
        """It is being tried again: until that ends, nobody else tries."""
        self._bench(now)

    def _bench(self, now: float) -> None:
        self.benched_until = now + min(BENCH_MIN * 2.0 ** min(self.failures - 1, 16), BENCH_MAX)

    def patience(self) -> float:
        """Seconds after which an answer is late."""
        if self.srtt is None:
            return PATIENCE_UNKNOWN
        return min(max(self.srtt + 4 * self.deviation, PATIENCE_MIN), PATIENCE_MAX)


class Ask(NamedTuple):
    """Send the query to the upstream at ``position`` of the team; report its end under ``attempt``."""

    position: int
    attempt: int


class Wait(NamedTuple):
    """Nothing to do before ``until`` (monotonic seconds) unless an exchange ends."""

    until: float


class GiveUp(NamedTuple):
    """Nothing more can come of this query."""


GIVE_UP: Final = GiveUp()
Step = Ask | Wait | GiveUp


class Team:
    """The upstreams that serve one set of names, and how they are chosen."""

    __slots__ = ("_healths", "_kind", "_races")

    def __init__(self, kind: Kind, healths: Sequence[Health]) -> None:
        self._kind = kind
        self._healths = tuple(healths)
        self._races = 0

    def race(self, now: float) -> Race:
        """Line the upstreams up for one query."""
        healths = self._healths
        if len(healths) == 1:
            return Race(healths, [0], [0], [], now)
        sound = [position for position, health in enumerate(healths) if health.sound]
        benched = [position for position, health in enumerate(healths) if not health.sound]
        benched.sort(key=lambda position: healths[position].benched_until)
        rested = [position for position in benched if now >= healths[position].benched_until] if sound else []
        for position in rested:
            healths[position].probed(now)
        if self._kind == "fastest":
            leaders, sound, beside = self._by_speed(sound)
            rested += beside
        else:
            leaders = sound if self._kind == "parallel" else sound[:1]
        order = sound + benched
        leaders = leaders or (order if self._kind == "parallel" else order[:1])
        return Race(healths, order, leaders, rested, now, hedged=self._kind == "fastest" and len(sound) > 1)

    def _by_speed(self, sound: list[int]) -> tuple[list[int], list[int], list[int]]:
        """Leaders, all by speed, and who is asked beside the leaders to be measured."""
        healths = self._healths
        known = sorted((p for p in sound if healths[p].srtt is not None), key=lambda p: healths[p].srtt or 0.0)
        unknown = [position for position in sound if healths[position].srtt is None]
        if not known:
            return unknown, unknown, []
        self._races += 1
        turn, probe_now = divmod(self._races, PROBE_EVERY)
        if probe_now == 0 and len(known) > 1:
            return known[:1], known + unknown, [*unknown, known[1 + turn % (len(known) - 1)]]
        return known[:1], known + unknown, unknown


class _Try:
    """One exchange under way."""

    __slots__ = ("late", "position", "probe", "started", "until")

    def __init__(self, position: int, started: float, until: float, *, probe: bool) -> None:
        self.position = position
        self.started = started
        self.until = until
        self.probe = probe
        self.late = False


class Race:
    """One query's walk over the upstreams of its team; told results, says what to do."""

    __slots__ = (
        "_asks",
        "_deadline",
        "_healths",
        "_hedge_at",
        "_leaders",
        "_open",
        "_order",
        "_probes",
        "_settled",
        "_tries",
    )

    def __init__(
        self,
        healths: Sequence[Health],
        order: list[int],
        leaders: list[int],
        probes: list[int],
        now: float,
        *,
        hedged: bool = False,
    ) -> None:
        self._healths = healths
        self._order = list(order)
        """Who may still be asked, best first."""
        self._leaders = list(leaders)
        self._probes = list(probes)
        """Who is asked at once, and who beside them only to learn how they do."""
        self._asks = [0] * len(healths)
        self._open: dict[int, _Try] = {}
        self._tries = 0
        self._settled = False
        self._deadline = now + BUDGET
        hedge = healths[leaders[0]].hedge if hedged and len(leaders) == 1 else None
        self._hedge_at = float("inf") if hedge is None else now + hedge

    @property
    def hopeless(self) -> bool:
        """Whether nothing is expected of any upstream in it: a stale answer need not wait."""
        return all(self._healths[position].hopeless for position in self._order)

    def next(self, now: float) -> Step:
        """The next thing to do; call until it is not ``Ask``."""
        if self._settled and not self._open:
            return GIVE_UP
        if self._leaders:
            return self._ask(self._leaders.pop(0), now)
        if self._probes:
            return self._ask(self._probes.pop(0), now, probe=True)
        if now >= self._deadline:
            return GIVE_UP
        patience, waited_for = float("inf"), False
        for one in self._open.values():
            if not one.late:
                patience = min(patience, one.until)
                waited_for = waited_for or not one.probe
        if not waited_for and (candidate := self._candidate()) is not None:
            return self._ask(candidate, now)
        if now >= self._hedge_at:
            self._hedge_at = float("inf")
            if (second := self._second()) is not None:
                return self._ask(second, now)
        if not self._open or (self._settled and patience == float("inf")):
            return GIVE_UP
        return Wait(min(patience, self._deadline, self._hedge_at))

    def _second(self) -> int | None:
        """The best sound upstream that was not asked yet."""
        sound = (position for position in self._order if self._healths[position].sound and not self._asks[position])
        return next(sound, None)

    def _ask(self, position: int, now: float, *, probe: bool = False) -> Ask:
        attempt = self._tries
        self._tries += 1
        patience = min(self._healths[position].patience() * 2.0 ** self._asks[position], PATIENCE_MAX)
        self._asks[position] += 1
        self._open[attempt] = _Try(position, now, now + patience, probe=probe)
        return Ask(position, attempt)

    def _candidate(self) -> int | None:
        """Who is asked next: the best of those asked least."""
        asks = self._asks
        fewest = min(self._order, key=asks.__getitem__, default=None)
        return fewest if fewest is not None and asks[fewest] < ASKS_EACH else None

    def answered(self, attempt: int, now: float) -> float:
        """The exchange brought an answer; returns its seconds."""
        one = self._open.pop(attempt)
        self._healths[one.position].answered(now - one.started, now)
        return now - one.started

    def refused(self, attempt: int, name: str, now: float) -> None:
        """The exchange brought word that there is nothing to be said about ``name``: ask somebody else."""
        one = self._open.pop(attempt)
        self._healths[one.position].refused(name, one.started, now)
        self._pass_over(one.position)

    def failed(self, attempt: int, now: float) -> None:
        """The exchange ended without an answer (unreachable): that upstream is out of this race."""
        one = self._open.pop(attempt)
        self._healths[one.position].failed(one.started, now)
        self._pass_over(one.position)

    def settle(self) -> None:
        """The query has its answer: ask nobody else, but learn how the others do while patience lasts."""
        self._settled = True
        self._hedge_at = float("inf")
        self._order.clear()
        self._leaders.clear()
        self._probes.clear()

    def _pass_over(self, position: int) -> None:
        if position in self._order:
            self._order.remove(position)

    def overdue(self, name: str, now: float) -> list[int]:
        """Positions whose exchange about ``name`` ran out of patience since the last call; each is reported once."""
        late = [one for one in self._open.values() if not one.late and now >= min(one.until, self._deadline)]
        for one in late:
            one.late = True
            self._healths[one.position].overdue(name, one.started, now)
        return [one.position for one in late]
