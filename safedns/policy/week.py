"""Seven days as a chart: what holds at each half hour, and when exactly it changes. Values only; no clock, no output.

Mon 23 Nov  zzzzzzzzzzzzz.........................hhhzzzzzz  06:30 19:00 20:30 21:00
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

DAYS = 7
SLOT = 30
"""Minutes of a cell."""


class Day(NamedTuple, Generic[T]):
    """One line of the chart."""

    day: date
    cells: tuple[T | None, ...]
    """What holds when each half hour begins; ``None`` where the clocks skip that reading."""
    changes: tuple[datetime, ...]
    """When it changes, in the zone."""


def week(
    first: date, zone: tzinfo, look: Callable[[float], T], next_edge: Callable[[float], float]
) -> Iterator[Day[T]]:
    """The days from ``first``: ``look`` says what holds at an instant, ``next_edge`` when it may change after one."""
    for number in range(DAYS):
        day = first + timedelta(number)
        yield Day(day, tuple(_cells(day, zone, look)), tuple(_changes(day, zone, look, next_edge)))


def _cells(day: date, zone: tzinfo, look: Callable[[float], T]) -> Iterator[T | None]:
    for minute in range(0, 24 * 60, SLOT):
        reading = datetime.combine(day, time(minute // 60, minute % 60), zone)
        instant = reading.timestamp()
        shown = datetime.fromtimestamp(instant, zone)
        yield look(instant) if shown.replace(tzinfo=None) == reading.replace(tzinfo=None) else None


def _changes(
    day: date, zone: tzinfo, look: Callable[[float], T], next_edge: Callable[[float], float]
) -> Iterator[datetime]:
    start, end = (datetime.combine(day + timedelta(number), time(), zone).timestamp() for number in (0, 1))
    before = look(start - 1)
    edge = start if look(start) != before else next_edge(start)
    while edge < end:
        now = look(edge)
        if now != before:
            yield datetime.fromtimestamp(edge, zone)
        before, edge = now, next_edge(edge)
