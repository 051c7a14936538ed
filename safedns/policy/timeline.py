"""One profile's rules through time: sorted edges, and between two edges one finished walk.

edges      e0        e1        e2
walks   w0  |   w1    |   w2    |  w3           walk in force at t: walks[bisect_right(edges, t)]
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal, NamedTuple

from safedns.policy.decision import Action, Decision
from safedns.policy.live import OverrideKind, Target
from safedns.policy.matching import Question
from safedns.policy.rules import Categories, Default, Rule, Safety, Settings

TimeState = Literal["open", "bedtime", "homework", "granted", "clock"]
"""``granted``: open by a parent's grant of ``internet``, whatever bedtime, homework, windows and limits say."""


INTERNET = Target("internet")
ClosedWindow = tuple[str, tuple[Target, ...]]
"""A named window with what it closes."""


class State(NamedTuple):
    """All that time decides for a profile at one instant."""

    time: TimeState
    services: Settings
    categories: Settings
    preset: str
    """Name of the preset in force; empty for none."""
    overrides: tuple[tuple[OverrideKind, Target], ...] = ()
    """The newest first, one for each target. What a grant of ``internet`` lifts is not in the state any more."""
    closed: tuple[ClosedWindow, ...] = ()
    """Those that close something, where not everything is closed anyway."""
    used_up: tuple[Target, ...] = ()
    """Targets of the limits that are used up, likewise."""


class Walk:
    """The rules of one stretch of time, in the order in which they are asked; the default comes last."""

    __slots__ = ("_addresses", "_checks", "_strict", "_trusting", "default", "rules", "state", "targets")

    def __init__(
        self,
        state: State,
        rules: tuple[Rule, ...],
        default: Default,
        *,
        strict: tuple[Rule, ...],
        trusting: tuple[Rule, ...],
        targets: frozenset[str] = frozenset(),
    ) -> None:
        """``strict`` and ``trusting``: those of ``rules`` that also judge the names an answer leads to."""
        self.state = state
        self.targets = targets
        """Names that answer instead of others: they are best looked up ahead."""
        self.rules: tuple[Rule, ...] = (*rules, default)
        self._checks = tuple(rule.check for rule in rules)
        self.default = default.decision
        self._strict = tuple(rule.check for rule in strict)
        self._trusting = tuple(rule.check for rule in trusting)
        self._addresses = tuple(rule for rule in strict if isinstance(rule, Safety | Categories))

    def decide(self, question: Question) -> Decision:
        """The verdict of the first rule that has one."""
        for check in self._checks:
            decision = check(question)
            if decision is not None:
                return decision
        return self.default

    def object_to(self, question: Question, *, trusted: bool) -> Decision | None:
        """The block that an answer leading to the name earns, or ``None``; see ``Snapshot.review``."""
        for check in self._trusting if trusted else self._strict:
            decision = check(question)
            if decision is not None:
                return decision if decision.action is Action.BLOCK else None
        return None

    def object_to_address(self, address: str, name: str, *, trusted: bool) -> Decision | None:
        """The block that an answer with ``address`` for ``name`` earns by lists, or ``None``; likewise."""
        for rule in self._addresses:
            if not trusted or isinstance(rule, Safety):
                decision = rule.check_address(address, name)
                if decision is not None:
                    return decision
        return None


class Timeline(NamedTuple):
    """Immutable; ``edges`` are instants (epoch seconds), ``walks`` is one longer."""

    edges: tuple[float, ...]
    walks: tuple[Walk, ...]

    def at(self, now: float) -> Walk:
        """The walk in force at ``now``."""
        return self.walks[bisect_right(self.edges, now)]

    def after(self, now: float) -> tuple[tuple[float, Walk], ...]:
        """Each later edge with the walk that begins there."""
        position = bisect_right(self.edges, now)
        return tuple(zip(self.edges[position:], self.walks[position + 1 :], strict=True))
