"""Upstreams put to the test, one by one and without the daemon: do they answer, how fast, and what can they do?

The questions are for the root, and for the names that show whether somebody filters (``filtering.py``): they tell
nobody what a household looks at.
"""

from __future__ import annotations

import asyncio
from functools import partial
from statistics import median
from typing import NamedTuple

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.counting import Counters, UpstreamMeter
from safedns.resolve.filtering import Filtering, filtering_of
from safedns.resolve.routing import Routing
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.encrypted import EncryptedUpstream
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.plain import PlainUpstream
from safedns.settings.family_resolvers import FamilyResolver, family_resolver
from safedns.settings.model import Upstreams, UpstreamSpec
from safedns.wire.answer import Answer
from safedns.wire.names import HEADER_SIZE
from safedns.wire.query import Query, decode_query
from safedns.wire.records import scan
from safedns.wire.request import plain_request
from safedns.wire.types import Ede, QType

WITHIN = 5.0
"""Seconds for one answer, connecting included."""
_ROUNDS = 5


class Examined(NamedTuple):
    """What came of one upstream."""

    name: str
    transport: str
    used_for: tuple[str, ...]
    """``everything``, ``bootstrap``, the sets it is in, and the domains that are routed to it."""
    answers: bool
    problem: str
    """Why it does not answer; empty if it does."""
    first_ms: float
    """Milliseconds of the first answer, with whatever had to be looked up and agreed on."""
    median_ms: float
    """Of those that followed."""
    facts: Facts
    dnssec: str
    """``validates``, ``passes`` signatures on, or ``no``."""
    filtering: Filtering | None
    """What it was found to close and to open; ``None`` if that was not found out."""
    known: FamilyResolver | None
    """The service that it should be, if that is one that filters."""

    @property
    def is_general(self) -> bool:
        """Whether it is asked for names of all kinds, and not for routed ones or upstreams' names only."""
        return any(use == "everything" or use.startswith("set ") for use in self.used_for)

    @property
    def leaves_signatures_out(self) -> bool:
        """Whether who checks answers by their signatures asks it in vain; what is routed is not checked."""
        return self.dnssec == "no" and self.is_general

    @property
    def lets_adult_through(self) -> bool:
        """Whether it opens what the service that it should be keeps closed."""
        if self.known is None or self.filtering is None:
            return False
        return self.known.closes_adult and "adult" in self.filtering.opens


def examine(upstreams: Upstreams, clock: Clock, counters: Counters) -> list[Examined]:
    """Put every upstream that is asked anything to the test. Must not be called in an event loop."""
    return asyncio.run(_examine_all(upstreams, clock, counters))


async def _examine_all(upstreams: Upstreams, clock: Clock, counters: Counters) -> list[Examined]:
    opened: dict[UpstreamSpec, PlainUpstream | EncryptedUpstream] = {}

    def connect(
        spec: UpstreamSpec, clock: Clock, meter: UpstreamMeter, place: Place
    ) -> PlainUpstream | EncryptedUpstream:
        opened[spec] = open_upstream(spec, clock, meter, place)
        return opened[spec]

    routing = Routing(upstreams, clock, counters, connect)
    try:
        # The first answers all at once, for one that is silent takes its time; the others one by one, for what is going
        # on beside them would be in their times.
        found = await asyncio.gather(*(_first(spec, upstreams, one, clock) for spec, one in opened.items()))
        return [await _then(examined, one, clock) for examined, one in zip(found, opened.values(), strict=True)]
    finally:
        routing.bootstrap.close()
        for one in opened.values():
            await one.close()


async def _first(
    spec: UpstreamSpec, upstreams: Upstreams, one: PlainUpstream | EncryptedUpstream, clock: Clock
) -> Examined:
    """Whether it answers at all."""
    nothing = Examined(
        name=spec.name,
        transport=spec.transport,
        used_for=_used_for(spec, upstreams),
        answers=False,
        problem="",
        first_ms=0.0,
        median_ms=0.0,
        facts=Facts(),
        dnssec="",
        filtering=None,
        known=family_resolver(spec),
    )
    try:
        time, answer = await _timed(one, clock)
    except UpstreamError as error:
        return nothing._replace(problem=str(error), facts=one.facts)
    return nothing._replace(answers=True, first_ms=time, dnssec=_dnssec(answer))


async def _then(examined: Examined, one: PlainUpstream | EncryptedUpstream, clock: Clock) -> Examined:
    """How fast it goes on, what it can do, and what it keeps closed."""
    if not examined.answers:
        return examined
    try:
        times = [(await _timed(one, clock))[0] for _ in range(_ROUNDS)]
    except UpstreamError as error:
        return examined._replace(answers=False, problem=str(error), facts=one.facts)
    facts = one.facts if isinstance(one, PlainUpstream) else await _again(one)
    filtering = await filtering_of(partial(_ask, one)) if examined.is_general else None
    return examined._replace(median_ms=median(times), facts=facts, filtering=filtering)


async def _again(one: EncryptedUpstream) -> Facts:
    """What is known of it after a second handshake: whether that went on from the first."""
    known = one.facts
    await one.hang_up()
    try:
        await _ask(one, _ROOT)
    except UpstreamError:
        return known
    return one.facts


async def _timed(one: PlainUpstream | EncryptedUpstream, clock: Clock) -> tuple[float, Answer]:
    """One answer, and the milliseconds that it took."""
    start = clock.monotonic()
    answer = await _ask(one, _ROOT)
    return (clock.monotonic() - start) * 1000, answer


def _used_for(spec: UpstreamSpec, upstreams: Upstreams) -> tuple[str, ...]:
    return (
        *["everything"] * (spec in upstreams.servers),
        *(f"set {name}" for name, servers in upstreams.sets.items() if spec in servers),
        *(domain for domain, servers in upstreams.routes.items() if spec in servers),
        *["bootstrap"] * (spec in upstreams.bootstrap),
    )


_ROOT = decode_query(plain_request(".", QType.SOA, 0, do=True))


async def _ask(one: PlainUpstream | EncryptedUpstream, query: Query) -> Answer:
    outcome: asyncio.Future[Answer | UpstreamError] = asyncio.get_running_loop().create_future()
    exchange = Exchange(query, outcome.set_result)
    one.start(exchange)
    try:
        async with asyncio.timeout(WITHIN):
            result = await outcome
    except TimeoutError:
        raise UpstreamError(f"no answer within {WITHIN:g} s", Ede.NO_REACHABLE_AUTHORITY) from None
    finally:
        exchange.cancel()
    if isinstance(result, UpstreamError):
        raise result
    return result


def _dnssec(answer: Answer) -> str:
    if answer.ad:
        return "validates"
    packet = bytes(HEADER_SIZE) + _ROOT.question + answer.body
    records = scan(packet, HEADER_SIZE + len(_ROOT.question), sum(answer.counts))
    return "passes" if any(record.rtype == QType.RRSIG for record in records) else "no"
