"""The policy read straight from its values, slowly and obviously: what the compiled snapshot must agree with.

Shares no code with the implementation. One question at a time, no preparation: convert the instant to a wall-clock
reading, look every window up, go through the documented walk.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from safedns.policy.model import Calendar, Days, Policy, Preset, ProfileSpec, Switch, Timetable
from tests.unit.policy.families import FakeLists


class Verdict(NamedTuple):
    action: str
    kind: str
    target: str = ""


def holds(timetable: Timetable | None, calendar: Calendar, zone: str, instant: float) -> bool:
    """Whether the wall-clock reading of ``instant`` lies in a window."""
    reading = datetime.fromtimestamp(instant, ZoneInfo(zone))
    minute = reading.hour * 60 + reading.minute
    today, yesterday = reading.date(), reading.date() - timedelta(days=1)
    for entry in timetable or ():
        for window in entry.windows:
            if window.end > window.start:
                if starts_on(entry.days, today, calendar) and window.start <= minute < window.end:
                    return True
            elif (starts_on(entry.days, today, calendar) and minute >= window.start) or (
                starts_on(entry.days, yesterday, calendar) and minute < window.end
            ):
                return True
    return False


def starts_on(days: Days, day: date, calendar: Calendar) -> bool:
    tomorrow = day + timedelta(days=1)
    return (
        day.weekday() in days.weekdays
        or ("school days" in days.words and is_school_day(day, calendar))
        or ("other days" in days.words and not is_school_day(day, calendar))
        or ("school nights" in days.words and is_school_day(tomorrow, calendar))
        or ("other nights" in days.words and not is_school_day(tomorrow, calendar))
    )


def is_school_day(day: date, calendar: Calendar) -> bool:
    if any(holiday.first <= day <= holiday.last for holiday in calendar.holidays):
        return False
    return day.weekday() in calendar.school_weekdays


class NaivePolicy:
    """Answers for one profile of a policy."""

    def __init__(self, policy: Policy, lists: FakeLists, who: str, release: float) -> None:
        self.policy = policy
        self.lists = lists
        self.spec: ProfileSpec = next(spec for spec in policy.profiles if spec.id == who)
        self.release = release

    def preset(self, instant: float) -> Preset | None:
        if self.spec.preset is not None:
            return self.policy.presets[self.spec.preset]
        if self.spec.born is None:
            return None
        today = datetime.fromtimestamp(instant, ZoneInfo(self.policy.timezone)).date()
        months = (today.year * 12 + today.month) - (self.spec.born[0] * 12 + self.spec.born[1])
        age = months // 12
        for item in self.policy.presets.values():
            if item.ages is not None and item.ages[0] <= age <= item.ages[1]:
                return item
        return None

    def state(self, instant: float) -> tuple[object, ...]:
        """Everything that time decides; an edge is where this changes."""
        preset = self.preset(instant)
        services, categories = self.switches("services", instant), self.switches("categories", instant)
        return (preset and preset.name, self.time(instant), sorted(services.items()), sorted(categories.items()))

    def time(self, instant: float) -> str:
        bedtime, homework = self.scalar("bedtime", instant), self.scalar("homework", instant)
        if instant < self.release:
            windows = [bedtime, homework]
            for field in ("services", "categories"):
                for switch in self.mapping(field, instant).values():
                    windows += [switch.on_during, switch.off_during]
            return "clock" if self.spec.kind == "child" and any(windows) else "open"
        if self.holds(bedtime, instant):
            return "bedtime"
        return "homework" if self.holds(homework, instant) else "open"

    def switches(self, field: str, instant: float) -> dict[str, str]:
        states = {}
        for name, switch in self.mapping(field, instant).items():
            if self.holds(switch.off_during, instant):
                states[name] = "off"
            elif self.holds(switch.on_during, instant):
                states[name] = "on"
            else:
                states[name] = switch.state
        return states

    def verdict(self, name: str, instant: float) -> Verdict:
        """The documented walk."""
        own = self.spec.rules.allow
        for category in self.scalar("safety", instant) or ():
            for entry in self.entries(category, name):
                if not any(covers(named, name) and len(named) >= len(entry) for named in own):
                    return Verdict("blocked", "safety")
        allow = longest(self.names("allow", instant), name)
        block = longest(self.names("block", instant), name)
        if allow is not None and (block is None or len(allow) >= len(block)):
            return Verdict("allowed", "allow")
        if block is not None:
            return Verdict("blocked", "block")
        time = self.time(instant)
        exempt = longest(self.names("always", instant), name) is not None
        if time == "homework":
            exempt = exempt or bool(self.entries("learning", name))
        if time != "open" and not exempt:
            return Verdict("blocked", time)
        rest = self.rest(name, instant)
        if self.scalar("safe_search", instant) and rest.action != "blocked":
            for engine in self.lists.safe_search.engines.values():
                if "on" in engine.targets and name in engine.names:
                    return Verdict("rewritten", "safe_search", engine.targets["on"])
            if longest(self.lists.safe_search.blocked, name) is not None:
                return Verdict("blocked", "safe_search")
        return rest

    def rest(self, name: str, instant: float) -> Verdict:
        """Services, categories and the default."""
        services = self.switches("services", instant)
        timed = {
            key
            for field in ("services", "categories")
            for key, switch in self.mapping(field, instant).items()
            if switch.on_during or switch.off_during
        }
        for service, state in services.items():
            engine = self.lists.safe_search.engines.get(service)
            if engine is not None and state in ("moderate", "strict") and name in engine.names:
                return Verdict("rewritten", "service", engine.targets[state])
        covering = [
            (len(entry), state != "off", service)
            for service, state in services.items()
            if service in self.lists.services
            for entry in self.lists.services[service].names
            if covers(entry, name)
        ]
        if covering:
            length, on, _ = max(covering)
            if on:
                return Verdict("allowed", "service")
            # Of several services that are off on one entry, the first of the index gives the reason.
            off = [service for size, _, service in covering if size == length]
            first = next(service for service in self.lists.services if service in off)
            return Verdict("blocked", "window" if first in timed else "service")
        categories = self.switches("categories", instant)
        for category, state in categories.items():
            if state == "off" and self.list_entries(category, name):
                return Verdict("blocked", "window" if category in timed else "category")
        for entry, service in self.service_entries(name):
            category = self.lists.services[service].category
            if entry and categories.get(category) == "off":
                return Verdict("blocked", "window" if category in timed else "category")
        if self.scalar("default", instant) == "deny":
            if any(state != "off" and self.entries(category, name) for category, state in categories.items()):
                return Verdict("allowed", "category")
            return Verdict("blocked", "default")
        return Verdict("allowed", "default")

    def entries(self, category: str, name: str) -> list[str]:
        """Every entry of a list or service of ``category`` that covers ``name``."""
        services = [
            entry for entry, service in self.service_entries(name) if self.lists.services[service].category == category
        ]
        return self.list_entries(category, name) + services

    def list_entries(self, category: str, name: str) -> list[str]:
        """The longest entry of each list of ``category`` that covers ``name``."""
        found = [longest(item.entries, name) for item in self.lists.lists if item.category == category]
        return [entry for entry in found if entry is not None]

    def service_entries(self, name: str) -> list[tuple[str, str]]:
        found = [
            (entry, id_) for id_, item in self.lists.services.items() for entry in item.names if covers(entry, name)
        ]
        return sorted(found, key=lambda hit: -len(hit[0]))

    def holds(self, timetable: Timetable | None, instant: float) -> bool:
        if instant < self.release:
            return False
        return holds(timetable, self.policy.calendar, self.policy.timezone, instant)

    def scalar(self, field: str, instant: float) -> Any:
        preset = self.preset(instant)
        own = getattr(self.spec.rules, field)
        return own if own is not None or preset is None else getattr(preset.rules, field)

    def names(self, field: str, instant: float) -> tuple[str, ...]:
        preset = self.preset(instant)
        own = self.spec.rules
        base: tuple[str, ...] = getattr(preset.rules, field) if preset else ()
        if field == "allow":
            base = tuple(name for name in base if name not in own.block)
        if field == "block":
            base = tuple(name for name in base if name not in own.allow)
        return (*base, *getattr(own, field))

    def mapping(self, field: str, instant: float) -> dict[str, Switch]:
        preset = self.preset(instant)
        return {**(getattr(preset.rules, field) if preset else {}), **getattr(self.spec.rules, field)}


def covers(entry: str, name: str) -> bool:
    return name == entry or name.endswith("." + entry)


def longest(entries: object, name: str) -> str | None:
    assert isinstance(entries, tuple | frozenset)
    return max((entry for entry in entries if covers(entry, name)), key=len, default=None)
