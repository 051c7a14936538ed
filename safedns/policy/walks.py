"""State -> walk: the rules of one stretch of time, in the documented order.

A step that nothing is set for is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from safedns.policy.decision import ReasonKind
from safedns.policy.layer import Layer
from safedns.policy.matching import Matchers
from safedns.policy.model import Rules
from safedns.policy.rules import Categories, Default, OwnNames, RestrictedModes, Rule, SafeSearch, Safety, Services
from safedns.policy.rules_now import BlockedNow, Granted, InternetGranted, Paused
from safedns.policy.rules_time import LEARNING, TimeClosed, TimeOpen, UsedUp, WindowClosed
from safedns.policy.timeline import State, Walk


def make_walk(layer: Layer, state: State, matchers: Matchers) -> Walk:
    """What is asked while ``state`` holds, in order: the first rule that has an answer decides."""
    rules = layer.rules
    deny = rules.default == "deny"
    services, categories = dict(state.services), dict(state.categories)
    default = Default(state.preset, deny=deny)
    named = (*layer.named, *(target.value for kind, target in state.overrides if (kind, target.kind) == _NAME_GRANTED))
    safety = Safety(rules.safety, matchers, named) if rules.safety else None
    modes = RestrictedModes(services, matchers)
    own: tuple[Rule, ...] = (OwnNames(rules.allow, rules.block),) if rules.allow or rules.block else ()
    later: tuple[Rule, ...] = (
        *((Services(services, modes, matchers),) if services else ()),
        *((Categories(categories, matchers, deny=deny),) if categories else ()),
    )
    kept: tuple[Rule, ...] = (*_search(rules, matchers, ()), modes)
    overrides = tuple(_override_rules(layer, state, matchers, safety, kept))
    first: tuple[Rule, ...] = (*((safety,) if safety else ()), *own)
    search = _search(rules, matchers, (*later, default))
    asked = (*overrides, *first, *_time_rules(layer, state, matchers), *search, *later)
    judging = tuple(rule for rule in overrides if not isinstance(rule, Paused))
    targets = modes.targets.union(*(rule.targets for rule in search))
    return Walk(state, asked, default, strict=(*judging, *first, *later), trusting=(*judging, *first), targets=targets)


_NAME_GRANTED = ("grant", "name")


def _search(rules: Rules, matchers: Matchers, later: tuple[Rule, ...]) -> tuple[SafeSearch, ...]:
    others = bool(rules.safe_search)
    return (SafeSearch(matchers, later, rules.engines, others=others),) if others or any(rules.engines.values()) else ()


def _override_rules(
    layer: Layer, state: State, matchers: Matchers, safety: Rule | None, modes: tuple[Rule, ...]
) -> Iterator[Rule]:
    for kind, target in state.overrides:
        if target.kind == "internet":
            yield InternetGranted() if kind == "grant" else Paused(layer.rules.always)
        elif kind == "grant":
            yield Granted(target, matchers.targets((target,)), safety=safety, modes=modes)
        else:
            yield BlockedNow(target, matchers.targets((target,)))


def _time_rules(layer: Layer, state: State, matchers: Matchers) -> Iterator[Rule]:
    rules = layer.rules
    if state.time == "bedtime":
        yield TimeClosed(ReasonKind.BEDTIME, rules.always)
    elif state.time == "homework":
        yield TimeClosed(ReasonKind.HOMEWORK, rules.always, matchers.categories((LEARNING,)))
    elif state.time == "clock":
        yield TimeClosed(ReasonKind.CLOCK, rules.always)
    elif state.time == "open" and (rules.bedtime or rules.homework):
        yield TimeOpen()
    for name, what in state.closed:
        yield WindowClosed(name, what, matchers.targets(what), rules.always)
    for target in state.used_up:
        yield UsedUp(target, matchers.targets((target,)), rules.always, matchers.lists.background)
