"""The steps of the walk that the clock decides: bedtime, homework, named windows, a wrong clock, used-up limits.

What is in ``always`` stays open through all of them. Which of them count is settled before: a rule here is in a walk
only while it closes something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.live import Target
from safedns.policy.matching import CategoryMatcher, Question, TargetMatcher, longest

LEARNING = "learning"
"""The category that homework leaves open."""


class TimeClosed:
    """Bedtime, homework, or a clock that cannot be believed: all but ``always`` and, for homework, learning."""

    __slots__ = ("_always", "_decision", "_learning", "step")

    def __init__(
        self,
        kind: Literal[ReasonKind.BEDTIME, ReasonKind.HOMEWORK, ReasonKind.CLOCK],
        always: Iterable[str],
        learning: CategoryMatcher | None = None,
    ) -> None:
        self.step = str(kind)
        self._always = frozenset(always)
        self._learning = learning
        self._decision = Decision(Action.BLOCK, Reason(kind, str(kind)))

    def check(self, question: Question) -> Decision | None:
        if self._always and longest(self._always, question) is not None:
            return None
        if self._learning is not None and self._learning.first(question) is not None:
            return None
        return self._decision

    def describe(self, question: Question) -> str:
        open_ = longest(self._always, question)
        if open_ is not None:
            return f"now, but {open_} is in always"
        hit = None if self._learning is None else self._learning.first(question)
        if hit is not None:
            return f"now, but {hit.matched} is for learning ({hit.rule})"
        if self._decision.reason.kind is ReasonKind.CLOCK:
            return "this machine's clock is wrong, so only what is in always is open"
        return "now: only what is in always is open" + (", and learning" if self._learning is not None else "")


class TimeOpen:
    """Neither bedtime nor homework; here so that an explanation can say so."""

    __slots__ = ()
    step = "time"

    def check(self, _question: Question) -> None:
        """Never decides."""

    def describe(self, _question: Question) -> str:
        return "neither bedtime nor homework now"


class WindowClosed:
    """A named window that closes something now."""

    __slots__ = ("_always", "_matcher", "_name", "_what")
    step = "window"

    def __init__(self, name: str, what: tuple[Target, ...], matcher: TargetMatcher, always: Iterable[str]) -> None:
        self._name = name
        self._what = what
        self._matcher = matcher
        self._always = frozenset(always)

    def check(self, question: Question) -> Decision | None:
        hit = self._matcher.first(question)
        if hit is None or longest(self._always, question) is not None:
            return None
        return Decision(Action.BLOCK, Reason(ReasonKind.WINDOW, self._name, hit.matched, hit.category))

    def describe(self, question: Question) -> str:
        hit = self._matcher.first(question)
        what = ", ".join(map(str, self._what))
        if hit is None:
            return f"{self._name} closes {what} now, not this"
        open_ = longest(self._always, question)
        if open_ is not None:
            return f"{self._name} closes {what} now, but {open_} is in always"
        return f"{self._name} closes {what} now" + (f": {hit.words}" if hit.matched else "")


class UsedUp:
    """A limit that leaves no time for today. Traffic that nobody causes stays open where the limit is on everything."""

    __slots__ = ("_matcher", "_open", "_target")
    step = "limit"

    def __init__(
        self, target: Target, matcher: TargetMatcher, always: Iterable[str], background: Collection[str]
    ) -> None:
        self._target = target
        self._matcher = matcher
        self._open = (frozenset(always), background if target.kind == "internet" else frozenset())

    def check(self, question: Question) -> Decision | None:
        hit = self._matcher.first(question)
        if hit is None or any(longest(names, question) is not None for names in self._open):
            return None
        return Decision(Action.BLOCK, Reason(ReasonKind.LIMIT, str(self._target), hit.matched, hit.category))

    def describe(self, question: Question) -> str:
        hit = self._matcher.first(question)
        today = f"today's time for {self._target} is used up"
        if hit is None:
            return f"{today}, but this is something else"
        always, background = (longest(names, question) for names in self._open)
        if always is not None:
            return f"{today}, but {always} is in always"
        if background is not None:
            return f"{today}, but {background} is what devices ask by themselves"
        return today + (f": {hit.words}" if hit.matched else "")
