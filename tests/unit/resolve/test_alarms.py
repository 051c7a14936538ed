"""Alarms: in time, once, and not for those who no longer want them."""

from __future__ import annotations

import asyncio

from safedns.resolve.alarms import Alarms
from tests.unit.resolve.virtual import LoopClock, VirtualLoop, now, play


class Sleeper:
    def __init__(self) -> None:
        self.wake_at = float("inf")
        self.woken_at: list[float] = []

    def sleep(self, alarms: Alarms, seconds: float) -> None:
        self.wake_at = now() + seconds
        alarms.set(self.wake_at, self)

    def woken(self, at: float) -> None:
        self.wake_at = float("inf")
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
        never.wake_at = float("inf")
        await asyncio.sleep(5)
        assert [round(at - start) for at in earlier.woken_at] == [1]
        assert [round(at - start) for at in later.woken_at] == [3]
        assert never.woken_at == []

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
            sleeper.wake_at = float("inf")
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
