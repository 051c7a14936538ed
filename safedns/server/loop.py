"""The event loop of a resolver: asyncio's own, with a selector that serves hot sockets before asyncio sees them.

    epoll --> a hot socket is ready --> its reader, at once, as a plain call
          --> anything else ----------> asyncio, as usual

asyncio spends several microseconds on each wake-up (a handle, a context, the timers); a query that is answered from
the memo needs one. A reader that leaves work for asyncio (a task for a miss) says so by returning ``True``. Must not
know what the sockets carry.
"""

from __future__ import annotations

import select
import selectors
from collections.abc import Callable

from safedns.clock import Clock

Reader = Callable[[], bool]
"""Serves one socket; ``True`` = asyncio has something to do now."""

_EVENTS = 64
_LONG = 3600.0
"""Seconds; asyncio does not mind being woken for nothing."""


class HotSelector(selectors.EpollSelector):
    """An epoll selector with readers of its own for some sockets."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._hot: dict[int, Reader] = {}
        self._epoll: select.epoll = self._selector  # type: ignore[attr-defined]  # what EpollSelector is made of

    def add_hot(self, descriptor: int, reader: Reader) -> None:
        """Call ``reader`` whenever ``descriptor`` is readable."""
        self._hot[descriptor] = reader
        self._epoll.register(descriptor, select.EPOLLIN)

    def remove_hot(self, descriptor: int) -> None:
        """Never call its reader again."""
        if self._hot.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What asyncio should know, after at most ``timeout`` seconds; hot sockets are served meanwhile."""
        now = self._clock.monotonic
        deadline = now() + (_LONG if timeout is None else max(timeout, 0.0))
        while True:
            left = deadline - now()
            try:
                events = self._epoll.poll(left if left > 0.0 else 0.0, _EVENTS)
            except InterruptedError:
                return []
            ready, leave = self._serve(events)
            if ready or leave or left <= 0.0 or not events:
                return ready

    def _serve(self, events: list[tuple[int, int]]) -> tuple[list[tuple[selectors.SelectorKey, int]], bool]:
        ready: list[tuple[selectors.SelectorKey, int]] = []
        leave = False
        for descriptor, event in events:
            reader = self._hot.get(descriptor)
            if reader is not None:
                leave = reader() or leave
            elif key := self.get_map().get(descriptor):
                mask = (selectors.EVENT_READ if event & ~select.EPOLLOUT else 0) | (
                    selectors.EVENT_WRITE if event & ~select.EPOLLIN else 0
                )
                ready.append((key, mask & key.events))
        return ready, leave
