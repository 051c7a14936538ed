"""Policy + lists -> snapshot: lays presets under what parents wrote, expands two weeks of time, makes the rules.

    Policy --merge--> Layer (preset + rules, by birthday) --expand--> edges --State per stretch--> Walk --> Timeline

Time is *known* from the day before ``now`` (but not before ``release``: an earlier clock is plainly wrong) to two
weeks after. Outside, no window holds, and a child with any time rule reads as blocked; groups stay as they are, so
that the machine itself can still fetch the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from safedns.policy.clients import Clients
from safedns.policy.decision import ReasonKind
from safedns.policy.lists import Lists
from safedns.policy.model import Calendar, Policy, Preset, ProfileSpec, Rules, Switch, Timetable, merge
from safedns.policy.rules import (
    LEARNING,
    Categories,
    CategoryMatcher,
    Default,
    OwnNames,
    Rule,
    SafeSearch,
    Safety,
    Services,
    Setting,
    TimeClosed,
    TimeOpen,
)
from safedns.policy.schedule import Interval, expand
from safedns.policy.snapshot import Device, Profile, Snapshot
from safedns.policy.timeline import State, Timeline, TimeState, Walk

RELEASE = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
"""No clock that is right shows an earlier instant than the release of this program."""

_KNOWN_DAYS = 14


def compile_snapshot(policy: Policy, lists: Lists, *, now: float, epoch: int = 0, release: float = RELEASE) -> Snapshot:
    """What ``policy`` means around ``now`` (epoch seconds); ``epoch`` numbers the snapshots of one process."""
    horizon = _horizon(policy, now, release)
    profiles: dict[str, Profile] = {}
    timelines: list[Timeline] = []
    for index, spec in enumerate(policy.profiles):
        preset = preset_for(spec, policy.presets, horizon.today)
        log = _rules(spec, preset).log or "full"
        profiles[spec.id] = Profile(spec.id, spec.name, spec.kind, preset.name if preset else "", log, index)
        timelines.append(_timeline(spec, policy.presets, lists, horizon))
    claims = [(text, Device(text, profiles[spec.id])) for spec in policy.profiles for text in spec.devices]
    clients = Clients(claims, Device("", profiles[policy.unknown]))
    return Snapshot(profiles, clients, timelines, lists, zone=horizon.zone, expires=horizon.end, epoch=epoch)


def preset_for(spec: ProfileSpec, presets: Mapping[str, Preset], day: date) -> Preset | None:
    """A profile's preset on ``day``: the one it names, else its age's. An age between two bands has the younger."""
    if spec.preset is not None:
        return presets[spec.preset]
    bands = sorted((preset.ages, name) for name, preset in presets.items() if preset.ages is not None)
    if spec.born is None or not bands:
        return None
    year, month = spec.born
    age = day.year - year - (day.month < month)
    begun = [name for ages, name in bands if ages[0] <= age]
    return presets[begun[-1] if begun else bands[0][1]]


def _rules(spec: ProfileSpec, preset: Preset | None) -> Rules:
    return merge(preset.rules, spec.rules) if preset else spec.rules


class _Horizon(NamedTuple):
    """The stretch of time that a snapshot knows; the expanded days reach beyond it at both ends."""

    zone: tzinfo
    calendar: Calendar
    today: date
    days: tuple[date, ...]
    start: float
    end: float


def _horizon(policy: Policy, now: float, release: float) -> _Horizon:
    zone = ZoneInfo(policy.timezone)
    today = datetime.fromtimestamp(now, zone).date()
    days = tuple(today + timedelta(number) for number in range(-2, _KNOWN_DAYS + 2))
    start, end = _first_instant(days[1], zone), _first_instant(days[-1], zone)
    return _Horizon(zone, policy.calendar, today, days, max(start, release), end)


def _first_instant(day: date, zone: tzinfo) -> float:
    """When ``day`` begins; where its midnight is skipped, the instant at which the clocks are changed."""
    return datetime.combine(day, time(), zone).timestamp()


class _Layer:
    """A profile's rules under one preset, with its timetables expanded over the horizon."""

    def __init__(self, spec: ProfileSpec, preset: Preset | None, horizon: _Horizon) -> None:
        self.child = spec.kind == "child"
        self.named = spec.rules.allow
        self.preset = preset.name if preset else ""
        self.rules = _rules(spec, preset)
        self._horizon = horizon
        self._intervals: dict[Timetable, tuple[Interval, ...]] = {}
        for timetable in self._timetables():
            self._intervals[timetable] = expand(
                timetable, horizon.calendar, horizon.zone, horizon.days[0], len(horizon.days)
            )
        self.edges = {edge for intervals in self._intervals.values() for interval in intervals for edge in interval}

    def state(self, instant: float) -> State:
        """What time says at ``instant``, which must be known."""
        if self._within(self.rules.bedtime, instant):
            now: TimeState = "bedtime"
        else:
            now = "homework" if self._within(self.rules.homework, instant) else "open"
        return self._state_with(now, lambda timetable: self._within(timetable, instant))

    def state_at_unknown_time(self) -> State:
        """No window holds, and a child with any time rule is closed."""
        return self._state_with("clock" if self.child and self._intervals else "open", lambda _: False)

    def _timetables(self) -> Iterator[Timetable]:
        switches = (*self.rules.services.values(), *self.rules.categories.values())
        windows = (timetable for switch in switches for timetable in (switch.on_during, switch.off_during))
        return (timetable for timetable in (self.rules.bedtime, self.rules.homework, *windows) if timetable)

    def _within(self, timetable: Timetable | None, instant: float) -> bool:
        return any(start <= instant < end for start, end in self._intervals[timetable]) if timetable else False

    def _state_with(self, now: TimeState, within: Callable[[Timetable], bool]) -> State:
        def settings(switches: Mapping[str, Switch]) -> tuple[tuple[str, Setting], ...]:
            return tuple((name, _setting(switch, within)) for name, switch in switches.items())

        return State(now, settings(self.rules.services), settings(self.rules.categories), self.preset)


