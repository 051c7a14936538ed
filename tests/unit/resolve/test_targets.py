"""Names that must be answered at once are looked up ahead, renewed before they end, and tried again when they fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from safedns.resolve.resolver import asked_of
from safedns.resolve.rewrite import rewrite_lookup
from safedns.resolve.targets import LEAST, RETRY, Targets
from safedns.settings.model import CacheSettings
from safedns.wire.types import QType, RCode
from tests.unit.resolve.house import House, Says, answers, says_no, silent, spec
from tests.unit.resolve.values import address_answer
from tests.unit.resolve.virtual import play

SAFE = "forcesafesearch.google.com"


def asked(house: House) -> list[tuple[str, int]]:
    return [(query.name, query.qtype) for query in house.upstreams["one"].asked]


async def look_for(targets: Targets, seconds: int) -> None:
    for _ in range(seconds):
        await asyncio.sleep(1)
        targets.look()


def test_both_kinds_of_address_are_there_before_anybody_asks() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=300))
        targets = Targets(house.resolver, house.clock)
        targets.keep([(SAFE, 0)])
        targets.look()
        await asyncio.sleep(0.1)
        assert asked(house) == [(SAFE, QType.A), (SAFE, QType.AAAA)]
        assert house.resolver.cached(rewrite_lookup(SAFE, QType.A)) is not None

    play(scenario())


def test_an_answer_is_renewed_before_it_ends_so_that_there_is_always_one() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=300))
        targets = Targets(house.resolver, house.clock)
        targets.keep([(SAFE, 0)])
        targets.look()
        missing = 0
        for _ in range(2000):
            await asyncio.sleep(1)
            targets.look()
            missing += house.resolver.cached(rewrite_lookup(SAFE, QType.A)) is None
        assert missing == 0
        assert asked(house).count((SAFE, QType.A)) == 7  # at the start, and then each 295 s or a little more

    play(scenario())


def test_an_answer_that_lives_for_seconds_is_not_asked_for_all_the_time() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=1))
        targets = Targets(house.resolver, house.clock)
        targets.keep([(SAFE, 0)])
        await look_for(targets, 600)
        assert len(asked(house)) <= 2 * (600 / LEAST + 1)

    play(scenario())


def test_a_name_that_cannot_be_had_is_asked_for_again_and_then_there() -> None:
    async def scenario() -> None:
        for script in (says_no(RCode.NXDOMAIN), says_no(RCode.SERVFAIL), silent):
            house = House(one=script)
            targets = Targets(house.resolver, house.clock)
            targets.keep([(SAFE, 0)])
            await look_for(targets, 200)
            assert 4 <= len(asked(house)) <= 40
            house.upstreams["one"].script = answers(ttl=300)
            await look_for(targets, int(2 * RETRY) + 10)
            assert house.resolver.cached(rewrite_lookup(SAFE, QType.A)) is not None

    play(scenario())


def test_a_failing_upstream_takes_no_good_address_away() -> None:
    async def scenario() -> None:
        house = House(one=answers("192.0.2.7", ttl=300))
        targets = Targets(house.resolver, house.clock)
        targets.keep([(SAFE, 0)])
        await look_for(targets, 2)
        house.upstreams["one"].script = says_no(RCode.SERVFAIL)
        await look_for(targets, 297)
        hit = house.resolver.cached(rewrite_lookup(SAFE, QType.A))
        assert hit is not None
        assert hit.answer.addresses == ("192.0.2.7",)

    play(scenario())


def test_names_that_are_no_longer_wanted_are_left_alone_and_the_others_not_asked_for_anew() -> None:
    async def scenario() -> None:
        house = House(one=lambda query: Says(address_answer(query, "192.0.2.1", 600)))
        targets = Targets(house.resolver, house.clock)
        targets.keep([(SAFE, 0), ("strict.bing.com", 0)])
        targets.look()
        targets.keep([(SAFE, 0)])
        await look_for(targets, 2000)
        assert asked(house).count(("strict.bing.com", QType.A)) == 1
        assert asked(house).count((SAFE, QType.A)) == 4

    play(scenario())


def test_each_set_of_upstreams_has_addresses_of_its_own_and_a_change_of_upstreams_asks_anew() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=3600))
        house.resolver.configure(replace(house.settings, sets={"family": (spec("one"),)}), CacheSettings())
        targets = Targets(house.resolver, house.clock)
        targets.keep([(SAFE, 0), (SAFE, 1)])
        await look_for(targets, 2)
        for number in (0, 1):
            assert house.resolver.cached(asked_of(rewrite_lookup(SAFE, QType.A), number)) is not None
        before = len(asked(house))
        targets.forget()
        await look_for(targets, 2)
        assert len(asked(house)) == 2 * before

    play(scenario())
