"""The first step of the walk: what a parent decided for now. One rule an override, the newest first."""

from __future__ import annotations

from collections.abc import Iterable

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.live import Target
from safedns.policy.matching import Question, TargetMatcher, longest
from safedns.policy.rules import Rule


class Paused:
    """All internet is closed, but for what is in ``always``."""

    __slots__ = ("_always",)
    step = "override"

    def __init__(self, always: Iterable[str]) -> None:
        self._always = frozenset(always)

    def check(self, question: Question) -> Decision | None:
        if longest(self._always, question) is not None:
            return None
        return Decision(Action.BLOCK, Reason(ReasonKind.OVERRIDE, "pause"))

    def describe(self, question: Question) -> str:
        open_ = longest(self._always, question)
        return f"paused, but {open_} is in always" if open_ is not None else "paused: only what is in always is open"


class BlockedNow:
    """A service, a category or a name is closed."""

    __slots__ = ("_matcher", "_rule")
    step = "override"

    def __init__(self, target: Target, matcher: TargetMatcher) -> None:
        self._rule = f"block {target}"
        self._matcher = matcher

    def check(self, question: Question) -> Decision | None:
        hit = self._matcher.first(question)
        if hit is None:
            return None
        return Decision(Action.BLOCK, Reason(ReasonKind.OVERRIDE, self._rule, hit.matched, hit.category))

    def describe(self, question: Question) -> str:
        hit = self._matcher.first(question)
        return f"{self._rule}: {hit.words}" if hit is not None else f"{self._rule}: not this"


class Granted:
    """A service, a category or a name is open past everything but safety, safe search and restricted modes."""

    __slots__ = ("_matcher", "_modes", "_rule", "_safety")
    step = "override"

    def __init__(self, target: Target, matcher: TargetMatcher, *, safety: Rule | None, modes: tuple[Rule, ...]) -> None:
        """``modes``: those that rewrite, or close what cannot be rewritten."""
        self._rule = f"grant {target}"
        self._matcher = matcher
        self._safety = safety
        self._modes = modes

    def check(self, question: Question) -> Decision | None:
        hit = self._matcher.first(question)
        if hit is None or self._unsafe(question):
            return None
        for mode in self._modes:
            decision = mode.check(question)
            if decision is not None:
                return decision
        return Decision(Action.ALLOW, Reason(ReasonKind.OVERRIDE, self._rule, hit.matched, hit.category))

    def describe(self, question: Question) -> str:
        hit = self._matcher.first(question)
        if hit is None:
            return f"{self._rule}: not this"
        if self._unsafe(question):
            return f"{self._rule}: {hit.words}, but a grant does not lift safety"
        for mode in self._modes:
            if mode.check(question) is not None:
                return f"{self._rule}, but {mode.describe(question)}"
        return f"{self._rule}: {hit.words}"

    def _unsafe(self, question: Question) -> bool:
        return self._safety is not None and self._safety.check(question) is not None


class InternetGranted:
    """Bedtime, homework, windows and limits are lifted: they are not in this walk. Here so that it can be said."""

    __slots__ = ()
    step = "override"

    def check(self, _question: Question) -> None:
        """Never decides."""

    def describe(self, _question: Question) -> str:
        return "grant internet: neither bedtime, homework, windows nor limits count"
