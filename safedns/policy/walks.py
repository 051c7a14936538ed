"""State -> walk: the rules of one stretch of time, in the documented order.

A step that nothing is set for is left out. Rules that say the same are one object: what a school's children have in
common is in memory once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar, cast

from safedns.policy.decision import ReasonKind
from safedns.policy.layer import Layer
from safedns.policy.matching import Matchers
from safedns.policy.model import Rules
from safedns.policy.rules import Categories, Default, OwnNames, RestrictedModes, Rule, SafeSearch, Safety, Services
from safedns.policy.rules_now import BlockedNow, Granted, InternetGranted, Paused
from safedns.policy.rules_time import LEARNING, TimeClosed, TimeOpen, UsedUp, WindowClosed
from safedns.policy.timeline import State, Walk

P = ParamSpec("P")
R = TypeVar("R")

_NAME_GRANTED = ("grant", "name")


class Walks:
    """Makes walks over one set of lists."""

    def __init__(self, matchers: Matchers) -> None:
        self._matchers = matchers
        self._made: dict[object, object] = {}

    def walk(self, layer: Layer, state: State) -> Walk:
        """What is asked while ``state`` holds, in order: the first rule that has an answer decides."""
        rules, matchers = layer.rules, self._matchers
        deny = rules.default == "deny"
        default = self._one(Default, state.preset, deny=deny)
        granted = (target.value for kind, target in state.overrides if (kind, target.kind) == _NAME_GRANTED)
        named = (*layer.named, *granted)
        safety = self._one(Safety, rules.safety, matchers, named) if rules.safety else None
        modes = self._one(RestrictedModes, state.services, matchers)
        own: tuple[Rule, ...] = (self._one(OwnNames, rules.allow, rules.block),) if rules.allow or rules.block else ()
        later: tuple[Rule, ...] = (
            *((self._one(Services, state.services, modes, matchers),) if state.services else ()),
            *((self._one(Categories, state.categories, matchers, deny=deny),) if state.categories else ()),
        )
        search = self._search(rules, (*later, default))
        kept: tuple[Rule, ...] = (*self._search(rules, ()), modes)
        overrides = tuple(self._override_rules(layer, state, safety, kept))
        first: tuple[Rule, ...] = (*((safety,) if safety else ()), *own)
        asked = (*overrides, *first, *self._time_rules(layer, state), *search, *later)
        judging = tuple(rule for rule in overrides if not isinstance(rule, Paused))
        targets = self._one(_targets, modes, search)
        return Walk(
            state, asked, default, strict=(*judging, *first, *later), trusting=(*judging, *first), targets=targets
        )

    def _search(self, rules: Rules, later: tuple[Rule, ...]) -> tuple[SafeSearch, ...]:
        others = bool(rules.safe_search)
        if not others and not any(rules.engines.values()):
            return ()
        return (self._one(SafeSearch, self._matchers, later, tuple(rules.engines.items()), others=others),)

    def _override_rules(
        self, layer: Layer, state: State, safety: Rule | None, modes: tuple[Rule, ...]
    ) -> Iterator[Rule]:
        targets = self._matchers.targets
        for kind, target in state.overrides:
            if target.kind == "internet":
                yield InternetGranted() if kind == "grant" else Paused(layer.rules.always)
            elif kind == "grant":
                yield Granted(target, targets((target,)), safety=safety, modes=modes)
            else:
                yield BlockedNow(target, targets((target,)))

    def _time_rules(self, layer: Layer, state: State) -> Iterator[Rule]:
        rules, matchers = layer.rules, self._matchers
        if state.time == "bedtime":
            yield self._one(TimeClosed, ReasonKind.BEDTIME, rules.always)
        elif state.time == "homework":
            yield self._one(TimeClosed, ReasonKind.HOMEWORK, rules.always, matchers.categories((LEARNING,)))
        elif state.time == "clock":
            yield self._one(TimeClosed, ReasonKind.CLOCK, rules.always)
        elif state.time == "open" and (rules.bedtime or rules.homework):
            yield self._one(TimeOpen)
        for name, what in state.closed:
            yield self._one(WindowClosed, name, what, matchers.targets(what), rules.always)
        for target in state.used_up:
            background = matchers.lists.background
            yield self._one(UsedUp, target, matchers.targets((target,)), rules.always, background)

    def _one(self, kind: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """``kind(*args, **options)``, made once; all arguments must be hashable."""
        key = (kind, args, tuple(options.items()))
        if key not in self._made:
            self._made[key] = kind(*args, **options)
        return cast("R", self._made[key])


def _targets(modes: RestrictedModes, search: tuple[SafeSearch, ...]) -> frozenset[str]:
    return modes.targets.union(*(rule.targets for rule in search))
