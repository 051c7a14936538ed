"""Sets of upstreams: what is asked of one is never answered by another, cached or under way, over every reload."""

from __future__ import annotations

import asyncio

from safedns.resolve.resolver import Resolver
from safedns.resolve.routing import asked_of
from safedns.resolve.upstream import Upstream
from safedns.settings.model import CacheSettings, Upstreams, UpstreamSpec
from safedns.tasks import spawn
from tests.unit.resolve.house import ScriptedUpstream, answers, spec
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache
from tests.unit.resolve.virtual import LoopClock, play

ADDRESSES = {"open": "192.0.2.1", "family": "192.0.2.2", "strict": "192.0.2.3"}
AFTER = {"open": 0.1, "family": 0.5, "strict": 0.1}
SETTINGS = Upstreams((spec("open"),), sets={"family": (spec("family"),), "strict": (spec("strict"),)})
EVERYBODY, FAMILY, STRICT = (SETTINGS.set_number(name) for name in ("", "family", "strict"))


class Asking:
    """A resolver with two sets. Make it inside a running loop."""

    def __init__(self) -> None:
        counters = FakeCounters()
        self.upstreams: dict[str, ScriptedUpstream] = {}
        self.resolver = Resolver(SETTINGS, small_cache(counters), LoopClock(), counters, connect=self._connect)

    def _connect(self, of: UpstreamSpec, *_: object) -> Upstream:
        self.upstreams[of.name] = ScriptedUpstream(of.name, answers(ADDRESSES[of.name], after=AFTER[of.name]))
        return self.upstreams[of.name]

    async def ask(self, number: int) -> str:
        query = asked_of(question(), number)
        hit = self.resolver.cached(query)
        answer = hit.answer if hit is not None else (await resolved(self.resolver, query)).answer
        return answer.addresses[0]


def test_each_set_answers_for_itself_at_once_and_from_the_cache() -> None:
    async def scenario() -> None:
        asking = Asking()
        numbers = (EVERYBODY, FAMILY, STRICT)
        for _ in range(2):
            assert await asyncio.gather(*map(asking.ask, numbers)) == list(ADDRESSES.values())
        assert [len(one.asked) for one in asking.upstreams.values()] == [1, 1, 1]

    play(scenario())


def test_what_is_sent_does_not_tell_the_set() -> None:
    async def scenario() -> None:
        asking = Asking()
        await asking.ask(STRICT)
        (asked,) = asking.upstreams["strict"].asked
        assert asked.question == question().question

    play(scenario())


def test_a_set_that_becomes_another_answers_nothing_from_before() -> None:
    async def scenario() -> None:
        asking = Asking()
        await asking.ask(FAMILY)
        swapped = Upstreams(SETTINGS.servers, sets={"family": (spec("strict"),), "strict": (spec("family"),)})
        asking.resolver.configure(swapped, CacheSettings())
        assert await asking.ask(FAMILY) == ADDRESSES["strict"]

    play(scenario())


def test_what_was_under_way_at_a_reload_is_neither_joined_nor_kept() -> None:
    async def scenario() -> None:
        asking = Asking()
        before = spawn(asking.ask(FAMILY), "ask before")
        await asyncio.sleep(0.05)
        swapped = Upstreams(SETTINGS.servers, sets={"family": (spec("strict"),), "strict": (spec("family"),)})
        asking.resolver.configure(swapped, CacheSettings())
        assert await asking.ask(FAMILY) == ADDRESSES["strict"]
        assert await before == ADDRESSES["family"]
        assert await asking.ask(FAMILY) == ADDRESSES["strict"]

    play(scenario())
