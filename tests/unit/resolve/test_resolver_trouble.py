"""Resolution in trouble: failover, failures that are remembered, stale answers."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.resolver import Resolved
from safedns.resolve.strategy import SILENCES, Kind
from safedns.tasks import spawn
from safedns.wire.query import Query
from safedns.wire.types import Ede, RCode
from tests.unit.resolve.house import House, Says, Script, addresses, answers, says_no, silent, unreachable
from tests.unit.resolve.values import address_answer, failure_answer, question, resolved
from tests.unit.resolve.virtual import now, play


class TestFailover:
    @pytest.mark.parametrize("kind", ["fastest", "parallel", "ordered"])
    @pytest.mark.parametrize("broken", [silent, unreachable, says_no(RCode.SERVFAIL), says_no(RCode.REFUSED)])
    def test_one_broken_upstream_costs_no_answer(self, kind: Kind, broken: Script) -> None:
        async def scenario() -> None:
            house = House(kind=kind, bad=broken, good=answers())
            for number in range(50):
                began = now()
                outcome = await house.ask(f"{number}.example")
                assert addresses(outcome) == ("192.0.2.1",)
                assert now() - began < 1.5
            await asyncio.sleep(10)
            assert house.open_exchanges() == 0

        play(scenario())

    @pytest.mark.parametrize("rcode", [RCode.REFUSED, RCode.SERVFAIL])
    def test_an_upstream_that_keeps_a_name_closed_is_sound_and_nobody_else_is_asked(self, rcode: int) -> None:
        def closes(query: Query) -> Says:
            return Says(failure_answer(query, rcode)._replace(denied=int(Ede.FILTERED)))

        async def scenario() -> None:
            house = House(kind="ordered", family=closes, open=answers())
            for number in range(20):
                outcome = await house.ask(f"{number}.example")
                assert isinstance(outcome, Resolved)
                assert (outcome.answer.rcode, outcome.upstream) == (rcode, "family")
            assert house.asked()["open"] == 0

        play(scenario())

    @pytest.mark.parametrize("rcode", [RCode.REFUSED, RCode.SERVFAIL])
    def test_one_name_that_is_refused_again_and_again_moves_no_other_to_the_next_upstream(self, rcode: int) -> None:
        def first(query: Query) -> Says:
            refuses = query.name.startswith("bad")
            return Says(failure_answer(query, rcode) if refuses else address_answer(query, "192.0.2.1"))

        async def scenario() -> None:
            house = House(kind="ordered", first=first, second=answers("192.0.2.2"))
            for number in range(25):
                house.resolver.flush("bad.example")  # as if it were new: else the answer of the second serves
                assert addresses(await house.ask("bad.example")) == ("192.0.2.2",)
                assert addresses(await house.ask(f"{number}.example")) == ("192.0.2.1",)
                await asyncio.sleep(0.8)
            assert house.asked() == {"first": 50, "second": 25}

        play(scenario())

    @pytest.mark.parametrize("rcode", [RCode.REFUSED, RCode.SERVFAIL])
    def test_an_upstream_that_refuses_five_names_in_a_row_is_left_alone(self, rcode: int) -> None:
        async def scenario() -> None:
            house = House(kind="ordered", first=says_no(rcode), second=answers("192.0.2.2"))
            for number in range(5):
                assert house.resolver.health()[0]["up"]
                await house.ask(f"{number}.example")
            assert not house.resolver.health()[0]["up"]
            await house.ask("another.example")
            assert house.asked() == {"first": 5, "second": 6}

        play(scenario())

    def test_a_dead_upstream_is_soon_left_alone(self) -> None:
        async def scenario() -> None:
            house = House(kind="ordered", dead=silent, good=answers())
            for number in range(100):
                await house.ask(f"{number}.example")
            assert house.asked()["dead"] == 1

        play(scenario())

    def test_a_dead_upstream_that_comes_back_is_noticed_and_used_again(self) -> None:
        async def scenario() -> None:
            house = House(kind="ordered", first=silent, second=answers("192.0.2.2"))
            await house.ask("a.example")
            house.upstreams["first"].script = answers("192.0.2.1")
            await asyncio.sleep(70)
            await house.ask("b.example")
            await asyncio.sleep(1)
            assert addresses(await house.ask("c.example")) == ("192.0.2.1",)

        play(scenario())

    def test_the_fastest_gets_nearly_all_queries(self) -> None:
        async def scenario() -> None:
            house = House(kind="fastest", slow=answers(after=0.2), quick=answers(after=0.01))
            for number in range(100):
                await house.ask(f"{number}.example")
                await asyncio.sleep(1)
            assert house.asked()["quick"] == 100
            assert house.asked()["slow"] < 10

        play(scenario())

    def test_a_late_answer_is_taken_when_nobody_else_has_one(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(after=3.5))
            began = now()
            assert addresses(await house.ask()) == ("192.0.2.1",)
            assert now() - began == pytest.approx(3.5, abs=0.01)

        play(scenario())

    def test_silence_everywhere_ends_after_the_time_budget(self) -> None:
        async def scenario() -> None:
            house = House(one=silent, two=silent)
            began = now()
            outcome = await house.ask()
            assert isinstance(outcome, UpstreamError)
            assert (str(outcome), outcome.ede) == ("no answer within 4 s from one, two", Ede.NO_REACHABLE_AUTHORITY)
            assert now() - began == pytest.approx(4.0, abs=0.01)
            assert house.open_exchanges() == 0

        play(scenario())

    def test_nobody_reachable_fails_at_once(self) -> None:
        async def scenario() -> None:
            house = House(one=unreachable, two=unreachable)
            began = now()
            outcome = await house.ask()
            assert isinstance(outcome, UpstreamError)
            assert outcome.ede == Ede.NETWORK_ERROR
            assert now() - began < 0.01

        play(scenario())

    def test_servfail_from_everybody_is_passed_on(self) -> None:
        async def scenario() -> None:
            house = House(one=says_no(RCode.SERVFAIL), two=says_no(RCode.SERVFAIL))
            outcome = await house.ask()
            assert isinstance(outcome, Resolved)
            assert outcome.answer.rcode == RCode.SERVFAIL
            assert house.asked() == {"one": 1, "two": 1}

        play(scenario())


class TestRememberedFailures:
    def test_servfail_is_remembered_and_asked_again_later_and_later(self) -> None:
        async def scenario() -> None:
            house = House(one=says_no(RCode.SERVFAIL))
            began = now()
            instants = []
            while now() - began < 100:
                before = house.asked()["one"]
                outcome = await house.ask()
                assert isinstance(outcome, Resolved)
                assert outcome.answer.rcode == RCode.SERVFAIL
                if house.asked()["one"] > before:
                    instants.append(round(now() - began))
                await asyncio.sleep(0.1)
            assert instants == [0, 1, 3, 7, 15, 31, 61, 91]

        play(scenario())

    def test_silence_is_remembered_as_a_cached_failure(self) -> None:
        async def scenario() -> None:
            house = House(one=unreachable)
            await house.ask()
            outcome = await house.ask()
            assert isinstance(outcome, UpstreamError)
            assert outcome.ede == Ede.CACHED_ERROR
            assert house.asked() == {"one": 1}

        play(scenario())

    def test_when_the_network_is_back_every_question_may_be_asked_again(self) -> None:
        async def scenario() -> None:
            house = House(one=unreachable)
            for _ in range(5):
                await house.ask("a.example")
                await asyncio.sleep(20)
            await house.ask("a.example")
            house.upstreams["one"].script = answers()
            await asyncio.sleep(1)  # the least that a failure is remembered
            assert isinstance(await house.ask("a.example"), UpstreamError)
            await house.ask("b.example")
            assert addresses(await house.ask("a.example")) == ("192.0.2.1",)

        play(scenario())

    def test_what_another_upstream_answers_does_not_end_an_outage(self) -> None:
        async def scenario() -> None:
            house = House(routes={"lan": "router"}, one=unreachable, router=answers())
            for _ in range(5):
                await house.ask("a.example")
                await asyncio.sleep(20)
            await house.ask("a.example")
            before = house.asked()["one"]
            await asyncio.sleep(1)
            await house.ask("printer.lan")
            await house.ask("a.example")
            assert house.asked()["one"] == before

        play(scenario())

    @pytest.mark.parametrize("others", [0.5, 5.0])
    def test_a_name_that_nobody_answers_is_left_alone_longer_and_longer_though_others_get_answers(
        self, others: float
    ) -> None:
        def dead(query: Query) -> Says | None:
            return None if query.name == "dead.example" else Says(address_answer(query), 0.01)

        async def scenario() -> None:
            house = House(one=dead)
            began = now()
            instants: list[float] = []
            number = 0
            while now() - began < 300:
                before = len(house.upstreams["one"].asked)
                since = now()
                await house.ask("dead.example")
                if len(house.upstreams["one"].asked) > before:
                    instants.append(since)
                await house.ask(f"{number}.example")
                number += 1
                await asyncio.sleep(others)
            assert len(instants) < 16
            assert all(later - earlier > 5 for earlier, later in pairwise(instants)), "4 s without an answer, and 1 s"

        play(scenario())

    def test_a_failure_never_pushes_out_a_fresh_answer(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(ttl=60))
            await house.ask()
            house.upstreams["one"].script = says_no(RCode.SERVFAIL)
            await resolved(house.resolver, question())
            assert house.resolver.cached(question()) is not None

        play(scenario())


class TestStale:
    def test_a_stale_answer_serves_after_a_while_and_the_fresh_one_follows(self) -> None:
        async def scenario() -> None:
            house = House(one=answers("192.0.2.1", ttl=60))
            await house.ask()
            await asyncio.sleep(61)
            house.upstreams["one"].script = answers("192.0.2.2", after=3.0)
            began = now()
            outcome = await house.ask()
            assert isinstance(outcome, Resolved)
            assert (outcome.stale, outcome.answer.addresses, outcome.upstream) == (True, ("192.0.2.1",), "")
            assert now() - began == pytest.approx(1.8, abs=0.01)
            await asyncio.sleep(1.3)
            assert addresses(await house.ask()) == ("192.0.2.2",)
            assert house.counters["cache", "stale"] == 1

        play(scenario())

    def test_who_comes_later_does_not_wait_again(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(ttl=60))
            await house.ask()
            await asyncio.sleep(61)
            house.upstreams["one"].script = silent
            await house.ask()
            began = now()
            outcome = await house.ask()
            assert isinstance(outcome, Resolved)
            assert outcome.stale
            assert now() - began < 0.01

        play(scenario())

    @pytest.mark.parametrize("broken", [unreachable, says_no(RCode.SERVFAIL), says_no(RCode.REFUSED)])
    def test_a_failure_serves_stale_at_once_and_while_it_is_remembered(self, broken: Script) -> None:
        async def scenario() -> None:
            house = House(one=answers(ttl=60))
            await house.ask()
            await asyncio.sleep(61)
            house.upstreams["one"].script = broken
            began = now()
            outcomes = [await house.ask(), await house.ask()]
            assert [isinstance(one, Resolved) and one.stale for one in outcomes] == [True, True]
            assert now() - began < 0.05
            assert house.asked() == {"one": 2}

        play(scenario())

    def test_with_every_upstream_known_to_be_dead_nobody_waits_for_a_stale_answer(self) -> None:
        async def scenario() -> None:
            house = House(one=answers(ttl=60))
            await house.ask("stale.example")
            await asyncio.sleep(61)
            house.upstreams["one"].script = silent
            for number in range(SILENCES):
                await house.ask(f"{number}.example")
            began = now()
            outcome = await house.ask("stale.example")
            assert isinstance(outcome, Resolved)
            assert outcome.stale
            assert now() - began < 0.01

        play(scenario())

    @pytest.mark.parametrize("upstreams", [1, 2])
    def test_while_one_name_gets_no_answer_the_others_get_fresh_ones(self, upstreams: int) -> None:
        address = "192.0.2.1"

        def dead(query: Query) -> Says | None:
            return None if query.name == "dead.example" else Says(address_answer(query, address), 0.01)

        async def scenario() -> None:
            nonlocal address
            house = House(one=dead) if upstreams == 1 else House(one=dead, two=dead)
            await house.ask()
            await asyncio.sleep(61)
            address = "192.0.2.2"
            waiting = spawn(house.ask("dead.example"), "waiter")
            await asyncio.sleep(1.5)
            assert addresses(await house.ask()) == ("192.0.2.2",)
            await waiting
            await asyncio.sleep(61)
            address = "192.0.2.3"
            assert addresses(await house.ask()) == ("192.0.2.3",)

        play(scenario())

    def test_an_upstream_that_answers_others_meanwhile_is_not_benched_for_a_name_without_an_answer(self) -> None:
        def dead(query: Query) -> Says | None:
            return None if query.name == "dead.example" else Says(address_answer(query), 0.01)

        async def scenario() -> None:
            house = House(one=dead, two=dead)
            waiting = spawn(house.ask("dead.example"), "waiter")
            for number in range(50):
                await house.ask(f"{number}.example")
                await asyncio.sleep(0.1)
            await waiting
            names = [query.name for query in house.upstreams["one"].asked]
            assert len(names) - names.count("dead.example") == 50

        play(scenario())

    def test_what_a_newer_answer_has_replaced_is_not_served_though_the_newer_may_not_be_cached(self) -> None:
        async def scenario() -> None:
            house = House(one=answers("192.0.2.1", ttl=60))
            await house.ask()
            await asyncio.sleep(61)
            house.upstreams["one"].script = answers("192.0.2.2", ttl=0)
            assert addresses(await house.ask()) == ("192.0.2.2",)
            house.upstreams["one"].script = unreachable
            assert isinstance(await house.ask(), UpstreamError)

        play(scenario())

    def test_too_old_an_answer_is_not_served(self) -> None:
        async def scenario() -> None:
            house = House(stale=100, one=answers(ttl=60))
            await house.ask()
            await asyncio.sleep(161)
            house.upstreams["one"].script = unreachable
            assert isinstance(await house.ask(), UpstreamError)

        play(scenario())
