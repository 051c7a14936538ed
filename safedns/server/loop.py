"""The event loop of a resolver: asyncio's own, but readers are called at once, as plain functions.

    epoll --> a descriptor that was given to ``add_reader`` --> its callback, within the wake-up
          --> a stream, a pipe, a signal ---------------------> asyncio, as usual

asyncio spends several microseconds on each event (a handle, a context, a turn of the loop); a query that the memo
answers needs less than one. While callbacks leave nothing for asyncio to do, the loop goes straight back to waiting.
Must not know what the descriptors carry.
"""

from __future__ import annotations

import asyncio
import select
import selectors
from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple

from safedns.clock import Clock

_EVENTS = 64
"""Descriptors served in one wake-up."""
_LONG = 3600.0
"""Seconds; asyncio does not mind being woken for nothing."""

_Args = TypeVarTuple("_Args")


class HasFileno(Protocol):
    """A socket or file."""

    def fileno(self) -> int: ...


Ready = list[tuple[selectors.SelectorKey, int]]


class HotLoop(asyncio.SelectorEventLoop):
    """An event loop whose ``add_reader`` costs a function call per event. Only for Linux, as all of safedns."""

    def __init__(self, clock: Clock) -> None:
        self._hot = _HotSelector(self, clock)
        super().__init__(self._hot)

    def add_reader(self, fd: int | HasFileno, callback: Callable[[*_Args], Any], *args: *_Args) -> None:
        """As asyncio's, without its handle: ``callback`` is called directly whenever ``fd`` is readable."""
        self._hot.add_hot(_number(fd), (lambda: callback(*args)) if args else callback)

    def remove_reader(self, fd: int | HasFileno) -> bool:
        """As asyncio's."""
        return self._hot.remove_hot(_number(fd))

    def has_work(self, before: float) -> bool:
        """Whether asyncio has something to do now, or a timer that is due ``before`` (loop time)."""
        # Stable internals of asyncio's base loop: what is ready to run, and the heap of timers.
        return bool(self._ready) or bool(self._scheduled and self._scheduled[0]._when < before)  # type: ignore[attr-defined]


class _HotSelector(selectors.EpollSelector):
    """An epoll selector that serves hot descriptors itself and tells asyncio of the others."""

    def __init__(self, loop: HotLoop, clock: Clock) -> None:
        super().__init__()
        self._loop = loop
        self._clock = clock
        self._callbacks: dict[int, Callable[[], Any]] = {}
        self._epoll: select.epoll = self._selector  # type: ignore[attr-defined]  # what EpollSelector is made of

    def add_hot(self, descriptor: int, callback: Callable[[], Any]) -> None:
        if descriptor not in self._callbacks:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._callbacks[descriptor] = callback

    def remove_hot(self, descriptor: int) -> bool:
        if self._callbacks.pop(descriptor, None) is None:
            return False
        self._epoll.unregister(descriptor)
        return True

    def select(self, timeout: float | None = None) -> Ready:
        """What asyncio should know, after at most ``timeout`` seconds; hot descriptors are served meanwhile."""
        now = self._clock.monotonic
        deadline = now() + (_LONG if timeout is None else max(timeout, 0.0))
        while True:
            left = deadline - now()
            try:
                events = self._epoll.poll(left if left > 0.0 else 0.0, _EVENTS)
            except InterruptedError:
                return []
            ready = self._serve(events)
            if ready or left <= 0.0 or not events or self._loop.has_work(deadline):
                return ready

    def _serve(self, events: list[tuple[int, int]]) -> Ready:
        ready: Ready = []
        callbacks = self._callbacks
        for descriptor, event in events:
            callback = callbacks.get(descriptor)
            if callback is not None:
                try:
                    callback()
                except Exception as error:  # noqa: BLE001 - as asyncio's own handles do: one reader must not end the loop
                    self._loop.call_exception_handler({"message": f"reader of {descriptor}", "exception": error})
            elif key := self._fd_to_key.get(descriptor):  # type: ignore[attr-defined]  # asyncio's own registrations
                mask = (selectors.EVENT_READ if event & ~select.EPOLLOUT else 0) | (
                    selectors.EVENT_WRITE if event & ~select.EPOLLIN else 0
                )
                ready.append((key, mask & key.events))
        return ready


def _number(fd: int | HasFileno) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())
