"""What applies to somebody now, in one line for a parent. Tells what the walk does; must not decide anything.

homework until 20:30, then open; YouTube moderate; games 25 of 30 min left (estimated); from 1 March: 6 to 9
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import inf
from types import MappingProxyType

from safedns.policy.courses import Course
from safedns.policy.explain import change, when
from safedns.policy.limits import Quota
from safedns.policy.lists import Service
from safedns.policy.live import OverrideKind, Target
from safedns.policy.timeline import INTERNET, ClosedWindow, State, Walk
from safedns.wire.names import display

_NOTICE = 7 * 86_400
"""Seconds before a new preset counts that it is announced."""
_SOON = 18 * 3600
"""Seconds ahead that are worth telling of a window."""
_SAID = {"pause": "paused", "block": "blocked", "grant": "granted"}
_NO_SERVICES: Mapping[str, Service] = MappingProxyType({})
ESTIMATED = "(estimated)"
"""Stands wherever minutes of use are told: they are counted from queries."""


def now_line(
    course: Course, services: Mapping[str, Service], quotas: tuple[Quota, ...], now: float, expires: float
) -> str:
    """Time first, then what is set apart. Services that are simply on and categories without windows are not worth a
    parent's look.
    """
    line = _Line(course, services, now, expires)
    parts = [
        line.time(),
        *line.overrides(),
        *line.windows(),
        *line.coming(),
        *line.switches(),
        *line.limits(quotas),
        *line.birthday(),
    ]
    return "; ".join(parts)


class _Line:
    """The parts of one line."""

    def __init__(self, course: Course, services: Mapping[str, Service], now: float, expires: float) -> None:
        self._course = course
        self._services = services
        self._now = now
        self._expires = expires
        self._walk = course.timeline.at(now)
        self._zone = course.layer(now).horizon.zone

    def time(self) -> str:
        """``bedtime until 06:30, then open``"""
        edge, following = change(self._course.timeline, self._now, self._expires, _time_words)
        then = f" until {self._when(edge)}, then {_time_words(following)}" if edge < inf else ""
        return _time_words(self._walk) + then

    def overrides(self) -> Iterator[str]:
        """``games granted until 17:20``"""
        for said in self._walk.state.overrides:
            kind, target = said

            def holds(walk: Walk, said: tuple[OverrideKind, Target] = said) -> object:
                return said in walk.state.overrides

            if target != INTERNET:
                yield f"{override_words(kind, target, self._services)}{self._until(holds)}"

    def windows(self) -> Iterator[str]:
        """``forum hours until 16:00: reddit.com, Discord off``; those on all internet are time."""
        for window in self._walk.state.closed:
            name, what = window

            def holds(walk: Walk, window: ClosedWindow = window) -> object:
                return window in walk.state.closed

            if INTERNET not in what:
                titles = (title_of(target, self._services) for target in what)
                yield f"{name}{self._until(holds)}: {', '.join(titles)} off"

    def coming(self) -> Iterator[str]:
        """``games until 23:00``: what a window closes next, within the day; nothing while everything is closed."""
        if _everything_closed(self._walk.state):
            return
        said = {name for name, _ in self._walk.state.closed}
        for edge, walk in self._course.timeline.after(self._now):
            if edge >= min(self._expires, self._now + _SOON):
                return
            for name, what in walk.state.closed:
                if name not in said and INTERNET not in what:
                    said.add(name)
                    yield f"{', '.join(title_of(target, self._services) for target in what)} until {self._when(edge)}"

    def switches(self) -> Iterator[str]:
        """``YouTube moderate``, ``Roblox off until Sat 09:00``; what a window closes now was told before."""
        closed = {target.value for _, what in self._walk.state.closed for target in what}
        for name, setting in (*self._walk.state.services, *self._walk.state.categories):
            is_service = name in self._services
            if name in closed or (not setting.timed and (setting.state == "on" or not is_service)):
                continue

            def state(walk: Walk, name: str = name) -> object:
                return dict((*walk.state.categories, *walk.state.services)).get(name)

            title = self._services[name].title if is_service else name
            yield f"{title} {setting.state}{self._until(state)}"

    def limits(self, quotas: tuple[Quota, ...]) -> Iterator[str]:
        """Each as ``quota_words``."""
        return (quota_words(quota, self._services) for quota in quotas)

    def birthday(self) -> Iterator[str]:
        """``from 1 March: 6 to 9``, a week before a new preset counts."""
        for start, layer in self._course.layers:
            if self._now < start <= self._now + _NOTICE and layer.preset is not None:
                day = datetime.fromtimestamp(start, self._zone)
                yield f"from {day.day} {day:%B}: {layer.preset.title}"

    def _until(self, look: Callable[[Walk], object]) -> str:
        edge, _ = change(self._course.timeline, self._now, self._expires, look)
        return f" until {self._when(edge)}" if edge < inf else ""

    def _when(self, edge: float) -> str:
        return when(edge, self._now, self._zone)


def override_words(kind: OverrideKind, target: Target, services: Mapping[str, Service] = _NO_SERVICES) -> str:
    """``paused``, ``games granted``, ``example.com blocked``; a service by its title where ``services`` knows it."""
    if target == INTERNET and kind != "grant":
        return "paused"
    return f"{title_of(target, services)} {_SAID[kind]}"


def quota_words(quota: Quota, services: Mapping[str, Service]) -> str:
    """``games 25 of 30 min left (estimated)``; a minute that has begun counts as left."""
    left, whole = -(-quota.left // 60), (quota.allowance + quota.bonus) // 60
    return f"{title_of(quota.target, services)} {left} of {whole} min left {ESTIMATED}"


def title_of(target: Target, services: Mapping[str, Service]) -> str:
    """``YouTube`` for the service ``youtube``; a site as people see it; anything else by its id."""
    if target.kind == "service" and target.value in services:
        return services[target.value].title
    return display(target.value) if target.kind == "name" else str(target)


def _everything_closed(state: State) -> bool:
    closing = (what for _, what in state.closed)
    paused = any(target == INTERNET and kind != "grant" for kind, target in state.overrides)
    whole = any(INTERNET in what for what in (*closing, state.used_up))
    return paused or whole or state.time not in ("open", "granted")


def _time_words(walk: Walk) -> str:
    state = walk.state
    if state.time == "clock":
        return "closed, for this machine's clock is wrong"
    if any(target == INTERNET and kind != "grant" for kind, target in state.overrides):
        return "paused"
    if state.time == "granted":
        return "internet granted"
    if state.time != "open":
        return state.time
    for name, what in state.closed:
        if INTERNET in what:
            return name
    if INTERNET in state.used_up:
        return "today's time used up"
    return "open for what is allowed" if walk.default.blocked else "open"
