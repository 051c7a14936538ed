"""Resolution as clients see it: cache, one exchange for many waiters, routes, reload, bounds, counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from safedns.errors import UpstreamError
from safedns.resolve import resolver as module
from safedns.resolve.resolver import Resolved
from safedns.settings.model import CacheSettings, Upstreams
from safedns.tasks import spawn
from safedns.wire.answer import make_answer
from safedns.wire.types import QType, RCode
from tests.unit.resolve.house import House, Says, addresses, answers, silent, spec, unreachable
from tests.unit.resolve.values import address_answer, question, resolved
from tests.unit.resolve.virtual import now, play


def test_a_miss_is_asked_upstream_and_then_served_from_the_cache_until_its_ttl_ends() -> None:
    async def scenario() -> None:
        house = House(one=answers(ttl=60))
        first, second = await house.ask(), await house.ask()
        assert isinstance(first, Resolved)
        assert (first.upstream, first.stale, first.answer.addresses) == ("one", False, ("192.0.2.1",))
        assert (second, house.asked()) == (first._replace(upstream="cache"), {"one": 1})
        await asyncio.sleep(60)
        await house.ask()
        assert house.asked() == {"one": 2}

    play(scenario())


def test_letter_case_does_not_matter() -> None:
    async def scenario() -> None:
        house = House(one=answers())
        await house.ask("www.example.com")
        assert house.resolver.cached(question("WWW.Example.COM")) is not None

    play(scenario())


def test_a_negative_answer_is_cached_by_its_soa() -> None:
    async def scenario() -> None:
        house = House(one=lambda query: Says(make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=30)))
        first = await house.ask("nowhere.example.com")
        assert isinstance(first, Resolved)
        assert first.answer.rcode == RCode.NXDOMAIN
        await asyncio.sleep(29)
        await house.ask("nowhere.example.com")
        assert house.asked() == {"one": 1}
        await asyncio.sleep(1)
        await house.ask("nowhere.example.com")
        assert house.asked() == {"one": 2}

    play(scenario())


class TestCoalescing:
    def test_a_hundred_waiters_cause_one_exchange(self) -> None:
        async def scenario() -> None:
            house = House(one=answers())
            outcomes = await asyncio.gather(*(house.ask() for _ in range(100)))
            assert {addresses(outcome) for outcome in outcomes} == {("192.0.2.1",)}
            assert house.asked() == {"one": 1}

        play(scenario())

    def test_different_types_and_dnssec_wishes_are_different_questions(self) -> None:
        async def scenario() -> None:
            house = House(one=answers())
            questions = [question(), question(qtype=QType.AAAA), question(do=True)]
            await asyncio.gather(*(resolved(house.resolver, one) for one in questions))
            assert house.asked() == {"one": 3}

        play(scenario())

    @pytest.mark.parametrize("leaving", [0, 1])
    def test_a_waiter_that_leaves_disturbs_nobody(self, leaving: int) -> None:
        async def scenario() -> None:
            house = House(one=answers(after=0.1))
            waiters = [spawn(house.ask(), "waiter") for _ in range(3)]
            await asyncio.sleep(0.05)
            waiters.pop(leaving).cancel()
            assert {addresses(outcome) for outcome in await asyncio.gather(*waiters)} == {("192.0.2.1",)}
            assert house.asked() == {"one": 1}

        play(scenario())

    def test_the_answer_is_cached_even_when_every_waiter_has_left(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(after=0.1))
            waiter = spawn(house.ask(), "waiter")
            await asyncio.sleep(0.05)
            waiter.cancel()
            await asyncio.sleep(0.1)
            assert house.resolver.cached(question()) is not None

        play(scenario())

    def test_every_waiter_gets_the_error(self) -> None:
        async def scenario() -> None:
            house = House(one=unreachable)
            first, second = await asyncio.gather(house.ask(), house.ask())
            assert isinstance(first, UpstreamError)
            assert str(first) == str(second)

        play(scenario())


class TestRoutes:
    def test_the_longest_route_that_covers_a_name_gets_it(self) -> None:
        async def scenario() -> None:
            routes = {"lan": "router", "lab.lan": "lab"}
            house = House(routes=routes, default=answers(), router=answers(), lab=answers())
            expected = {
                "printer.lan": "router",
                "lan": "router",
                "a.lab.lan": "lab",
                "lab.lan": "lab",
                "notlab.lan": "router",
                "lan.example.com": "default",
                "plan": "default",
            }
            for name, upstream in expected.items():
                outcome = await house.ask(name)
                assert isinstance(outcome, Resolved)
                assert outcome.upstream == upstream, name

        play(scenario())

    def test_a_route_that_fails_never_leaks_to_the_default(self) -> None:
        async def scenario() -> None:
            house = House(routes={"lan": "router"}, default=answers(), router=unreachable)
            assert isinstance(await house.ask("printer.lan"), UpstreamError)
            assert house.asked() == {"default": 0, "router": 1}

        play(scenario())

    def test_without_any_upstream_the_failure_says_so(self) -> None:
        async def scenario() -> None:
            outcome = await House().ask()
            assert isinstance(outcome, UpstreamError)
            assert str(outcome) == "no upstream is configured for www.example.com"

        play(scenario())


def test_flushing_a_name_makes_the_next_query_for_it_go_upstream_also_where_it_failed_a_moment_ago() -> None:
    async def scenario() -> None:
        house = House(one=answers())
        for name in ("www.example.com", "other.example"):
            await house.ask(name)
        house.upstreams["one"].script = unreachable
        await house.ask("down.example.com")
        house.upstreams["one"].script = answers()
        before = house.asked()["one"]
        assert house.resolver.flush("example.com") == 1
        for name in ("www.example.com", "down.example.com", "other.example"):
            assert addresses(await house.ask(name)) == ("192.0.2.1",)
        assert house.asked()["one"] == before + 2

    play(scenario())


class TestReload:
    def test_the_cache_survives_what_does_not_change_who_answers(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(), two=answers())
            await house.ask("a.example")
            house.resolver.configure(replace(house.settings, strategy="parallel"), CacheSettings())
            assert addresses(await house.ask("a.example")) == ("192.0.2.1",)
            assert house.asked() == {"one": 1, "two": 0}

        play(scenario())

    def test_upstreams_that_stay_are_kept_and_others_closed(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(), two=answers())
            await house.ask("a.example")
            house.resolver.configure(Upstreams(servers=(spec("one"),)), CacheSettings())
            await house.ask("b.example")
            assert house.asked() == {"one": 2, "two": 0}
            assert [house.upstreams[name].closed for name in ("one", "two")] == [False, True]

        play(scenario())

    def test_what_other_servers_have_said_is_forgotten_fresh_or_stale(self) -> None:
        async def scenario() -> None:
            house = House(one=answers("192.0.2.1", ttl=86_000))
            await house.ask("a.example")
            house.scripts["family"] = answers("0.0.0.0", ttl=60)
            house.resolver.configure(Upstreams(servers=(spec("family"),)), CacheSettings())
            assert addresses(await house.ask("a.example")) == ("0.0.0.0",)
            house.upstreams["family"].script = unreachable
            await asyncio.sleep(86_100)
            assert addresses(await house.ask("a.example")) == ("0.0.0.0",)

        play(scenario())

    def test_names_under_a_changed_route_are_forgotten(self) -> None:
        async def scenario() -> None:
            house = House(default=answers())
            await house.ask("printer.lan")
            await house.ask("example.com")
            house.scripts["router"] = answers("192.168.1.9")
            routed = Upstreams(servers=house.settings.servers, routes={"lan": (spec("router"),)})
            house.resolver.configure(routed, CacheSettings())
            assert addresses(await house.ask("printer.lan")) == ("192.168.1.9",)
            await house.ask("example.com")
            assert house.asked() == {"default": 2, "router": 1}

        play(scenario())

    def test_what_failed_before_is_asked_anew(self) -> None:
        async def scenario() -> None:
            house = House(one=unreachable)
            await house.ask()
            house.scripts["two"] = answers()
            house.resolver.configure(Upstreams(servers=(spec("two"),)), CacheSettings())
            assert addresses(await house.ask()) == ("192.0.2.1",)

        play(scenario())

    def test_a_smaller_cache_takes_effect(self) -> None:
        async def scenario() -> None:
            house = House(one=answers())
            for number in range(5):
                await house.ask(f"{number}.example")
            house.resolver.configure(house.settings, CacheSettings(entries=2))
            assert len(house.cache) == 2

        play(scenario())


def test_questions_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(module, "IN_FLIGHT_MAX", 3)
        house = House(one=answers(after=0.5))
        waiters = [spawn(house.ask(f"{number}.example"), "waiter") for number in range(3)]
        await asyncio.sleep(0.1)
        began = now()
        assert isinstance(await house.ask("one.too.many.example"), UpstreamError)
        assert now() - began < 0.01
        again = await house.ask("2.example")
        assert {addresses(outcome) for outcome in [again, *await asyncio.gather(*waiters)]} == {("192.0.2.1",)}
        assert isinstance(await house.ask("now.there.is.room.example"), Resolved)

    play(scenario())


def test_with_too_many_questions_under_way_a_name_that_has_a_stale_answer_gets_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(module, "IN_FLIGHT_MAX", 3)
        house = House(one=answers(ttl=60))
        await house.ask()
        await asyncio.sleep(61)
        house.upstreams["one"].script = silent
        waiters = [spawn(house.ask(f"{number}.example"), "waiter") for number in range(3)]
        await asyncio.sleep(0.1)
        began = now()
        outcome = await house.ask()
        assert (addresses(outcome), isinstance(outcome, Resolved) and outcome.stale) == (("192.0.2.1",), True)
        assert now() - began < 0.01
        assert house.counters["cache", "stale"] == 1
        await asyncio.gather(*waiters)

    play(scenario())


def test_closing_ends_every_waiter_and_upstream() -> None:
    async def scenario() -> None:
        house = House(one=silent)
        waiters = [spawn(house.ask(f"{number}.example"), "waiter") for number in range(3)]
        await asyncio.sleep(0.1)
        await house.resolver.close()
        outcomes = await asyncio.gather(*waiters)
        assert {str(outcome) for outcome in outcomes} == {"the resolver is stopping"}
        assert house.upstreams["one"].closed
        assert house.open_exchanges() == 0

    play(scenario())


class TestCounting:
    def test_answers_errors_timeouts_and_latency_are_counted_by_upstream(self) -> None:
        async def scenario() -> None:
            house = House(kind="ordered", down=unreachable, slow=answers(after=1.2))
            await house.ask()
            counted = {what: house.counters["upstream_queries", "slow", what] for what in ("answer", "timeout")}
            assert counted == {"answer": 1, "timeout": 1}
            assert house.counters["upstream_queries", "down", "error"] == 1
            assert house.counters["upstream_latency", "slow", "2.5"] == 1
            assert house.counters["upstream_latency_micros", "slow"] == pytest.approx(1_200_000, abs=1000)

        play(scenario())

    def test_gauges_show_who_is_up_and_how_far_away(self) -> None:
        async def scenario() -> None:
            house = House(kind="ordered", down=unreachable, up=answers(after=0.05))
            await house.ask()
            waiting = spawn(house.ask("b.example"), "waiter")
            await asyncio.sleep(0.01)
            house.resolver.gauges()
            gauges = house.counters.gauges
            assert gauges.pop(("cache_bytes",)) == house.cache.memory > 0
            assert gauges.pop(("upstream_rtt_seconds", "up")) == pytest.approx(0.05, abs=0.001)
            assert gauges == {
                ("inflight",): 1,
                ("cache_entries",): 1,
                ("upstream_up", "up"): 1,
                ("upstream_up", "down"): 0,
            }
            await waiting

        play(scenario())


def test_an_answer_that_may_not_be_cached_reaches_its_waiters() -> None:
    async def scenario() -> None:
        house = House(one=lambda query: Says(address_answer(query, ttl=0)))
        assert addresses(await house.ask()) == addresses(await house.ask()) == ("192.0.2.1",)
        assert house.asked() == {"one": 2}

    play(scenario())
