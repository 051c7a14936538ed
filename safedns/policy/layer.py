"""One profile's rules under one preset, and what time makes of them: instant -> ``Moment`` -> ``State``.

Decides about no name. A ``Moment`` is all that differs between two instants, small enough to be made and compared at
every edge of every profile; the ``State`` of a moment says the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from safedns.policy.horizon import Horizon, Hours
from safedns.policy.live import OverrideKind, Target
from safedns.policy.model import NO_RULES, Preset, Rules, Switch, SwitchState, merge
from safedns.policy.rules import Setting, Settings
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


class Moment(NamedTuple):
    """What time says at one instant."""

    time: TimeState
    switched: tuple[SwitchState, ...]
    """Of the switches that have times, services first, in order."""
    overrides: tuple[tuple[OverrideKind, Target], ...] = ()
    closed: tuple[ClosedWindow, ...] = ()
    used_up: tuple[Target, ...] = ()


class _TimedSwitch(NamedTuple):
    """A switch with its hours."""

    state: SwitchState
    off: Hours
    on: Hours

    def at(self, instant: float) -> SwitchState:
        if instant in self.off:
            return "off"
        return "on" if instant in self.on else self.state


class Layer:
    """What counts from one preset's first day to its last."""

    def __init__(self, kind: Literal["child", "group"], own: Rules, preset: Preset | None, horizon: Horizon) -> None:
        self.named = own.allow
        """Names that the parent allowed for this very profile: only they reach past safety."""
        self.preset = preset
        self.rules = rules = merge(preset.rules if preset else NO_RULES, own)
        self.horizon = horizon
        self.allowances = horizon.allowances(rules.limits)
        """Seconds by target and day, where a limit holds."""
        self._child = kind == "child"
        self._bedtime = horizon.hours(rules.bedtime or ())
        self._homework = horizon.hours(rules.homework or ())
        self._switches = tuple(self._timed_switches())
        self._windows = tuple(
            ((name, window.what), horizon.hours(window.during), window.opens) for name, window in rules.windows.items()
        )
        self._settings: dict[tuple[SwitchState, ...], tuple[Settings, Settings]] = {}
        self._timed = any((rules.bedtime, rules.homework, self._switches, self._windows, rules.limits))

    def edges(self, standing: Standing) -> set[float]:
        """Every instant at which something may change."""
        hours = {
            *(self._bedtime, self._homework),
            *(hours for switch in self._switches for hours in (switch.off, switch.on)),
            *(hours for _, hours, _ in self._windows),
            *(self.horizon.hours_of(day) for _, day in standing.used_up),
        }
        overrides = (edge for each in standing.overrides for edge in (each.start, each.until))
        return {*overrides, *(edge for each in hours for edge in each.edges)}

    def moment(self, instant: float, standing: Standing) -> Moment:
        """What time says at ``instant``, which must be known."""
        overrides = _in_force(standing, instant) if standing.overrides else ()
        switched = tuple([switch.at(instant) for switch in self._switches])
        if ("grant", INTERNET) in overrides:
            return Moment("granted", switched, overrides)
        if instant in self._bedtime:
            return Moment("bedtime", switched, overrides)
        closed = tuple([what for what, hours, opens in self._windows if (instant in hours) is not opens])
        used_up = tuple(self._used_up(instant, standing)) if standing.used_up else ()
        return Moment("homework" if instant in self._homework else "open", switched, overrides, closed, used_up)

    def moment_of_unknown_time(self, standing: Standing) -> Moment:
        """No window holds, and a child with any rule that needs the time is closed."""
        closing = any(each.kind != "grant" for each in standing.overrides)
        time: TimeState = "clock" if self._child and (self._timed or closing) else "open"
        return Moment(time, tuple(switch.state for switch in self._switches))

    def state(self, moment: Moment) -> State:
        """The whole of what ``moment`` says."""
        if moment.switched not in self._settings:
            switched = iter(moment.switched)
            services, categories = (
                tuple(
                    (name, Setting(next(switched), timed=True) if _is_timed(switch) else Setting(switch.state))
                    for name, switch in switches.items()
                )
                for switches in (self.rules.services, self.rules.categories)
            )
            self._settings[moment.switched] = (services, categories)
        services, categories = self._settings[moment.switched]
        preset = self.preset.name if self.preset else ""
        return State(moment.time, services, categories, preset, moment.overrides, moment.closed, moment.used_up)

    def _timed_switches(self) -> Iterator[_TimedSwitch]:
        for switch in (*self.rules.services.values(), *self.rules.categories.values()):
            if _is_timed(switch):
                off, on = self.horizon.hours(switch.off_during), self.horizon.hours(switch.on_during)
                yield _TimedSwitch(switch.state, off, on)

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


def _is_timed(switch: Switch) -> bool:
    return bool(switch.on_during or switch.off_during)
