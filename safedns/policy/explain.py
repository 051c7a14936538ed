"""Why, and until when: the walk in words.

Runs the same rule objects as ``Walk.decide``; must not decide anything of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from math import inf
from typing import NamedTuple

from safedns.policy.decision import Decision, ReasonKind
from safedns.policy.matching import Question
from safedns.policy.timeline import Timeline, Walk


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


def explain_walk(
    timeline: Timeline,
    question: Question,
    now: float,
    expires: float,
    verdict: Callable[[Walk], Decision] | None = None,
) -> Explanation:
    """The verdict at ``now``, rule by rule; ``expires``: until when time is known.

    ``verdict``: what follows for the question from a walk, where that is more than the walk itself says.
    """
    decide = verdict or (lambda some: some.decide(question))
    walk = timeline.at(now)
    decision = decide(walk)
    steps: list[Step] = []
    for rule in walk.rules:
        decided = rule.check(question) is not None
        steps.append(Step(rule.step, rule.describe(question), decided))
        if decided:
            break
    if decision.reason.kind is ReasonKind.LOOK_ALIKE:
        steps[-1] = steps[-1]._replace(decided=False)
        steps.append(Step("look-alike", f"it passes for {decision.reason.matched}, which is closed", decided=True))

    def outcome(some: Walk) -> tuple[str, str]:
        found = decide(some)
        return found.action, found.target

    return Explanation(tuple(steps), decision, change(timeline, now, expires, outcome)[0])


def when(instant: float, now: float, zone: tzinfo) -> str:
    """``20:30`` for the next hours, ``Sat 09:00`` within the week, ``Sat 12 Dec 09:00`` later."""
    ahead = instant - now
    pattern = "%H:%M" if ahead < _SOON else "%a %H:%M" if ahead < _THIS_WEEK else "%a %d %b %H:%M"
    return datetime.fromtimestamp(instant, zone).strftime(pattern)


_SOON = 18 * 3600
_THIS_WEEK = 6 * 86_400


def change(timeline: Timeline, now: float, expires: float, look: Callable[[Walk], object]) -> tuple[float, Walk]:
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
