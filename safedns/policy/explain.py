"""Why, and until when: the walk in words, and one line that says what applies to somebody now.

Runs the same rule objects as ``Walk.decide``; must not decide anything of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from math import inf
from typing import NamedTuple

from safedns.policy.decision import Decision
from safedns.policy.limits import Quota
from safedns.policy.lists import Service
from safedns.policy.live import OverrideKind, Target
from safedns.policy.matching import Question
from safedns.policy.timeline import Timeline, Walk
from safedns.wire.names import display


class Step(NamedTuple):
    """What one rule of the walk found."""

    kind: str
    text: str
    decided: bool


class Explanation(NamedTuple):
    """The walk as far as it went; only its last step has decided."""

    steps: tuple[Step, ...]
    decision: Decision
    until: float
    """When the outcome for this name changes (epoch seconds); infinite when no change is known."""


def explain_walk(timeline: Timeline, question: Question, now: float, expires: float) -> Explanation:
    """The verdict at ``now``, rule by rule; ``expires``: until when time is known."""
    walk = timeline.at(now)
    decision = walk.decide(question)
    steps: list[Step] = []
    for rule in walk.rules:
        decided = rule.check(question) is not None
        steps.append(Step(rule.step, rule.describe(question), decided))
        if decided:
            break

    def outcome(some: Walk) -> tuple[str, str]:
        verdict = some.decide(question)
        return verdict.action, verdict.target

    return Explanation(tuple(steps), decision, _change(timeline, now, expires, outcome)[0])


def now_line(
    timeline: Timeline,
    services: Mapping[str, Service],
    quotas: Iterable[Quota],
    now: float,
    expires: float,
    zone: tzinfo,
) -> str:
    """``homework until 20:30, then open; YouTube moderate; TikTok off; games 25 of 30 min left (estimated)``.

    Time first, then what a parent decided for now, what is set apart, and limits. Services that are simply on and
    categories without windows are not worth a parent's look.
    """
    walk = timeline.at(now)

    def part(words: str, look: Callable[[Walk], object]) -> str:
        edge, _ = _change(timeline, now, expires, look)
        return words + (f" until {when(edge, now, zone)}" if edge < inf else "")

    edge, following = _change(timeline, now, expires, _time_words)
    until = f" until {when(edge, now, zone)}, then {_time_words(following)}" if edge < inf else ""
    overrides = (
        part(override_words(*each), _whether_in_force(each))
        for each in walk.state.overrides
        if each[1].kind != "internet"
    )
    switches = (
        part(f"{title_of(name, services)} {setting.state}", _setting_of(name))
        for name, setting in (*walk.state.services, *walk.state.categories)
        if setting.timed or (setting.state != "on" and name in services)
    )
    limits = (quota_words(quota, services) for quota in quotas)
    return "; ".join((_time_words(walk) + until, *overrides, *switches, *limits))


def override_words(kind: OverrideKind, target: Target) -> str:
    """``paused``, ``games granted``, ``example.com blocked``."""
    if kind != "grant" and target.kind == "internet":
        return "paused"
    what = display(target.value) if target.kind == "name" else str(target)
    return f"{what} {'granted' if kind == 'grant' else 'blocked'}"


def quota_words(quota: Quota, services: Mapping[str, Service]) -> str:
    """``games 25 of 30 min left (estimated)``; a minute that has begun counts as left."""
    left, whole = -(-quota.left // 60), (quota.allowance + quota.bonus) // 60
    return f"{title_of(str(quota.target), services)} {left} of {whole} min left {ESTIMATED}"


def title_of(name: str, services: Mapping[str, Service]) -> str:
    """``YouTube`` for ``youtube``; anything but a service is called by its id."""
    return services[name].title if name in services else name


def when(instant: float, now: float, zone: tzinfo) -> str:
    """``20:30`` for the next hours, ``Sat 09:00`` within the week, ``Sat 12 Dec 09:00`` later."""
    ahead = instant - now
    pattern = "%H:%M" if ahead < _SOON else "%a %H:%M" if ahead < _THIS_WEEK else "%a %d %b %H:%M"
    return datetime.fromtimestamp(instant, zone).strftime(pattern)


ESTIMATED = "(estimated)"
"""Stands wherever minutes of use are shown: they are counted from what was asked, not from what was looked at."""
_SOON = 18 * 3600
_THIS_WEEK = 6 * 86_400


def _change(timeline: Timeline, now: float, expires: float, look: Callable[[Walk], object]) -> tuple[float, Walk]:
    """The first known edge behind which ``look`` sees something else than now, and the walk there.

    None under a wrong clock: what it would count down to is wrong too.
    """
    walk = timeline.at(now)
    if walk.state.time == "clock":
        return inf, walk
    seen = look(walk)
    for edge, following in timeline.after(now):
        if edge < expires and look(following) != seen:
            return edge, following
    return inf, walk


def _whether_in_force(override: tuple[OverrideKind, Target]) -> Callable[[Walk], object]:
    return lambda walk: override in walk.state.overrides


def _setting_of(name: str) -> Callable[[Walk], object]:
    return lambda walk: dict((*walk.state.categories, *walk.state.services)).get(name)


def _time_words(walk: Walk) -> str:
    for override in walk.state.overrides:
        if override[1].kind == "internet":
            return override_words(*override)
    if walk.state.time == "clock":
        return "closed, for this machine's clock is wrong"
    if walk.state.time == "open" and walk.default.blocked:
        return "open for what is allowed"
    return walk.state.time
