"""When flights want to be woken: one timer of the event loop for all of them.

Nearly every flight lands before its alarm, so that setting one and taking it back must be cheap: who takes it back is
let go at once, with all that hangs on him, and the time alone stays behind until it comes.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from safedns.clock import Clock


class Sleeper(Protocol):
    """Who can be woken."""

    def woken(self, now: float) -> None:
        """It is time (monotonic seconds)."""
        ...


class Alarms:
    """Alarms by time."""

    __slots__ = ("_clock", "_heap", "_numbers", "_sleepers", "_timer", "_timer_at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int]] = []
        self._sleepers: dict[int, Sleeper] = {}
        """By the number of the alarm."""
        self._numbers = count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")

    def set(self, at: float, sleeper: Sleeper) -> int:
        """Wake ``sleeper`` at ``at`` (monotonic seconds), once; returns the number to take it back by, never nought."""
        number = next(self._numbers)
        self._sleepers[number] = sleeper
        heappush(self._heap, (at, number))
        if at < self._timer_at:
            self._arm(at)
        return number

    def take_back(self, number: int) -> None:
        """Forget an alarm, if it is still to come."""
        self._sleepers.pop(number, None)

    def close(self) -> None:
        """Wake nobody any more."""
        self._heap.clear()
        self._sleepers.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = asyncio.get_running_loop().call_later(max(0.0, at - self._clock.monotonic()), self._ring)

    def _ring(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        now = self._clock.monotonic()
        heap, sleepers = self._heap, self._sleepers
        while heap and heap[0][0] <= now:
            sleeper = sleepers.pop(heappop(heap)[1], None)
            if sleeper is not None:
                sleeper.woken(now)
        while heap and heap[0][1] not in sleepers:
            heappop(heap)  # taken back: most are, and a wake-up for each would cost more than its answer
        if heap and heap[0][0] < self._timer_at:
            self._arm(heap[0][0])
