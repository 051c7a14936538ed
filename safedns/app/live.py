"""``state.db`` -> ``policy.live.Live``: what a parent decided for now, and what every child has used of its own day.

The one place where stored minutes and a child's calendar meet: a day begins and ends by the clocks of the child's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from safedns.policy.live import Live, Override, OverrideKind, Target, TargetKind, Used
from safedns.policy.model import Policy, ProfileSpec
from safedns.record.minutes import minutes_within
from safedns.record.schema import STATE
from safedns.record.state import OverrideRow, StateReader


class Day(NamedTuple):
    """A local day in minutes since the epoch, half-open; 23 or 25 hours where the clocks are changed."""

    date: date
    start: int
    end: int


def day_of(zone: tzinfo, now: float) -> Day:
    """The day on which ``now`` (seconds since the epoch) lies."""
    return day_on(zone, datetime.fromtimestamp(now, zone).date())


def day_on(zone: tzinfo, day: date) -> Day:
    """The day with that date."""
    start, end = (datetime.combine(each, time(), zone).timestamp() for each in (day, day + timedelta(1)))
    return Day(day, int(start // 60), int(end // 60))


def days_of(policy: Policy, now: float) -> Mapping[str, Day]:
    """Today of every profile, by its id."""
    zones = {spec.id: zone_of(policy, spec) for spec in policy.profiles}
    days = {zone: day_of(zone, now) for zone in set(zones.values())}
    return {profile: days[zone] for profile, zone in zones.items()}


def zone_of(policy: Policy, spec: ProfileSpec) -> tzinfo:
    """Whose clocks the rules of a profile go by."""
    return ZoneInfo(spec.timezone or policy.timezone)


def state_file(state: Path) -> Path:
    """Where a state folder keeps it."""
    return state / STATE.name


def read_live(file: Path, policy: Policy, now: float) -> Live:
    """What holds at ``now``; raises ``StorageError`` where ``file`` is there and cannot be read."""
    days = days_of(policy, now)
    with StateReader(file) as state:
        overrides = tuple(override_of(row) for row in state.overrides(live_at=now) if row.profile in days)
        return Live(overrides, _used(state, days))


def target_of(stored: tuple[str, str]) -> Target:
    """A target as it is stored."""
    kind, value = stored
    return Target(cast("TargetKind", kind), value)


def override_of(row: OverrideRow) -> Override:
    """An override as it is stored."""
    kind = cast("OverrideKind", row.kind)  # the file takes no other
    return Override(row.number, row.profile, kind, target_of(row.target), row.start, row.until)


def _used(state: StateReader, days: Mapping[str, Day]) -> Mapping[tuple[str, Target, date], Used]:
    seconds: dict[tuple[str, Target, date], int] = {}
    bonus: dict[tuple[str, Target, date], int] = {}
    first, last = min(day.start for day in days.values()), max(day.end for day in days.values())
    for use in state.uses(first, last):
        if (day := days.get(use.profile)) is not None:
            key = (use.profile, target_of(use.target), day.date)
            seconds[key] = seconds.get(key, 0) + 60 * minutes_within(use.span, day.start, day.end)
    for row in state.bonuses(first_day=min(day.date for day in days.values()).isoformat()):
        if (day := days.get(row.profile)) is not None and row.day == day.date.isoformat():
            key = (row.profile, target_of(row.target), day.date)
            bonus[key] = bonus.get(key, 0) + row.seconds
    return {key: Used(seconds.get(key, 0), bonus.get(key, 0)) for key in seconds.keys() | bonus.keys()}
