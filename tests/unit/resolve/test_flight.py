"""One question on its way: what waiters, upstreams and the table of flights see of it."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.alarms import Alarms
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.flight import Flight, Member, Resolved
from safedns.resolve.strategy import Health, Kind, Team
from safedns.wire.query import Query
from safedns.wire.types import RCode
from tests.unit.resolve.house import Says, Script, ScriptedUpstream, answers, says_no, silent
from tests.unit.resolve.values import FakeCounters, address_answer, question
from tests.unit.resolve.virtual import LoopClock, play


class Watched:
    """A flight with what it reports."""

    def __init__(self, *scripts: Script, kind: Kind = "ordered", stale: bool = False) -> None:
        self.log: list[str] = []
        self.upstreams = [ScriptedUpstream(f"u{number}", script) for number, script in enumerate(scripts)]
        members = [
            Member(one, Health(), UpstreamMeter(FakeCounters(), one.name), secure=True) for one in self.upstreams
        ]
        self.healths = [member.health for member in members]
        query = question()
        self.flight = Flight(
            query,
            Team(kind, self.healths),
            members,
            LoopClock(),
            Alarms(LoopClock()),
            address_answer(query, "192.0.2.77") if stale else None,
            landed=self.landed,
            ended=lambda _: self.log.append("ended"),
            served_stale=lambda: self.log.append("stale"),
        )
        self.flight.start()

    def outcome(self) -> asyncio.Future[Any]:
        """What a waiter who joins now gets."""
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.flight.join(waiter.set_result)
        return waiter

    def landed(self, flight: Flight, outcome: Resolved | UpstreamError) -> None:
        self.log.append(f"landed by {outcome.upstream}" if isinstance(outcome, Resolved) else "landed with an error")
        flight.release(outcome)


def test_it_lands_once_and_ends_once() -> None:
    async def scenario() -> None:
        watched = Watched(answers())
        await watched.outcome()
        assert watched.log == ["landed by u0", "ended"]

    play(scenario())


def test_after_landing_it_listens_to_the_others_for_what_they_say_about_themselves() -> None:
    async def scenario() -> None:
        watched = Watched(answers(after=0.01), answers(after=0.3), silent, kind="parallel")
        await watched.outcome()
        assert watched.log == ["landed by u0"]
        await asyncio.sleep(2)
        assert watched.log == ["landed by u0", "ended"]
        assert watched.healths[1].srtt == pytest.approx(0.3, abs=0.001)
        assert [health.sound for health in watched.healths] == [True, True, False]
        assert not any(exchange.open for one in watched.upstreams for exchange in one.exchanges)

    play(scenario())


def test_a_stale_answer_reaches_those_who_wait_and_those_who_come_while_the_flight_goes_on() -> None:
    async def scenario() -> None:
        watched = Watched(answers("192.0.2.1", after=3.0), stale=True)
        waited = await watched.outcome()
        late = await watched.outcome()
        assert [one.answer.addresses for one in (waited, late)] == [("192.0.2.77",)] * 2
        await asyncio.sleep(3)
        assert watched.log == ["stale", "stale", "landed by u0", "ended"]

    play(scenario())


def test_a_fault_in_an_upstreams_code_is_logged_and_the_next_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    def faulty(_: Query) -> Says:
        raise ZeroDivisionError("a fault")

    async def scenario() -> None:
        watched = Watched(faulty, answers())
        assert (await watched.outcome()).upstream == "u1"

    play(scenario())
    assert [record.getMessage() for record in caplog.records] == ["asking upstream u0 failed"]


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    ("scripts", "kind", "seconds"),
    [
        ((answers(),), "ordered", 0.1),
        ((says_no(RCode.SERVFAIL), answers()), "ordered", 0.1),
        ((answers(after=0.01), answers(after=0.3), silent), "parallel", 2),
    ],
)
def test_nothing_of_it_is_left_when_it_has_ended(scripts: tuple[Script, ...], kind: Kind, seconds: float) -> None:
    """Neither by its alarms nor by a cycle: thousands a second would wait for the collector with all that is theirs."""

    async def scenario() -> None:
        watched = Watched(*scripts, kind=kind)
        await watched.outcome()
        await asyncio.sleep(seconds)
        assert watched.log[-1] == "ended"
        assert flights() == before + 1
        del watched.flight
        for one in watched.upstreams:
            one.exchanges.clear()
        assert flights() == before

    before = flights()
    play(scenario())


def flights() -> int:
    """How many there are in memory."""
    return sum(isinstance(each, Flight) for each in gc.get_objects())


def test_abandoning_gives_waiters_the_error_and_cancels_what_is_open() -> None:
    async def scenario() -> None:
        watched = Watched(silent)
        waiter = watched.outcome()
        watched.flight.abandon(UpstreamError("stopping"))
        assert str(await waiter) == "stopping"
        assert watched.log == ["landed with an error", "ended"]
        assert not watched.upstreams[0].exchanges[0].open

    play(scenario())
