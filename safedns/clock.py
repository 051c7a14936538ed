"""The only reader of time. Everything else is handed a ``Clock``, so that tests can play a year in a second."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where a component gets the time from."""

    def wall(self) -> float:
        """Seconds since the Unix epoch (may jump)."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    __slots__ = ()

    wall = staticmethod(time.time)  # noqa: TID251 - this module is the one place
    monotonic = staticmethod(time.monotonic)  # noqa: TID251 - this module is the one place
