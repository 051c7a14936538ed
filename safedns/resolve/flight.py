"""One question on its way: drives the race of its upstreams, and tells everybody who waits for it how it ended.

    Flight -- race says Ask --> upstream.start --> answer, failure or silence --> race ... --> landed
       '-- join: one callback for each waiter

After the landing it lingers for exchanges that are still open, for what they say about their upstream. Nothing is
cached or looked up here: that is the resolver's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.alarms import Alarms
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.strategy import BUDGET, Ask, Health, Team, Wait
from safedns.resolve.upstream import Exchange, Upstream
from safedns.wire.answer import FINDINGS, Answer
from safedns.wire.query import Query
from safedns.wire.types import Ede

log = logging.getLogger(__name__)

STALE_AFTER = 1.8
"""Seconds that a client waits before it gets a stale answer, if there is one (RFC 8767 section 5)."""


class Resolved(NamedTuple):
    """What a question came to."""

    answer: Answer
    upstream: str
    """Name of the upstream that answered; empty if none did just now."""
    stale: bool
    """Whether the answer is past its time and goes out with a TTL of 30 s (RFC 8767)."""


Done = Callable[[Resolved | UpstreamError], None]
"""Who waits for a question; called exactly once, must not raise."""


class Member(NamedTuple):
    """An upstream in a team."""

    upstream: Upstream
    health: Health
    meter: UpstreamMeter
    secure: bool
    """Nobody on the way can change what it says, so its word counts that DNSSEC proved an answer."""


def last_answer(members: Sequence[Member]) -> float:
    """Monotonic seconds when one of them last answered anybody; minus infinity: never."""
    return max((member.health.answered_at for member in members), default=float("-inf"))


class Flight:
    """One question under way for any number of waiters."""

    __slots__ = (
        "_advancing",
        "_alarm",
        "_alarms",
        "_clock",
        "_ended",
        "_error",
        "_exchanges",
        "_landed",
        "_race",
        "_served_stale",
        "_stale",
        "_stale_at",
        "_waiters",
        "_wake_at",
        "began",
        "members",
        "query",
        "refusal",
    )

    def __init__(
        self,
        query: Query,
        team: Team,
        members: Sequence[Member],
        clock: Clock,
        alarms: Alarms,
        stale: Answer | None,
        *,
        landed: Callable[[Flight, Resolved | UpstreamError], None],
        ended: Callable[[Flight], None],
        served_stale: Callable[[], None],
    ) -> None:
        """``landed`` gets the outcome, once; ``ended``: no exchange is left; ``served_stale``: a waiter got it."""
        now = clock.monotonic()
        self.began = now
        """Monotonic seconds."""
        self.query = query
        self.refusal: Answer | None = None
        """The last answer that said no (SERVFAIL, REFUSED ...)."""
        self.members = members
        self._clock = clock
        self._landed: Callable[[Flight, Resolved | UpstreamError], None] | None = landed
        self._ended = ended
        self._served_stale = served_stale
        self._alarms = alarms
        self._race = team.race(now)
        self._advancing = False
        self._exchanges: dict[int, Exchange] = {}
        self._waiters: list[Done] = []
        self._error: UpstreamError | None = None
        self._alarm, self._wake_at = 0, float("inf")
        """The one that is set, and for when (monotonic seconds)."""
        self._stale = stale
        self._stale_at = float("inf") if stale is None else now if self._race.hopeless else now + STALE_AFTER

    def start(self) -> None:
        """Ask the first upstream."""
        self._advance(self._clock.monotonic())

    def join(self, done: Done) -> None:
        """``done`` gets the outcome, too."""
        self._waiters.append(done)
        if self._stale is not None and self._clock.monotonic() >= self._stale_at:
            self.release(Resolved(self._stale, "", True))

    def release(self, outcome: Resolved | UpstreamError) -> None:
        """Give the outcome to everybody who waits."""
        waiters, self._waiters = self._waiters, []
        went_stale = isinstance(outcome, Resolved) and outcome.stale
        for done in waiters:
            if went_stale:
                self._served_stale()
            done(outcome)

    def abandon(self, error: UpstreamError) -> None:
        """Stop here; waiters get ``error``."""
        self._land(error)
        self._end()

    def _advance(self, now: float) -> None:
        self._advancing = True
        while isinstance(step := self._race.next(now), Ask):
            self._ask(step)
        self._advancing = False
        if isinstance(step, Wait):
            self._sleep(now, step.until)
            return
        if self._landed is not None:
            self._land(self._nothing())
        self._end()

    def _ask(self, ask: Ask) -> None:
        exchange = self._exchanges[ask.attempt] = Exchange(self.query, partial(self._exchange_ended, ask))
        upstream = self.members[ask.position].upstream
        try:
            upstream.start(exchange)
        except Exception as error:
            # A fault of one upstream's code: whoever waits is better served by another than by a traceback.
            log.exception("asking upstream %s failed", upstream.name)
            exchange.fail(UpstreamError(f"asking failed: {error}", Ede.NETWORK_ERROR))

    def _exchange_ended(self, ask: Ask, outcome: Answer | UpstreamError) -> None:
        now = self._clock.monotonic()
        member = self.members[ask.position]
        del self._exchanges[ask.attempt]
        if isinstance(outcome, UpstreamError):
            self._failed(ask, member, outcome, now)
        else:
            self._answered(ask, member, outcome, now)
        if not self._advancing:  # else ``_advance`` is just asking, and goes on itself
            self._advance(now)

    def _answered(self, ask: Ask, member: Member, answer: Answer, now: float) -> None:
        if answer.rcode not in FINDINGS and not answer.denied:
            self.refusal = answer
            self._race.refused(ask.attempt, self.query.name, now)
            member.meter.refusals[0] += 1
            return
        member.meter.answered(self._race.answered(ask.attempt, now))
        if answer.ad and not member.secure:
            answer = answer._replace(ad=False)  # RFC 4035 section 4.6
        self._land(Resolved(answer, member.upstream.name, False))

    def _failed(self, ask: Ask, member: Member, error: UpstreamError, now: float) -> None:
        self._race.failed(ask.attempt, now)
        member.meter.errors[0] += 1
        self._error = error

    def _nothing(self) -> UpstreamError:
        if self._exchanges or self._error is None:
            names = ", ".join(sorted({member.upstream.name for member in self.members}))
            return UpstreamError(f"no answer within {BUDGET:g} s from {names}", Ede.NO_REACHABLE_AUTHORITY)
        return self._error

    def _sleep(self, now: float, until: float) -> None:
        if now < self._stale_at:
            until = min(until, self._stale_at)
        if until != self._wake_at:
            self._alarms.take_back(self._alarm)
            self._alarm, self._wake_at = self._alarms.set(until, self), until

    def woken(self, now: float) -> None:
        """See ``Sleeper``."""
        self._wake_at = float("inf")
        if self._stale is not None and now >= self._stale_at:
            self.release(Resolved(self._stale, "", True))
        for position in self._race.overdue(self.query.name, now):
            self.members[position].meter.timeouts[0] += 1
        self._advance(now)

    def _land(self, outcome: Resolved | UpstreamError) -> None:
        landed, self._landed = self._landed, None
        if landed is not None:
            self._race.settle()
            landed(self, outcome)

    def _end(self) -> None:
        self._alarms.take_back(self._alarm)
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            exchange.cancel()
        self._ended(self)
