"""When flights want to be woken: one timer of the event loop for all of them.

Nearly every flight lands before its alarm, so that setting one must be cheap and nothing is done to take it back: an
alarm that is no longer meant is found out when it is due.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from safedns.clock import Clock


class Sleeper(Protocol):
    """Who can be woken."""

    @property
    def wake_at(self) -> float:
        """When it wants to be, monotonic seconds; infinite = no longer."""
        ...

    def woken(self, now: float) -> None:
        """It is time."""
        ...


class Alarms:
    """Alarms by time."""

    __slots__ = ("_clock", "_heap", "_numbers", "_timer", "_timer_at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Sleeper]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")

    def set(self, at: float, sleeper: Sleeper) -> None:
        """Wake ``sleeper`` at ``at`` (monotonic seconds) if that is still its ``wake_at`` then."""
        heappush(self._heap, (at, next(self._numbers), sleeper))
        if at < self._timer_at:
            self._arm(at)

    def close(self) -> None:
        """Wake nobody any more."""
        self._heap.clear()
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
        heap = self._heap
        while heap and heap[0][0] <= now:
            at, _, sleeper = heappop(heap)
            if sleeper.wake_at == at:
                sleeper.woken(now)
        while heap and heap[0][2].wake_at != heap[0][0]:
            heappop(heap)  # landed meanwhile: most have, and a wake-up for each would cost more than its answer
        if heap and heap[0][0] < self._timer_at:
            self._arm(heap[0][0])
