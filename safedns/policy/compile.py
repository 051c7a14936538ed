"""Policy + lists + what holds only for now -> snapshot: presets under what parents wrote, two weeks of time, rules.

    Policy --merge--> Layer (preset + rules, by birthday) --edges--> State per stretch --> Walk --> Timeline
    Live ---of one profile---> Standing ------------------^

Time is *known* for two weeks (see ``horizon``). Outside, no window holds, and a child with any time rule reads as
blocked; groups stay as they are, so that the machine itself can still fetch the time.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from safedns import RELEASE
from safedns.policy.clients import Clients
from safedns.policy.courses import Course, Courses
from safedns.policy.horizon import Horizon
from safedns.policy.layer import Layer, NowOverride, Standing
from safedns.policy.lists import Lists
from safedns.policy.live import NOTHING_LIVE, Live, Target, Used
from safedns.policy.matching import Matchers
from safedns.policy.model import Policy, ProfileSpec, Rules, Switch
from safedns.policy.rules import MALWARE
from safedns.policy.snapshot import Device, Profile, Snapshot


def compile_snapshot(
    policy: Policy, lists: Lists, *, now: float, epoch: int = 0, release: float = RELEASE, live: Live = NOTHING_LIVE
) -> Snapshot:
    """What ``policy`` means around ``now`` (epoch seconds); ``epoch`` numbers the snapshots of one process."""
    return Compiler(policy, lists, release=release).snapshot(now=now, epoch=epoch, live=live)


class Compiler:
    """Makes the snapshots of one policy over one set of lists; what did not change since the last is taken over.

    Not for two threads at once.
    """

    def __init__(self, policy: Policy, lists: Lists, *, release: float = RELEASE) -> None:
        self._policy = policy
        self._matchers = Matchers(lists)
        self._release = release
        numbers: dict[Hashable, int] = {}
        self._said = {spec.id: numbers.setdefault(_hashable(spec.rules), len(numbers)) for spec in policy.profiles}
        """Equal numbers for equal rules, by profile id."""
        self._zones: dict[str, Courses] = {}
        self._last_who: tuple[tuple[Layer, ...], _Who] | None = None

    def snapshot(self, *, now: float, epoch: int = 0, live: Live = NOTHING_LIVE) -> Snapshot:
        """As ``compile_snapshot``."""
        overrides, used = _overrides(live), _used(live)
        for zone in {self._zone(spec) for spec in self._policy.profiles}:
            self._renew(zone, now)
        found: list[Course] = []
        for spec in self._policy.profiles:
            courses = self._zones[self._zone(spec)]
            layers = courses.layers(spec, self._said[spec.id])
            standing = Standing(overrides.get(spec.id, ()), courses.used_up(layers, used.get(spec.id, {})))
            found.append(courses.course(layers, standing))
        profiles, clients = self._who(tuple(course.layer(now) for course in found))
        return Snapshot(
            profiles,
            clients,
            found,
            used,
            self._matchers,
            zone=ZoneInfo(self._policy.timezone),
            expires=min(courses.horizon.end for courses in self._zones.values()),
            epoch=epoch,
        )

    def _who(self, layers: tuple[Layer, ...]) -> _Who:
        """Profiles and devices by each profile's layer of now; those of the last snapshot if no layer is another."""
        if self._last_who is None or self._last_who[0] != layers:
            specs = self._policy.profiles
            profiles = {
                spec.id: _profile(spec, layer, index)
                for index, (spec, layer) in enumerate(zip(specs, layers, strict=True))
            }
            claims = [(text, Device(text, profiles[spec.id])) for spec in specs for text in spec.devices]
            self._last_who = (layers, _Who(profiles, Clients(claims, Device("", profiles[self._policy.unknown]))))
        return self._last_who[1]

    def _zone(self, spec: ProfileSpec) -> str:
        return spec.timezone or self._policy.timezone

    def _renew(self, zone: str, now: float) -> None:
        """What is known of ``zone`` is made anew with each new day there."""
        courses = self._zones.get(zone)
        if courses is None or courses.horizon.today != datetime.fromtimestamp(now, ZoneInfo(zone)).date():
            horizon = Horizon(zone, self._policy.calendar, now, self._release)
            self._zones[zone] = Courses(horizon, self._policy.presets, self._matchers)
        else:
            courses.forget_unused()


class _Who(NamedTuple):
    """Everybody, and who has which address."""

    profiles: Mapping[str, Profile]
    clients: Clients[Device]


def _profile(spec: ProfileSpec, layer: Layer, index: int) -> Profile:
    rules = layer.rules
    return Profile(
        spec.id,
        spec.name,
        spec.kind,
        layer.preset.name if layer.preset else "",
        rules.log or "full",
        index,
        layer.horizon.zone,
        rules.reply,
        rules.remember,
        metered=bool(rules.limits),
        guarded=_closes_more_than_malware(rules),
        upstreams=rules.upstreams or "",
    )


def _closes_more_than_malware(rules: Rules) -> bool:
    """Whether ``rules`` are there to keep somebody from something, not only to keep a device clean."""
    switches = (*rules.services.values(), *rules.categories.values())
    return (
        rules.default == "deny"
        or not {*(rules.safety or ())} <= {MALWARE}
        or any(
            (
                rules.block,
                rules.safe_search,
                *rules.engines.values(),
                rules.bedtime,
                rules.homework,
                rules.windows,
                rules.limits,
            )
        )
        or any(switch != Switch("on") for switch in switches)
    )


def _overrides(live: Live) -> Mapping[str, tuple[NowOverride, ...]]:
    """By profile id, the newest first."""
    found: dict[str, tuple[NowOverride, ...]] = {}
    for each in live.overrides:
        found[each.profile] = (
            *found.get(each.profile, ()),
            NowOverride(each.kind, each.target, each.start, each.until),
        )
    return found


def _used(live: Live) -> Mapping[str, Mapping[tuple[Target, date], Used]]:
    """By profile id."""
    found: dict[str, dict[tuple[Target, date], Used]] = {}
    for (profile, target, day), used in live.used.items():
        found.setdefault(profile, {})[target, day] = used
    return found


def _hashable(rules: Rules) -> Hashable:
    """Equal for equal rules."""
    values = (getattr(rules, spec.name) for spec in fields(Rules))
    return tuple(tuple(value.items()) if isinstance(value, Mapping) else value for value in values)
