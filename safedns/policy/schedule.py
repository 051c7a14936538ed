"""Wall-clock windows in a time zone -> sorted absolute instants: the one place where daylight saving time is settled.

The whole truth is one sentence: *an instant is inside iff its local wall-clock reading is inside.* So skipped
minutes never occur and repeated ones match both times; nothing here adds hours to a midnight. The windows are laid on
the line of wall-clock readings first, where an hour is always an hour, and then carried over piece by piece:

    readings   ----[21:00 ........ 06:30)----        seconds since 1970 as the clocks of the zone show them
    pieces     |  UTC+1      |  UTC+2      |         stretches of instants between two changes of the offset
    instants   ----[20:00 UTC ... 04:30 UTC)-        reading minus offset, cut to its piece

Pure: no clock is read, the zone comes as an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo

from safedns.policy.model import Calendar, Days, Limit, Period, Timetable

Interval = tuple[int, int]
"""Half-open, seconds: of instants (since the epoch) or of wall-clock readings (as if the zone were UTC)."""

_DAY = 86_400
_STEP = 6 * 3600
"""How far apart offsets are sampled: no zone changes its clocks twice within it."""


def expand(timetable: Timetable, calendar: Calendar, zone: tzinfo, first_day: date, days: int) -> tuple[Interval, ...]:
    """When the windows hold on ``days`` local days from ``first_day``: epoch seconds, sorted, disjoint, not touching.

    A window that began the evening before counts with its tail; one that passes the last midnight is cut there.
    """
    first, last = _midnight(first_day), _midnight(first_day + timedelta(days))
    readings = _merge(
        (max(start, first), min(end, last))
        for start, end in _readings(timetable, calendar, first_day, days)
        if end > first and start < last
    )
    return _instants(readings, zone)


def hours_of(day: date, zone: tzinfo) -> tuple[Interval, ...]:
    """The instants at which the clocks of ``zone`` show ``day``; none where the day was skipped."""
    return _instants(((_midnight(day), _midnight(day) + _DAY),), zone)


def allowance(limit: Limit, day: date, calendar: Calendar) -> int | None:
    """Seconds that ``limit`` allows on ``day``; ``None`` = it does not hold on such a day."""
    return min((seconds for days, seconds in limit.by_days if _chosen(days, day, calendar)), default=None)


def _instants(readings: tuple[Interval, ...], zone: tzinfo) -> tuple[Interval, ...]:
    """The instants whose wall-clock reading in ``zone`` lies in ``readings`` (sorted): sorted, merged."""
    if not readings:
        return ()
    found: list[Interval] = []
    for begin, until, offset in _pieces(zone, readings[0][0] - 2 * _DAY, readings[-1][1] + 2 * _DAY):
        found.extend(
            (max(start - offset, begin), min(end - offset, until))
            for start, end in readings
            if end - offset > begin and start - offset < until
        )
    return _merge(found)


def _midnight(day: date) -> int:
    """The wall-clock reading 00:00 of ``day``, in seconds."""
    return (day.toordinal() - _EPOCH) * _DAY


_EPOCH = date(1970, 1, 1).toordinal()


def _readings(timetable: Timetable, calendar: Calendar, first_day: date, days: int) -> Iterator[Interval]:
    for number in range(-1, days):
        day = first_day + timedelta(number)
        start = _midnight(day)
        for entry in timetable:
            if _chosen(entry.days, day, calendar):
                for window in entry.windows:
                    end = window.end if window.end > window.start else window.end + 1440
                    yield start + window.start * 60, start + end * 60


def _chosen(days: Days, day: date, calendar: Calendar) -> bool:
    """Whether ``day`` is one of ``days``; a school night is the night before a school day."""
    if day.weekday() in days.weekdays:
        return True
    if not days.words:
        return False
    today = "school days" if _is_school_day(day, calendar) else "other days"
    tonight = "school nights" if _is_school_day(day + timedelta(1), calendar) else "other nights"
    return today in days.words or tonight in days.words


def _is_school_day(day: date, calendar: Calendar) -> bool:
    if day.weekday() not in calendar.school_weekdays or _within(calendar.holidays, day):
        return False
    return not calendar.terms or _within(calendar.terms, day)


def _within(periods: Iterable[Period], day: date) -> bool:
    return any(period.first <= day <= period.last for period in periods)


def _pieces(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """``(from, to, offset)`` in seconds: stretches of instants with one offset, together ``start`` ... ``end``."""
    begin, offset = start, _offset(zone, start)
    for sample in range(start + _STEP, end + _STEP, _STEP):
        if _offset(zone, sample) != offset:
            before, change = sample - _STEP, sample
            while change - before > 1:
                middle = (before + change) // 2
                if _offset(zone, middle) == offset:
                    before = middle
                else:
                    change = middle
            yield begin, change, offset
            begin, offset = change, _offset(zone, change)
    yield begin, max(end, begin), offset


def _offset(zone: tzinfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Their union: sorted, overlapping and touching ones joined."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
