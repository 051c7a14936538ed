"""Clean resolution behind the policy: cache, one flight for each question, failover, stale answers.

    cached(query) -- synchronous: the answer cache; a popular answer that is about to end gets a flight of its own
    resolve(query, done) -- failed a moment ago? join or start the flight --> upstream --> cache --> every waiter
                                                                                 '-- signatures, if they are checked

Who asks, and whether they may, is not known here; answers are reviewed by whoever serves them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from safedns.clock import Clock
from safedns.errors import BogusError, UncheckedError, UpstreamError
from safedns.resolve.alarms import Alarms
from safedns.resolve.cache import AnswerCache, Hit
from safedns.resolve.checking import Checking, open_checking, taken_as_they_come
from safedns.resolve.counting import Counters
from safedns.resolve.failures import Failure, Failures, is_over
from safedns.resolve.flight import Done, Flight, Resolved, last_answer
from safedns.resolve.routing import Connect, Routing, Squad, asked_of
from safedns.resolve.upstream import Upstream
from safedns.resolve.upstream.open import open_upstream
from safedns.settings.model import CacheSettings, Upstreams
from safedns.tasks import spawn
from safedns.wire.answer import Answer, aged
from safedns.wire.query import Query
from safedns.wire.types import Ede

__all__ = ["Done", "Resolved", "Resolver", "asked_of"]

IN_FLIGHT_MAX = 2000
"""Questions under way at once; beyond that new ones get a stale answer, or fail at once."""
RENEW_BELOW = 100
"""Popular answers are renewed early while fewer questions than this are under way: nobody waits for them."""


class Resolver:
    """Answers queries from cache and upstreams; every exchange belongs to one flight, every flight to this."""

    def __init__(
        self,
        upstreams: Upstreams,
        cache: AnswerCache,
        clock: Clock,
        counters: Counters,
        *,
        connect: Connect = open_upstream,
    ) -> None:
        self._upstreams = upstreams
        self.cache = cache
        self._clock = clock
        self._counters = counters
        self._connect = connect
        self._routing = Routing(upstreams, clock, counters, connect)
        self._configure_denials()
        self._checking = open_checking(upstreams, self, clock, counters)
        self._alarms = Alarms(clock)
        self._failures = Failures()
        self._flights: dict[bytes, Flight] = {}
        """Questions without an outcome, by cache key."""
        self._open: set[Flight] = set()
        """Those, and landed ones with exchanges still open."""

    def cached(self, query: Query) -> Hit | None:
        """The fresh answer from the cache."""
        now = self._clock.monotonic()
        hit = self.cache.get(query.cache_key, now)
        if hit is not None and hit.due:
            self._renew(query, now)
        return hit

    def resolve(self, query: Query, done: Done) -> None:
        """Ask upstream what the cache does not have; ``done`` gets it, or ``UpstreamError`` when there is nothing."""
        flight = self._flights.get(query.cache_key)
        if flight is not None:
            flight.join(done)
            return
        now = self._clock.monotonic()
        stale = self.cache.stale(query.cache_key, now)
        squad = self._routing.squad_for(query)
        failure = self._failures.recent(query.cache_key, now)
        if failure is not None and not is_over(failure, last_answer(squad.members), now):
            done(self._failed_lately(stale, failure))
            return
        if len(self._open) >= IN_FLIGHT_MAX or len(self._flights) >= IN_FLIGHT_MAX:
            done(self._too_many(stale))
        elif not squad.members:
            done(UpstreamError(f"no upstream is configured for {query.name}", Ede.NO_REACHABLE_AUTHORITY))
        else:
            self._launch(query, squad, stale, done)

    def look_up(self, query: Query, done: Done) -> None:
        """What the cache has, or else upstream; see ``resolve``."""
        hit = self.cached(query)
        if hit is None:
            self.resolve(query, done)
        else:
            done(Resolved(aged(hit.answer, hit.age) if hit.age else hit.answer, "", False))

    def forget(self, query: Query) -> None:
        """Drop the answer to this very question."""
        self.cache.forget(query.cache_key)

    def configure(self, upstreams: Upstreams, cache: CacheSettings) -> None:
        """Take new settings at once. The cache stays, but for names whose route has changed.

        With other servers, sets or checks nothing stays: what an open upstream has said may be closed at a new one.
        """
        before, self._upstreams = self._upstreams, upstreams
        routing = Routing(upstreams, self._clock, self._counters, self._connect, self._routing)
        gone = [member.upstream for spec, member in self._routing.members.items() if spec not in routing.members]
        self._routing = routing
        self.cache.configure(cache)
        self._configure_denials()
        if before != upstreams:
            self._flights.clear()  # whoever waits gets an answer, but nobody joins, and nothing is kept of it
        if before.dnssec != upstreams.dnssec or before.routes.keys() != upstreams.routes.keys():
            self._checking = open_checking(upstreams, self, self._clock, self._counters)
        if _answered_by(before) != _answered_by(upstreams):
            self.cache.flush()
        for domain in before.routes.keys() | upstreams.routes.keys():
            if before.routes.get(domain) != upstreams.routes.get(domain):
                self.cache.flush(domain)
        self._failures = Failures()
        if gone:
            spawn(_close_all(gone), "close upstreams that are no longer configured")

    def flush(self, name: str) -> int:
        """Forget the canonical ``name`` and what is below it, and all failures; says how many answers that were."""
        self._failures = Failures()
        if self._checking is not None:
            self._checking.forget()
        return self.cache.flush(name)

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._flights)

    def health(self) -> list[dict[str, Any]]:
        """Each upstream as plain values: what ``safedns upstreams`` shows."""
        now = self._clock.monotonic()
        return [
            {
                "name": spec.name,
                "up": health.sound,
                "milliseconds": None if health.srtt is None else round(health.srtt * 1000, 2),
                "failures": health.failures,
                "rests_seconds": 0 if health.sound else round(max(health.benched_until - now, 0)),
            }
            for spec, health in ((spec, member.health) for spec, member in self._routing.members.items())
        ]

    def gauges(self) -> None:
        """Set the gauges of upstreams, flights and cache."""
        gauges = self._counters.gauges
        gauges["inflight",] = len(self._flights)
        for spec, member in self._routing.members.items():
            gauges["upstream_up", spec.name] = 1 if member.health.sound else 0
            if member.health.srtt is not None:
                gauges["upstream_rtt_seconds", spec.name] = member.health.srtt
        self.cache.gauges()

    async def close(self) -> None:
        """End everything: waiters get ``UpstreamError``, sockets are closed."""
        stopping = UpstreamError("the resolver is stopping", Ede.NOT_READY)
        for flight in list(self._open):
            flight.abandon(stopping)
        for flight in self._flights.values():  # landed, and still being checked
            flight.release(stopping)
        self._flights.clear()
        self._alarms.close()
        self._routing.bootstrap.close()
        await _close_all(member.upstream for member in self._routing.members.values())

    def _configure_denials(self) -> None:
        upstreams = self._upstreams
        self.cache.denials.configure(checked=upstreams.dnssec.validate, apart=taken_as_they_come(upstreams))

    def _renew(self, query: Query, now: float) -> None:
        key = query.cache_key
        if key in self._flights or len(self._open) >= RENEW_BELOW or self._failures.recent(key, now) is not None:
            return
        self.cache.renewing()
        self.resolve(query, _nobody_waits)

    def _launch(self, query: Query, squad: Squad, stale: Hit | None, done: Done) -> None:
        checking = self._checking
        asked = query
        landed = partial(self._landed, query, stale)
        if checking is not None and (asked := checking.asked(query)) is not query:
            landed = partial(self._check, checking, query, stale)
        flight = Flight(
            asked,
            squad.team,
            squad.members,
            self._clock,
            self._alarms,
            stale.answer if stale is not None else None,
            landed=landed,
            ended=self._open.discard,
            served_stale=self.cache.served_stale,
        )
        self._flights[query.cache_key] = flight
        self._open.add(flight)
        flight.join(done)
        flight.start()

    def _too_many(self, stale: Hit | None) -> Resolved | UpstreamError:
        if stale is not None:
            return self._stale(stale)
        return UpstreamError(f"{IN_FLIGHT_MAX} questions are under way already", Ede.OTHER)

    def _stale(self, stale: Hit) -> Resolved:
        """What nobody waits for an upstream for."""
        self.cache.served_stale()
        return Resolved(stale.answer, "", True)

    def _failed_lately(self, stale: Hit | None, failure: Failure) -> Resolved | UpstreamError:
        if isinstance(failure.answer, BogusError):
            return failure.answer
        if stale is not None:
            return self._stale(stale)
        if isinstance(failure.answer, UpstreamError):
            return failure.answer
        if failure.answer is not None:
            return Resolved(failure.answer, "", False)
        return UpstreamError("no upstream answered this question a moment ago", Ede.CACHED_ERROR)

    def _check(
        self,
        checking: Checking,
        query: Query,
        stale: Hit | None,
        flight: Flight,
        outcome: Resolved | UpstreamError,
    ) -> None:
        """Have the signatures checked; until then the flight is still one that others may join."""
        if isinstance(outcome, UpstreamError):
            self._landed(query, stale, flight, outcome)
            return

        def judged(found: Answer | UpstreamError) -> None:
            checked = found if isinstance(found, UpstreamError) else outcome._replace(answer=found)
            self._landed(query, stale, flight, checked)

        checking.judge(query, outcome.answer, judged)

    def _landed(self, query: Query, stale: Hit | None, flight: Flight, outcome: Resolved | UpstreamError) -> None:
        key = query.cache_key
        current = self._flights.get(key) is flight
        if current:
            del self._flights[key]
        if isinstance(outcome, Resolved):
            if current:
                self.cache.put(key, outcome.answer, self._clock.monotonic())
                self._failures.forget(key)
            flight.release(outcome)
            return
        if isinstance(outcome, BogusError):
            if current:
                self._remember(key, outcome, flight)
            flight.release(outcome)
            return
        said = outcome if isinstance(outcome, UncheckedError) else flight.refusal
        if current:
            self._remember(key, said, flight)
        if stale is not None:
            flight.release(Resolved(stale.answer, "", True))
        elif isinstance(said, Answer):
            flight.release(Resolved(said, "", False))
        else:
            flight.release(outcome)

    def _remember(self, key: bytes, failure: Answer | UpstreamError | None, flight: Flight) -> None:
        heard = last_answer(flight.members)
        self._failures.add(key, failure, self._clock.monotonic(), began=flight.began, heard=heard)


def _answered_by(upstreams: Upstreams) -> tuple[object, ...]:
    """What any answer may depend on."""
    return upstreams.servers, upstreams.sets, upstreams.dnssec


def _nobody_waits(_: Resolved | UpstreamError) -> None:
    """What came is in the cache."""


async def _close_all(upstreams: Iterable[Upstream]) -> None:
    for upstream in upstreams:
        await upstream.close()
