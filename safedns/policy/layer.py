"""One profile's rules under one preset, and what time makes of them: instant -> ``State``. Decides about no name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

from safedns.policy.horizon import Horizon
from safedns.policy.live import OverrideKind, Target
from safedns.policy.model import NO_RULES, Preset, Rules, Switch, Timetable, merge
from safedns.policy.rules import Setting
from safedns.policy.schedule import allowance
from safedns.policy.timeline import INTERNET, ClosedWindow, State, TimeState


class NowOverride(NamedTuple):
    """An override without what tells it apart from that of another profile."""

    kind: OverrideKind
    target: Target
    start: float
    until: float


class Standing(NamedTuple):
    """What holds only for now, of one profile."""

    overrides: tuple[NowOverride, ...] = ()
    """The newest first."""
    used_up: frozenset[tuple[Target, date]] = frozenset()
    """Limits that leave no time, each with its day."""


class Layer:
    """What counts from one preset's first day to its last."""

    def __init__(self, kind: Literal["child", "group"], own: Rules, preset: Preset | None, horizon: Horizon) -> None:
        self.child = kind == "child"
        self.named = own.allow
        """Names that the parent allowed for this very profile: only they reach past safety."""
        self.preset = preset
        self.rules = merge(preset.rules if preset else NO_RULES, own)
        self.horizon = horizon
        self.timetables = tuple(self._timetables())
        self.edges = frozenset(edge for each in self.timetables for edge in horizon.hours(each).edges)
        self.allowances = {
            (limit.target, day): seconds
            for limit in self.rules.limits
            for day in horizon.days
            if (seconds := allowance(limit, day, horizon.calendar)) is not None
        }
        """Seconds by target and day, where a limit holds."""

    def edges_of(self, standing: Standing) -> set[float]:
        """Every instant at which something may change."""
        days = {day for _, day in standing.used_up}
        return {
            *self.edges,
            *(edge for day in days for edge in self.horizon.hours_of(day).edges),
            *(edge for each in standing.overrides for edge in (each.start, each.until)),
        }

    def state(self, instant: float, standing: Standing) -> State:
        """What time says at ``instant``, which must be known."""
        overrides = _in_force(standing, instant)
        now: TimeState = "open"
        closed: tuple[ClosedWindow, ...] = ()
        used_up: tuple[Target, ...] = ()
        if ("grant", INTERNET) in overrides:
            now = "granted"
        elif self._within(self.rules.bedtime, instant):
            now = "bedtime"
        else:
            now = "homework" if self._within(self.rules.homework, instant) else "open"
            closed = tuple(self._closed(instant))
            used_up = tuple(self._used_up(instant, standing))
        return self._state(now, lambda timetable: self._within(timetable, instant), overrides, closed, used_up)

    def state_at_unknown_time(self, standing: Standing) -> State:
        """No window holds, and a child with any rule that needs the time is closed."""
        closing = any(each.kind != "grant" for each in standing.overrides)
        timed = self.timetables or self.rules.windows or self.rules.limits or closing
        return self._state("clock" if self.child and timed else "open", lambda _: False)

    def _state(
        self,
        now: TimeState,
        within: Callable[[Timetable], bool],
        overrides: tuple[tuple[OverrideKind, Target], ...] = (),
        closed: tuple[ClosedWindow, ...] = (),
        used_up: tuple[Target, ...] = (),
    ) -> State:
        def settings(switches: Mapping[str, Switch]) -> tuple[tuple[str, Setting], ...]:
            return tuple((name, _setting(switch, within)) for name, switch in switches.items())

        preset = self.preset.name if self.preset else ""
        services, categories = settings(self.rules.services), settings(self.rules.categories)
        return State(now, services, categories, preset, overrides, closed, used_up)

    def _timetables(self) -> Iterator[Timetable]:
        rules = self.rules
        switches = (*rules.services.values(), *rules.categories.values())
        times = (timetable for switch in switches for timetable in (switch.on_during, switch.off_during))
        windows = (window.during for window in rules.windows.values())
        return (timetable for timetable in (rules.bedtime, rules.homework, *times, *windows) if timetable)

    def _within(self, timetable: Timetable | None, instant: float) -> bool:
        return instant in self.horizon.hours(timetable) if timetable else False

    def _closed(self, instant: float) -> Iterator[ClosedWindow]:
        for name, window in self.rules.windows.items():
            if self._within(window.during, instant) is not window.opens:
                yield name, window.what

    def _used_up(self, instant: float, standing: Standing) -> Iterator[Target]:
        for limit in self.rules.limits:
            days = (day for target, day in standing.used_up if target == limit.target)
            if any(instant in self.horizon.hours_of(day) for day in days):
                yield limit.target


def _in_force(standing: Standing, instant: float) -> tuple[tuple[OverrideKind, Target], ...]:
    """The overrides that hold at ``instant``; of several about one thing the newest."""
    kept: dict[Target, OverrideKind] = {}
    for each in standing.overrides:
        if each.start <= instant < each.until:
            kept.setdefault(each.target, each.kind)
    return tuple((kind, target) for target, kind in kept.items())


def _setting(switch: Switch, within: Callable[[Timetable], bool]) -> Setting:
    state = switch.state
    if within(switch.off_during):
        state = "off"
    elif within(switch.on_during):
        state = "on"
    return Setting(state, timed=bool(switch.on_during or switch.off_during))
