"""Memory, descriptors and CPU time of every process of a household, looked at every few seconds (Linux)."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.bench.compare.process import parse_pss
from tests.bench.soak.ledger import CLOCK

EVERY = 2.0
"""Seconds."""
HOUR = 3600.0
_PROC = Path("/proc")
_PROCESS_CLOCK = 2
"""``CPUCLOCK_SCHED`` of the Linux ABI: with the complemented id above it, the clock of a whole process, in ns."""
_PAGE_KIB = 4


class Sample(NamedTuple):
    """One process at one moment."""

    at: float
    rss: float
    """MiB."""
    pss: float
    """MiB; a page shared by several processes is counted once in all."""
    descriptors: int
    cpu: float
    """Seconds since it began."""


class Repeated:
    """Something that is done in a thread, again and again, while its ``with`` block runs."""

    def __init__(self, name: str, every: float) -> None:
        """``every``: seconds from the end of one turn to the next."""
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    def turn(self) -> None:
        """Do it once."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.turn()


class Sampler(Repeated):
    """Samples while its ``with`` block runs; a process that was started again begins a new series."""

    def __init__(
        self, tree: Callable[[], list[tuple[int, str]]], also: Callable[[list[tuple[int, str]]], None]
    ) -> None:
        """``tree``: pids and roles; ``also`` is told of them at each look."""
        self.series: dict[tuple[str, int], list[Sample]] = {}
        self._tree = tree
        self._also = also
        super().__init__("sampler", EVERY)

    def cpu(self, role: str) -> float:
        """Seconds of CPU that all processes of a role have used, as far as they were seen."""
        return sum(samples[-1].cpu for (each, _), samples in self.series.items() if each == role)

    def turn(self) -> None:
        found = self._tree()
        for pid, role in found:
            if (sample := look(pid)) is not None:
                self.series.setdefault((role, pid), []).append(sample)
        self._also(found)


def look(pid: int) -> Sample | None:
    """The process now; ``None`` if it has ended."""
    folder = _PROC / str(pid)
    try:
        rss = int((folder / "statm").read_text().split()[1]) * _PAGE_KIB / 1024
        pss = parse_pss((folder / "smaps_rollup").read_text()) / 1024
        descriptors = sum(1 for _ in (folder / "fd").iterdir())
        cpu = time.clock_gettime(~pid << 3 | _PROCESS_CLOCK)
    except (OSError, StopIteration):
        return None
    return Sample(CLOCK.monotonic(), rss, pss, descriptors, cpu)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Growth an hour, by least squares; nought where there is nothing to fit. Points are (seconds, value)."""
    if len({at for at, _ in points}) < 2:
        return 0.0
    fit = statistics.linear_regression([at for at, _ in points], [value for _, value in points])
    return fit.slope * HOUR
