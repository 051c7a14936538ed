"""Virtual time for asyncio: timers fire in order, at once. A wait that nothing can end is an error, not a hang."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_TICK = 1e-6
"""Virtual seconds that each turn of the loop takes, so that time never stands still."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when nothing is to be read.

    For code without sockets, or with both ends of each in this loop: what is sent on loopback is there at once.
    """

    def __init__(self) -> None:
        self._now = 1000.0
        self.jumps = 0
        """How often time was skipped."""
        super().__init__(_Jumping(self.advance))

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self.jumps += 1

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: object) -> asyncio.Future[T]:  # noqa: ARG002 - asyncio's signature
        """What would be done in a thread is done at once: no time passes meanwhile."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done


class _Jumping(selectors.DefaultSelector):
    """Skips the time for which it is told to wait."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if ready := super().select(0):
            self._advance(_TICK)
            return ready
        if timeout is None:
            raise RuntimeError("every task waits for something that will never happen")
        self._advance(max(timeout, _TICK))
        return super().select(0)


class LoopClock:
    """A ``Clock`` that shows the running loop's time."""

    def wall(self) -> float:
        return self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def now() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()


def play(scenario: Coroutine[Any, Any, T]) -> T:
    """Run a scenario in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scenario)
