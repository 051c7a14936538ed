"""The policy read straight from its values, slowly and obviously: what the compiled snapshot must agree with.

Shares no code with the implementation. One question at a time, no preparation: convert the instant to a wall-clock
reading, look every window up, go through the documented walk.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from safedns.policy.live import NOTHING_LIVE, Live, Target, Used
from safedns.policy.model import Calendar, Cleared, Days, Policy, Preset, ProfileSpec, Rules, Timetable
from tests.unit.policy.families import FakeLists


class Verdict(NamedTuple):
    action: str
    kind: str
    target: str = ""


@lru_cache(maxsize=8)  # an instant is asked about many times in a row
def reading(zone: str, instant: float) -> tuple[date, int]:
    """What the clocks of the zone show: the day, and the minute of the day."""
    moment = datetime.fromtimestamp(instant, ZoneInfo(zone))
    return moment.date(), moment.hour * 60 + moment.minute


def holds(timetable: Timetable | None, calendar: Calendar, zone: str, instant: float) -> bool:
    """Whether the wall-clock reading of ``instant`` lies in a window."""
    today, minute = reading(zone, instant)
    yesterday = today - timedelta(days=1)
    for entry in timetable or ():
        for window in entry.windows:
            if window.end > window.start:
                if window.start <= minute < window.end and starts_on(entry.days, today, calendar):
                    return True
            elif (minute >= window.start and starts_on(entry.days, today, calendar)) or (
                minute < window.end and starts_on(entry.days, yesterday, calendar)
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
    if calendar.terms and not any(term.first <= day <= term.last for term in calendar.terms):
        return False
    if any(holiday.first <= day <= holiday.last for holiday in calendar.holidays):
        return False
    return day.weekday() in calendar.school_weekdays


class NaivePolicy:
    """Answers for one profile of a policy."""

    def __init__(self, policy: Policy, lists: FakeLists, who: str, release: float, live: Live = NOTHING_LIVE) -> None:
        self.policy = policy
        self.lists = lists
        self.spec: ProfileSpec = next(spec for spec in policy.profiles if spec.id == who)
        self.zone = self.spec.timezone or policy.timezone
        self.release = release
        self.live = live

    def today(self, instant: float) -> date:
        return reading(self.zone, instant)[0]

    def preset(self, instant: float) -> Preset | None:
        if self.spec.preset is not None:
            return self.policy.presets[self.spec.preset]
        if self.spec.born is None:
            return None
        today = self.today(instant)
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
        return (
            preset and preset.name,
            self.time(instant),
            sorted(services.items()),
            sorted(categories.items()),
            list(self.overrides(instant).items()),
            [name for name, _ in self.closed(instant)],
            self.used_up(instant),
        )

    def time(self, instant: float) -> str:
        if instant < self.release:
            return "clock" if self.spec.kind == "child" and self.needs_time(instant) else "open"
        if (Target("internet"), "grant") in self.overrides(instant).items():
            return "granted"
        if self.holds(self.scalar("bedtime", instant), instant):
            return "bedtime"
        return "homework" if self.holds(self.scalar("homework", instant), instant) else "open"

    def needs_time(self, instant: float) -> bool:
        """Whether the profile has any rule with times, or is closed by a parent just now."""
        timetables = [self.scalar("bedtime", instant), self.scalar("homework", instant)]
        for field in ("services", "categories"):
            for switch in self.mapping(field, instant).values():
                timetables += [switch.on_during, switch.off_during]
        closing = [item for item in self.live.overrides if item.profile == self.spec.id and item.kind != "grant"]
        return bool(any(timetables) or self.mapping("windows", instant) or self.mapping("limits", instant) or closing)

    def overrides(self, instant: float) -> dict[Target, str]:
        """What a parent decided, the newest first; of several about one thing the newest."""
        found: dict[Target, str] = {}
        if instant >= self.release:
            for item in self.live.overrides:
                if item.profile == self.spec.id and item.start <= instant < item.until and item.target not in found:
                    found[item.target] = item.kind
        return found

    def closed(self, instant: float) -> list[tuple[str, tuple[Target, ...]]]:
        """Named windows that close something now."""
        found = []
        if instant >= self.release and self.time(instant) in ("open", "homework"):
            for name, window in self.mapping("windows", instant).items():
                inside = self.holds(window.during, instant)
                if (inside and not window.opens) or (window.opens and not inside):
                    found.append((name, window.what))
        return found

    def used_up(self, instant: float) -> list[Target]:
        """Limits that leave nothing of today."""
        found = []
        if instant >= self.release and self.time(instant) in ("open", "homework"):
            today = self.today(instant)
            for limit in self.mapping("limits", instant).values():
                allowed = [seconds for days, seconds in limit.by_days if starts_on(days, today, self.policy.calendar)]
                used = self.live.used.get((self.spec.id, limit.target, today), Used(0, 0))
                if allowed and used.seconds - used.bonus >= min(allowed):
                    found.append(limit.target)
        return found

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
        always = longest(self.names("always", instant), name) is not None
        for target, kind in self.overrides(instant).items():
            if target.kind == "internet":
                if kind != "grant" and not always:
                    return Verdict("blocked", "override")
            elif self.about(target, name):
                if kind != "grant":
                    return Verdict("blocked", "override")
                if not self.unsafe(name, instant):
                    return self.mode(name, instant) or Verdict("allowed", "override")
        if self.unsafe(name, instant):
            return Verdict("blocked", "safety")
        allow = longest(self.names("allow", instant), name)
        block = longest(self.names("block", instant), name)
        if allow is not None and (block is None or len(allow) >= len(block)):
            return Verdict("allowed", "allow")
        if block is not None:
            return Verdict("blocked", "block")
        time = self.time(instant)
        learning = time == "homework" and bool(self.entries("learning", name))
        if time not in ("open", "granted") and not always and not learning:
            return Verdict("blocked", time)
        for _, what in self.closed(instant):
            if any(self.about(target, name) for target in what) and not always:
                return Verdict("blocked", "window")
        for target in self.used_up(instant):
            exempt = target.kind == "internet" and longest(self.lists.background, name) is not None
            if self.about(target, name) and not always and not exempt:
                return Verdict("blocked", "limit")
        rest = self.rest(name, instant)
        if self.scalar("safe_search", instant) and rest.action != "blocked":
            return self.safe_search(name) or rest
        return rest

    def unsafe(self, name: str, instant: float) -> bool:
        named = list(self.spec.rules.allow)
        for target, kind in self.overrides(instant).items():
            if kind == "grant" and target.kind == "name":
                named.append(target.value)
        return any(
            not any(covers(each, name) and len(each) >= len(entry) for each in named)
            for category in self.scalar("safety", instant) or ()
            for entry in self.entries(category, name)
        )

    def mode(self, name: str, instant: float) -> Verdict | None:
        """What stays as it is under a grant."""
        if self.scalar("safe_search", instant) and (found := self.safe_search(name)):
            return found
        return self.restricted(name, instant)

    def safe_search(self, name: str) -> Verdict | None:
        for engine in self.lists.safe_search.engines.values():
            if "on" in engine.targets and name in engine.names:
                return Verdict("rewritten", "safe_search", engine.targets["on"])
        if longest(self.lists.safe_search.blocked, name) is not None:
            return Verdict("blocked", "safe_search")
        return None

    def restricted(self, name: str, instant: float) -> Verdict | None:
        for service, state in self.switches("services", instant).items():
            engine = self.lists.safe_search.engines.get(service)
            if engine is not None and state in ("moderate", "strict") and name in engine.names:
                return Verdict("rewritten", "service", engine.targets[state])
        return None

    def about(self, target: Target, name: str) -> bool:
        """Whether the name belongs to the target."""
        if target.kind == "name":
            return covers(target.value, name)
        if target.kind == "category":
            return bool(self.entries(target.value, name))
        if target.kind == "service":
            held = self.service_entries(name)
            return any(len(entry) == len(held[0][0]) and service == target.value for entry, service in held)
        return True

    def meters(self, name: str, instant: float) -> list[Target]:
        """The limits that the name counts for."""
        if longest(self.lists.background, name) is not None:
            return []
        limits = self.mapping("limits", instant).values()
        return [limit.target for limit in limits if self.about(limit.target, name)]

    def rest(self, name: str, instant: float) -> Verdict:
        """Services, categories and the default."""
        services = self.switches("services", instant)
        timed = {
            key
            for field in ("services", "categories")
            for key, switch in self.mapping(field, instant).items()
            if switch.on_during or switch.off_during
        }
        if (found := self.restricted(name, instant)) is not None:
            return found
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
        return holds(timetable, self.policy.calendar, self.zone, instant)

    def below(self, field: str, instant: float) -> Any:
        """What the preset says, unless it was taken away."""
        preset = self.preset(instant)
        return getattr(preset.rules if preset and Cleared(field) not in self.spec.rules.cleared else Rules(), field)

    def scalar(self, field: str, instant: float) -> Any:
        own = getattr(self.spec.rules, field)
        return self.below(field, instant) if own is None else own

    def names(self, field: str, instant: float) -> tuple[str, ...]:
        own = self.spec.rules
        base: tuple[str, ...] = self.below(field, instant)
        if field == "allow":
            base = tuple(name for name in base if name not in own.block)
        if field == "block":
            base = tuple(name for name in base if name not in own.allow)
        return (*base, *getattr(own, field))

    def mapping(self, field: str, instant: float) -> dict[str, Any]:
        """Switches and windows by name, limits by the text of their target."""
        found: dict[str, Any] = {}
        for layer in (self.below(field, instant), getattr(self.spec.rules, field)):
            found = {key: value for key, value in found.items() if Cleared(field, key) not in self.spec.rules.cleared}
            found.update({str(item.target): item for item in layer} if field == "limits" else layer)
        return found


def covers(entry: str, name: str) -> bool:
    return name == entry or name.endswith("." + entry)


def longest(entries: object, name: str) -> str | None:
    assert isinstance(entries, tuple | frozenset)
    return max((entry for entry in entries if covers(entry, name)), key=len, default=None)
