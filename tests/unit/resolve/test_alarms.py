"""Alarms: in time, once, and not for those who no longer want them."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from safedns.resolve.alarms import Alarms
from tests.unit.resolve.virtual import LoopClock, VirtualLoop, now, play


class Sleeper:
    def __init__(self) -> None:
        self.alarm = 0
        self.woken_at: list[float] = []

    def sleep(self, alarms: Alarms, seconds: float) -> None:
        alarms.take_back(self.alarm)
        self.alarm = alarms.set(now() + seconds, self)

    def woken(self, at: float) -> None:
        self.woken_at.append(at)


def test_everybody_is_woken_in_time_whatever_the_order_of_asking() -> None:
    async def scenario() -> None:
        alarms, start = Alarms(LoopClock()), now()
        sleepers = {seconds: Sleeper() for seconds in (3.0, 1.0, 2.0, 1.0001)}
        for seconds, sleeper in sleepers.items():
            sleeper.sleep(alarms, seconds)
        await asyncio.sleep(5)
        for seconds, sleeper in sleepers.items():
            assert [round(at - start, 2) for at in sleeper.woken_at] == [round(seconds, 2)]

    play(scenario())


def test_who_changed_their_mind_is_woken_at_the_new_time_only() -> None:
    async def scenario() -> None:
        alarms, start = Alarms(LoopClock()), now()
        earlier, later, never = Sleeper(), Sleeper(), Sleeper()
        for sleeper in (earlier, later, never):
            sleeper.sleep(alarms, 2.0)
        earlier.sleep(alarms, 1.0)
        later.sleep(alarms, 3.0)
        alarms.take_back(never.alarm)
        await asyncio.sleep(5)
        assert [round(at - start) for at in earlier.woken_at] == [1]
        assert [round(at - start) for at in later.woken_at] == [3]
        assert never.woken_at == []

    play(scenario())


@pytest.mark.usefixtures("no_collector")
def test_an_alarm_that_is_over_keeps_nobody_in_memory() -> None:
    async def scenario() -> None:
        alarms, sleeper = Alarms(LoopClock()), Sleeper()
        sleeper.sleep(alarms, 60.0)
        rung = Sleeper()
        rung.sleep(alarms, 1.0)
        await asyncio.sleep(2)
        alarms.take_back(sleeper.alarm)
        over = [weakref.ref(sleeper), weakref.ref(rung)]
        del sleeper, rung
        assert [each() for each in over] == [None, None]
        waiting = Sleeper()
        waiting.sleep(alarms, 60.0)
        alarms.close()
        closed = weakref.ref(waiting)
        del waiting
        assert closed() is None

    play(scenario())


def test_to_take_back_an_alarm_that_has_rung_or_was_never_set_changes_nothing() -> None:
    async def scenario() -> None:
        alarms, early, late = Alarms(LoopClock()), Sleeper(), Sleeper()
        early.sleep(alarms, 1.0)
        late.sleep(alarms, 2.0)
        await asyncio.sleep(1.5)
        for number in (early.alarm, 0):
            alarms.take_back(number)
        await asyncio.sleep(1)
        assert len(early.woken_at) == len(late.woken_at) == 1

    play(scenario())


def test_after_closing_nobody_is_woken() -> None:
    async def scenario() -> None:
        alarms, sleeper = Alarms(LoopClock()), Sleeper()
        sleeper.sleep(alarms, 1.0)
        alarms.close()
        await asyncio.sleep(2)
        assert sleeper.woken_at == []

    play(scenario())


def test_the_loop_is_not_woken_for_those_who_have_landed() -> None:
    async def scenario() -> None:
        alarms = Alarms(LoopClock())
        sleepers = [Sleeper() for _ in range(100)]
        for number, sleeper in enumerate(sleepers):
            sleeper.sleep(alarms, 1.0 + number / 100)
        for sleeper in sleepers[:-1]:
            alarms.take_back(sleeper.alarm)
        turns = await _turns_of_the_loop(3.0)
        assert len(sleepers[-1].woken_at) == 1
        assert turns < 10

    play(scenario())


async def _turns_of_the_loop(seconds: float) -> int:
    """How often the loop woke up within ``seconds``."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    before = loop.jumps
    await asyncio.sleep(seconds)
    return loop.jumps - before