def _setting(switch: Switch, within: Callable[[Timetable], bool]) -> Setting:
    state = switch.state
    if within(switch.off_during):
        state = "off"
    elif within(switch.on_during):
        state = "on"
    return Setting(state, timed=bool(switch.on_during or switch.off_during))


def _timeline(spec: ProfileSpec, presets: Mapping[str, Preset], lists: Lists, horizon: _Horizon) -> Timeline:
    """Every edge of one profile with the walk that begins there; neighbours that are the same are one."""
    walks: dict[State, Walk] = {}
    edges: list[int] = []
    course: list[Walk] = []

    def add(edge: float, layer: _Layer, state: State) -> None:
        if state not in walks:
            walks[state] = _walk(layer, state, lists)
        if not course:
            course.append(walks[state])
        elif course[-1] is not walks[state]:
            edges.append(int(edge))
            course.append(walks[state])

    layers = _layers(spec, presets, horizon)
    first, last = layers[0][1], layers[-1][1]
    add(0, first, first.state_at_unknown_time())
    candidates = {start for start, _ in layers}.union({horizon.start}, *(layer.edges for _, layer in layers))
    for edge in sorted(edge for edge in candidates if horizon.start <= edge < horizon.end):
        layer = [layer for start, layer in layers if start <= edge][-1]
        add(edge, layer, layer.state(edge))
    add(max(horizon.start, horizon.end), last, last.state_at_unknown_time())
    return Timeline(tuple(edges), tuple(course))


def _layers(spec: ProfileSpec, presets: Mapping[str, Preset], horizon: _Horizon) -> list[tuple[float, _Layer]]:
    """From which instant on which preset counts: a birthday is the first midnight of the month of birth."""
    layers: list[tuple[float, _Layer]] = []
    for day in horizon.days:
        preset = preset_for(spec, presets, day)
        if not layers or layers[-1][1].preset != (preset.name if preset else ""):
            layers.append((_first_instant(day, horizon.zone), _Layer(spec, preset, horizon)))
    return layers


def _walk(layer: _Layer, state: State, lists: Lists) -> Walk:
    """The documented order, first match decides; a step that nothing is set for is left out.

    A place for a parent's live overrides is before safety, one for used-up limits behind time.
    """
    rules = layer.rules
    deny = rules.default == "deny"
    services, categories = dict(state.services), dict(state.categories)
    default = Default(layer.preset, deny=deny)
    safety: tuple[Rule, ...] = (Safety(rules.safety, lists, layer.named),) if rules.safety else ()
    own: tuple[Rule, ...] = (OwnNames(rules.allow, rules.block),) if rules.allow or rules.block else ()
    later: tuple[Rule, ...] = (
        *((Services(services, lists),) if services else ()),
        *((Categories(categories, lists, deny=deny),) if categories else ()),
    )
    search = (SafeSearch(lists.safe_search, (*later, default)),) if rules.safe_search else ()
    time_ = _time_rules(rules, state.time, lists)
    rules_in_order = (*safety, *own, *time_, *search, *later)
    return Walk(state, rules_in_order, default, strict=(*safety, *own, *later), trusting=(*safety, *own))


def _time_rules(rules: Rules, now: TimeState, lists: Lists) -> tuple[Rule, ...]:
    if now == "bedtime":
        return (TimeClosed(ReasonKind.BEDTIME, rules.always),)
    if now == "homework":
        return (TimeClosed(ReasonKind.HOMEWORK, rules.always, CategoryMatcher((LEARNING,), lists)),)
    if now == "clock":
        return (TimeClosed(ReasonKind.CLOCK, rules.always),)
    return (TimeOpen(),) if rules.bedtime or rules.homework else ()
