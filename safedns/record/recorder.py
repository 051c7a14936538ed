"""The recorder process's core: batches from every link into the query log and into the totals that metrics show.

::

    link a --+-> events -> LogWriter, Meter (a commit every 250 ms, a purge every hour)
    link b --+-> counter deltas, gauges -> Totals <- metrics reads at scrape, after ``refresh``

Nothing that arrives on a link may stop it; DNS does not notice whether it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from safedns.clock import Clock
from safedns.record.counters import Counters, Key
from safedns.record.link import Batch, EventReceiver
from safedns.record.schema import QUERY_LOG, STATE
from safedns.record.usage import Meter
from safedns.record.writer import LogWriter

COMMIT_EVERY = 0.25
PURGE_EVERY = 3600.0
PURGE_PAUSE = 0.02
"""Seconds between two slices of a purge, in which links and scrapes are served."""
TELL_EVERY = 3.0
"""Seconds between two words that minutes of use have grown: a used-up limit acts well within ten."""
REFRESH_WITHIN = 0.1
"""Seconds that a scrape waits for the resolvers' newest numbers."""


class Totals:
    """Everything counted since this process began, and the latest gauges of each worker."""

    __slots__ = ("counters", "gauges")

    def __init__(self) -> None:
        self.counters: dict[Key, int] = {}
        self.gauges: dict[str, dict[Key, float]] = {}

    def add(self, deltas: Mapping[Key, int]) -> None:
        """Add counter deltas."""
        for key, count in deltas.items():
            self.counters[key] = self.counters.get(key, 0) + count


class _Link:
    """One worker's receiver, and whether its numbers have come since they were asked for."""

    __slots__ = ("fresh", "receiver")

    def __init__(self, receiver: EventReceiver) -> None:
        self.receiver = receiver
        self.fresh = asyncio.Event()


class Recorder:
    """Ties links, query log, meter and totals together. Raises ``StorageError`` for a file of a newer version."""

    def __init__(self, clock: Clock, folder: Path, keep: float, used: Callable[[], None]) -> None:
        """``folder``: where the files are; ``used`` is called once the meter is ready and when minutes have grown."""
        self.totals = Totals()
        self.keep = keep
        """Seconds that a row lives; may be changed at any time."""
        self._clock = clock
        self._own = Counters()
        self._writer = LogWriter(folder / QUERY_LOG.name, clock, self._own)
        self._meter = Meter(folder / STATE.name, clock)
        self._used = used
        self._grown = True
        self._tell_at = clock.monotonic()
        self._links: dict[str, _Link] = {}

    def add_link(self, worker: str, sock: socket.socket) -> None:
        """Read ``worker``'s events from ``sock`` (and own it) from now on; its earlier link is closed."""
        self.remove_link(worker)
        receiver = EventReceiver(sock, partial(self._take, worker))
        self._links[worker] = _Link(receiver)
        receiver.attach(asyncio.get_running_loop())

    def remove_link(self, worker: str) -> None:
        """Close ``worker``'s link, if there is one, and forget its gauges."""
        if (link := self._links.pop(worker, None)) is not None:
            link.receiver.close()
        self.totals.gauges.pop(worker, None)

    async def refresh(self, within: float = REFRESH_WITHIN) -> None:
        """Ask every worker for its newest numbers and wait for them, at most ``within`` seconds."""
        for link in self._links.values():
            link.receiver.nudge()
            link.fresh.clear()
        self._drop_closed()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_all(link.fresh for link in self._links.values()), within)
        self._count_own()

    async def run(self) -> None:
        """Commit and purge by the clock until cancelled; then everything received is committed."""
        next_purge = self._clock.monotonic()
        try:
            while True:
                await asyncio.sleep(COMMIT_EVERY)
                self._writer.commit()
                self._meter_minutes()
                self._count_own()
                self._drop_closed()
                if self._clock.monotonic() >= next_purge:
                    next_purge += PURGE_EVERY
                    await self._purge()
        finally:
            self.close()

    def close(self) -> None:
        """Take what still lies in the links, commit, close; a second call does nothing."""
        for worker in list(self._links):
            self._links[worker].receiver.read()
            self.remove_link(worker)
        self._writer.close()
        self._meter.close()
        self._count_own()

    def _meter_minutes(self) -> None:
        self._grown |= self._meter.commit()
        if self._grown and self._clock.monotonic() >= self._tell_at:
            self._grown = False
            self._tell_at = self._clock.monotonic() + TELL_EVERY
            self._used()

    async def _purge(self) -> None:
        while self._writer.purge(self.keep) or self._meter.purge(self.keep):
            await asyncio.sleep(PURGE_PAUSE)
            self._writer.commit()

    def _take(self, worker: str, batch: Batch) -> None:
        self.totals.add(batch.deltas)
        if batch.gauges is not None:
            self.totals.gauges[worker] = batch.gauges
            self._links[worker].fresh.set()
        self._writer.add(batch.events, worker, batch.mark)
        self._meter.add(batch.events)

    def _count_own(self) -> None:
        self.totals.add(self._own.drain())

    def _drop_closed(self) -> None:
        for worker in [worker for worker, link in self._links.items() if link.receiver.closed]:
            self.remove_link(worker)


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in list(events):
        await event.wait()
