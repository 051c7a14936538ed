"""Popular answers are renewed before they end: which, when, how often, and that nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from safedns.resolve import resolver as module
from safedns.resolve.cache import POPULAR, RENEWED_FROM
from safedns.resolve.resolver import Resolved
from safedns.settings.model import CacheSettings
from safedns.tasks import spawn
from tests.unit.resolve.house import House, addresses, answers, silent, unreachable
from tests.unit.resolve.virtual import play


async def use(house: House, times: int, name: str = "www.example.com") -> None:
    """Ask ``times`` times; the first of all queries is a miss, the others are uses."""
    for _ in range(times):
        await house.ask(name)


def test_a_popular_answer_is_asked_for_again_in_the_last_tenth_of_its_life_and_nobody_waits() -> None:
    async def scenario() -> None:
        house = House(prefetch=True, one=answers("192.0.2.1", ttl=60, after=0.5))
        await use(house, 1 + POPULAR - 1)
        await asyncio.sleep(53)
        house.upstreams["one"].script = answers("192.0.2.2", ttl=60, after=0.5)
        assert addresses(await house.ask()) == ("192.0.2.1",)
        assert house.asked() == {"one": 1}  # not yet
        await asyncio.sleep(1)
        began = house.clock.monotonic()
        assert addresses(await house.ask()) == ("192.0.2.1",)
        assert house.clock.monotonic() == began
        assert house.asked() == {"one": 2}
        await asyncio.sleep(1)
        assert addresses(await house.ask()) == ("192.0.2.2",)
        await asyncio.sleep(50)
        outcome = await house.ask()
        assert isinstance(outcome, Resolved)
        assert (outcome.upstream, house.asked(), house.counters["cache", "renewed"]) == ("cache", {"one": 2}, 1)

    play(scenario())


@pytest.mark.parametrize(
    ("uses", "ttl", "asked"),
    [(POPULAR - 2, 60, 1), (POPULAR - 1, 60, 2), (10, RENEWED_FROM, 2), (10, RENEWED_FROM - 1, 1)],
)
def test_what_is_seldom_used_or_short_lived_is_not_renewed(uses: int, ttl: int, asked: int) -> None:
    async def scenario() -> None:
        house = House(prefetch=True, one=answers(ttl=ttl))
        await use(house, 1 + uses)
        await asyncio.sleep(ttl * 0.95)
        await house.ask()
        await asyncio.sleep(0.02)
        assert house.asked() == {"one": asked}

    play(scenario())


def test_what_nobody_asks_for_at_the_end_of_its_life_is_not_renewed() -> None:
    async def scenario() -> None:
        house = House(prefetch=True, one=answers(ttl=60))
        await use(house, 100)
        await asyncio.sleep(3600)
        assert house.asked() == {"one": 1}

    play(scenario())


def test_without_prefetch_nothing_is_renewed() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=60))
        await use(house, 100)
        await asyncio.sleep(59)
        await house.ask()
        assert (house.asked(), house.counters["cache", "renewed"]) == ({"one": 1}, 0)

    play(scenario())


@pytest.mark.parametrize("upstream", [silent, unreachable])
def test_an_answer_that_cannot_be_renewed_serves_to_its_end_and_is_asked_for_once(upstream: object) -> None:
    async def scenario() -> None:
        house = House(prefetch=True, one=answers(ttl=60))
        await use(house, 10)
        house.upstreams["one"].script = upstream  # type: ignore[assignment]
        await asyncio.sleep(54.5)
        for _ in range(50):
            outcome = await house.ask()
            assert isinstance(outcome, Resolved)
            assert (outcome.upstream, outcome.stale) == ("cache", False)
            await asyncio.sleep(0.1)
        assert house.counters["cache", "renewed"] == 1

    play(scenario())


def test_a_new_answer_that_may_not_be_kept_ends_the_old_one() -> None:
    async def scenario() -> None:
        house = House(prefetch=True, one=answers("192.0.2.1", ttl=60))
        await use(house, 10)
        house.upstreams["one"].script = answers("192.0.2.2", ttl=0)
        await asyncio.sleep(54.5)
        assert addresses(await house.ask()) == ("192.0.2.1",)
        await asyncio.sleep(0.1)
        assert addresses(await house.ask()) == ("192.0.2.2",)

    play(scenario())


def test_a_query_that_comes_after_the_end_joins_the_flight_that_renews() -> None:
    async def scenario() -> None:
        house = House(prefetch=True, stale=0, one=answers(ttl=60))
        await use(house, 10)
        house.upstreams["one"].script = answers("192.0.2.2", after=1)
        await asyncio.sleep(59.5)
        await house.ask()
        await asyncio.sleep(0.6)
        began = house.clock.monotonic()
        assert addresses(await house.ask()) == ("192.0.2.2",)
        assert house.clock.monotonic() - began == pytest.approx(0.4)  # of the second that the upstream takes

    play(scenario())


def test_while_much_is_under_way_nothing_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(module, "RENEW_BELOW", 2)
        house = House(prefetch=True, one=answers(ttl=60, after=2))
        await use(house, 10)
        await asyncio.sleep(55)
        others = [spawn(house.ask(f"{number}.example"), "waiter") for number in range(2)]
        await asyncio.sleep(0.1)
        await house.ask()
        await asyncio.gather(*others)
        assert house.counters["cache", "renewed"] == 0

    play(scenario())


def test_prefetch_that_is_switched_on_counts_for_answers_that_come_then() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=60))
        house.resolver.configure(house.settings, CacheSettings(prefetch=True))
        await use(house, 10)
        await asyncio.sleep(55)
        await house.ask()
        await asyncio.sleep(0.1)
        assert house.asked() == {"one": 2}

    play(scenario())
