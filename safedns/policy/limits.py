"""Minutes a day: which limits a name counts for, and how much of each is left. Counts nothing itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from safedns.policy.live import Target
from safedns.policy.matching import Matchers, Question, longest

METERED = 60
"""Seconds that a device may remember an answer for a name that counts: so it asks again while it is used, and a limit
that is used up acts soon.
"""


class Quota(NamedTuple):
    """One limit of one profile today: seconds, ``used`` being an estimate."""

    target: Target
    allowance: int
    used: int
    bonus: int

    @property
    def left(self) -> int:
        """What may still be used today."""
        return max(0, self.allowance + self.bonus - self.used)


class Meter:
    """Which of a profile's limits a name counts for."""

    __slots__ = ("_background", "_matchers")

    def __init__(self, targets: Iterable[Target], matchers: Matchers) -> None:
        self._matchers = tuple((target, matchers.targets((target,))) for target in targets)
        self._background: Collection[str] = matchers.lists.background

    def targets(self, question: Question) -> tuple[Target, ...]:
        """Those limits' targets; none for what devices ask by themselves."""
        if longest(self._background, question) is not None:
            return ()
        return tuple(target for target, matcher in self._matchers if matcher.first(question) is not None)
