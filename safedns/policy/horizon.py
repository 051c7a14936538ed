"""The stretch of time that a snapshot knows, in one time zone, and when timetables hold within it.

Known is from the day before ``now`` (but not before ``release``: an earlier clock is plainly wrong) to two weeks after.
Reads no clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from safedns.policy.live import Target
from safedns.policy.model import Calendar, Limit, Timetable
from safedns.policy.schedule import Interval, allowance, expand, hours_of

_KNOWN_DAYS = 14


class Hours:
    """Stretches of time, asked by the instant."""

    __slots__ = ("edges",)

    def __init__(self, intervals: tuple[Interval, ...]) -> None:
        self.edges = tuple(edge for interval in intervals for edge in interval)
        """Beginnings and ends in turn, sorted."""

    def __contains__(self, instant: float) -> bool:
        return bisect_right(self.edges, instant) % 2 == 1


class Horizon:
    """Two weeks of one zone under one calendar; timetables and days are expanded once and kept."""

    def __init__(self, zone: str, calendar: Calendar, now: float, release: float) -> None:
        self.zone: tzinfo = ZoneInfo(zone)
        self.calendar = calendar
        self.today = datetime.fromtimestamp(now, self.zone).date()
        self.days = tuple(self.today + timedelta(number) for number in range(-2, _KNOWN_DAYS + 2))
        """Those that are expanded: they reach beyond what is known at both ends."""
        self.start = max(self.begin(self.days[1]), release)
        self.end = self.begin(self.days[-1])
        self._timetables: dict[Timetable, Hours] = {}
        self._days: dict[date, Hours] = {}
        self._allowances: dict[tuple[Limit, ...], Mapping[tuple[Target, date], int]] = {}

    def begin(self, day: date) -> float:
        """When ``day`` begins; where its midnight is skipped, the instant at which the clocks are changed."""
        return datetime.combine(day, time(), self.zone).timestamp()

    def hours(self, timetable: Timetable) -> Hours:
        """When ``timetable`` holds."""
        if timetable not in self._timetables:
            intervals = expand(timetable, self.calendar, self.zone, self.days[0], len(self.days))
            self._timetables[timetable] = Hours(intervals)
        return self._timetables[timetable]

    def hours_of(self, day: date) -> Hours:
        """When it is ``day``."""
        if day not in self._days:
            self._days[day] = Hours(hours_of(day, self.zone))
        return self._days[day]

    def allowances(self, limits: tuple[Limit, ...]) -> Mapping[tuple[Target, date], int]:
        """Seconds by target and day, where a limit holds."""
        if limits not in self._allowances:
            self._allowances[limits] = {
                (limit.target, day): seconds
                for limit in limits
                for day in self.days
                if (seconds := allowance(limit, day, self.calendar)) is not None
            }
        return self._allowances[limits]

    def known(self, edges: set[float]) -> Iterator[float]:
        """Those of ``edges`` at which time is known, sorted, the first known instant before them."""
        yield from sorted(edge for edge in {self.start, *edges} if self.start <= edge < self.end)
