"""What lately failed, so that it is not tried again at once (RFC 9520): per question, 1 s doubling to 30 s.

    nobody answered -- did the upstream answer others since the attempt before this one began?
        yes: it is the name's own failure, and is held however well others fare
        no:  it was the upstream's outage, and the hold ends when the upstream has answered somebody

Kept apart from the answer cache, for a failure must never push out a good answer that can still serve stale.
Time is an argument (monotonic seconds); bounded.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from safedns.errors import UpstreamError
from safedns.wire.answer import Answer

HOLD_MIN = 1.0
HOLD_MAX = 30.0
"""Seconds that a failure is remembered: first and longest (RFC 9520 section 3.2 allows 1 s to 5 min)."""
_LIMIT = 5000


class Failure(NamedTuple):
    """One question that came to nothing."""

    answer: Answer | UpstreamError | None
    """What the upstream said (SERVFAIL, REFUSED ...), or what checking that came to; ``None`` if nobody answered."""
    hold: float
    until: float
    began: float
    """When the attempt began that failed."""
    outage: bool
    """Nobody answered, and nobody else got an answer there since the attempt before this one began."""


class Failures:
    """Bounded map from ``Query.cache_key`` to the last failure."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[bytes, Failure] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def recent(self, key: bytes, now: float) -> Failure | None:
        """The failure that forbids asking again now."""
        failure = self._entries.get(key)
        return failure if failure is not None and now < failure.until else None

    def add(
        self, key: bytes, answer: Answer | UpstreamError | None, now: float, *, began: float = 0.0, heard: float = inf
    ) -> None:
        """Remember a failure; each in a row is held twice as long as the one before.

        ``began``: when the attempt did; ``heard``: when one of those that were asked last answered anybody. They count
        where nobody answered.
        """
        before = self._entries.pop(key, None)
        if before is None or now >= before.until + HOLD_MAX:
            hold, since = HOLD_MIN, began
        else:
            hold, since = min(before.hold * 2, HOLD_MAX), before.began
        while len(self._entries) >= _LIMIT:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = Failure(answer, hold, now + hold, began, answer is None and heard < since)

    def forget(self, key: bytes) -> None:
        """The question has been answered."""
        self._entries.pop(key, None)


def is_over(failure: Failure, heard: float, now: float) -> bool:
    """Whether it was the upstream's outage, and that is over: it has answered since (``heard``, as for ``add``)."""
    failed_at = failure.until - failure.hold
    return failure.outage and heard > failed_at and now >= failed_at + HOLD_MIN
