"""When a resolver looks for garbage: at what is young often and briefly, at everything when nobody asks.

A query leaves no cycles behind, a lost connection and a reload do. To look at one object costs 0.3 us and more, and
caches are objects: looking at all of them keeps answers waiting for a tenth of a second and more, so that has its hour.
Must not know what the objects are.
"""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable

from safedns.clock import Clock

THRESHOLDS = (5_000, 20, 10)
"""The first bounds what is looked at within one answer to some milliseconds; the second bounds garbage, should there
never be a quiet moment, to that of a hundred thousand objects: some 12 MB."""
EVERY = 1800.0
"""Seconds between two looks at everything."""
QUIET = 0.01
"""Seconds of processor time in a second below which nobody is asking, or hardly anybody."""


def processor_time() -> float:
    """Seconds that this process has used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Garbage:
    """The collector of this process."""

    def __init__(self, clock: Clock, processor: Callable[[], float] = processor_time) -> None:
        self._clock = clock
        self._processor = processor
        self._used = 0.0
        self._due = 0.0
        self._begun = False

    def loaded(self) -> None:
        """Rules have been loaded: the first live long and are never looked at again; later ones replace others.

        What was replaced is cleared up at the next quiet moment.
        """
        if self._begun:
            self._due = self._clock.monotonic()
            return
        self._begun = True
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        self._due = self._clock.monotonic() + EVERY

    def look(self) -> bool:
        """A second is over: collect everything if that is due and nobody asks; says whether it did."""
        before, self._used = self._used, self._processor()
        if self._used - before > QUIET or self._clock.monotonic() < self._due:
            return False
        gc.collect()
        self._due = self._clock.monotonic() + EVERY
        return True
