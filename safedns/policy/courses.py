"""Profiles through time: which preset counts when, and behind every edge the walk that begins there.

A ``Courses`` belongs to one horizon. It makes each thing once: profiles that say the same share layers, and as long as
the same holds for now, whole timelines; what the last snapshot had is taken over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from datetime import date
from math import inf
from typing import NamedTuple

from safedns.policy.horizon import Horizon
from safedns.policy.layer import Layer, Moment, Standing
from safedns.policy.limits import Meter
from safedns.policy.live import Target, Used
from safedns.policy.matching import Matchers
from safedns.policy.model import Preset, ProfileSpec
from safedns.policy.timeline import Timeline, Walk
from safedns.policy.walks import Walks

Layers = tuple[tuple[float, Layer], ...]
"""From which instant on which layer counts, sorted: a birthday is the first midnight of the month of birth."""


class Course(NamedTuple):
    """One profile through time; shared by all that have the same."""

    layers: Layers
    timeline: Timeline
    meter: Meter
    """Of the limits of today's layer."""

    def layer(self, now: float) -> Layer:
        """The one that counts at ``now``."""
        return next((layer for start, layer in reversed(self.layers) if start <= now), self.layers[0][1])


class Courses:
    """All courses of one horizon."""

    def __init__(self, horizon: Horizon, presets: Mapping[str, Preset], matchers: Matchers) -> None:
        self.horizon = horizon
        self._presets = presets
        self._matchers = matchers
        self._spans: dict[Hashable, tuple[tuple[float, Preset | None], ...]] = {}
        self._layers: dict[Hashable, Layer] = {}
        self._maker = Walks(matchers)
        self._walks: defaultdict[Layer, dict[Moment, Walk]] = defaultdict(dict)
        self._last: dict[tuple[Layers, Standing], Course] = {}
        self._made: dict[tuple[Layers, Standing], Course] = {}

    def forget_unused(self) -> None:
        """Keep only courses that were asked for since the last time."""
        self._last, self._made = self._made, {}

    def layers(self, spec: ProfileSpec, said: Hashable) -> Layers:
        """Those of a profile; ``said`` is equal for equal own rules."""
        found = []
        for start, preset in self._presets_of(spec):
            key = (spec.kind, said, preset.name if preset else None)
            if key not in self._layers:
                self._layers[key] = Layer(spec.kind, spec.rules, preset, self.horizon)
            found.append((start, self._layers[key]))
        return tuple(found)

    def course(self, layers: Layers, standing: Standing) -> Course:
        """A profile's course while ``standing`` holds."""
        key = (layers, standing)
        if key not in self._made:
            self._made[key] = self._last.get(key) or self._course(layers, standing)
        return self._made[key]

    def used_up(self, layers: Layers, used: Mapping[tuple[Target, date], Used]) -> frozenset[tuple[Target, date]]:
        """The limits that leave no time, each with its day."""
        allowances = self._allowances_of(layers)
        without = {key for key, seconds in allowances.items() if seconds == 0} if allowances else set()
        for key, (seconds, bonus) in used.items():
            if key in allowances:
                (without.add if seconds >= allowances[key] + bonus else without.discard)(key)
        return frozenset(without)

    def _allowances_of(self, layers: Layers) -> Mapping[tuple[Target, date], int]:
        """Seconds by target and day, each day by the layer that counts on it."""
        if len(layers) == 1:
            return layers[0][1].allowances
        ends = (*(start for start, _ in layers[1:]), inf)
        return {
            (target, day): seconds
            for (start, layer), end in zip(layers, ends, strict=True)
            for (target, day), seconds in layer.allowances.items()
            if start <= self.horizon.begin(day) < end
        }

    def _course(self, layers: Layers, standing: Standing) -> Course:
        today = self.horizon.begin(self.horizon.today)
        rules = next(layer.rules for start, layer in reversed(layers) if start <= today)
        meter = Meter((limit.target for limit in rules.limits), self._matchers)
        return Course(layers, self._timeline(layers, standing), meter)

    def _presets_of(self, spec: ProfileSpec) -> tuple[tuple[float, Preset | None], ...]:
        key = (spec.preset, spec.born)
        if key not in self._spans:
            spans: list[tuple[float, Preset | None]] = []
            for day in self.horizon.days:
                preset = preset_for(spec, self._presets, day)
                if not spans or spans[-1][1] is not preset:
                    spans.append((self.horizon.begin(day), preset))
            self._spans[key] = tuple(spans)
        return self._spans[key]

    def _timeline(self, layers: Layers, standing: Standing) -> Timeline:
        """Every edge with the walk that begins there; neighbours that are the same are one."""
        edges: list[float] = []
        walks: list[Walk] = []

        def add(edge: float, layer: Layer, moment: Moment) -> None:
            walk = self._walk(layer, moment)
            if not walks or walks[-1] is not walk:
                edges.append(edge)
                walks.append(walk)

        first, last = layers[0][1], layers[-1][1]
        add(0, first, first.moment_of_unknown_time(standing))
        candidates = {start for start, _ in layers}.union(*(layer.edges(standing) for _, layer in layers))
        for edge in self.horizon.known(candidates):
            layer = first if len(layers) == 1 else [layer for start, layer in layers if start <= edge][-1]
            add(edge, layer, layer.moment(edge, standing))
        add(max(self.horizon.start, self.horizon.end), last, last.moment_of_unknown_time(standing))
        return Timeline(tuple(edges[1:]), tuple(walks))

    def _walk(self, layer: Layer, moment: Moment) -> Walk:
        known = self._walks[layer]
        if moment not in known:
            known[moment] = self._maker.walk(layer, layer.state(moment))
        return known[moment]


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
