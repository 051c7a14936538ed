"""Finished replies, kept to be sent again: an accelerator that must never change an answer.

A memo maps what a client sent behind the message id to the reply behind the message id. It belongs to one profile
under one snapshot, so nothing in it outlives a policy change; an entry ends at the earliest of its TTL, the
profile's next edge and the answer that it was blocked for, and its TTLs are patched when the second that they were
written for is over. Must not decide anything and must not know policy: it holds what the pipeline made.
"""

from __future__ import annotations

from typing import Protocol

from safedns.record.counters import Cell
from safedns.record.event import Outcome
from safedns.wire.reply import patch_ttls

MEMO_ENTRIES = 8192
"""Bound per profile; a full memo starts again from empty, which costs each name one ordinary walk."""
MEMO_TOGETHER = 65_536
"""Bound of all profiles together, as long as that leaves each ``MEMO_LEAST``: a reply takes 0.4 KB and more."""
MEMO_LEAST = 64
MEMO_PACKET = 512
"""Octets of the longest query that is remembered. Honest ones have a hundred; who fills thousands takes no memory."""

Memo = dict[bytes, "Memorised"]


def entries_each(profiles: int) -> int:
    """How many replies the memo of each of so many profiles may hold."""
    return max(MEMO_LEAST, min(MEMO_ENTRIES, MEMO_TOGETHER // max(profiles, 1)))


class Memorised(Protocol):
    """A reply that may be sent again until ``expires``; ``tail`` is right until ``fresh_until`` (monotonic seconds)."""

    tail: bytes
    fresh_until: float
    expires: float
    outcome: Outcome
    cell: Cell

    def restamp(self, mono: float) -> None:
        """Make ``tail`` right again for ``mono``."""
        ...


class FixedReply:
    """A reply whose TTLs do not count down: a block reply, a local name."""

    __slots__ = ("cell", "expires", "fresh_until", "outcome", "tail")

    def __init__(self, reply: bytes, expires: float, outcome: Outcome, cell: Cell) -> None:
        self.tail = reply[2:]
        self.expires = expires
        self.fresh_until = expires
        self.outcome = outcome
        self.cell = cell

    def restamp(self, mono: float) -> None:
        """Never due: fresh for as long as it lives."""


class AgeingReply:
    """A reply from the answer cache: its TTLs count down by the second and never pass the profile's next edge."""

    __slots__ = (
        "_edge",
        "_longest",
        "_most",
        "_reply",
        "_stored",
        "_ttls",
        "_uses",
        "cell",
        "expires",
        "fresh_until",
        "outcome",
        "tail",
    )

    def __init__(
        self,
        reply: bytes,
        ttls: tuple[tuple[int, int], ...],
        *,
        stored: float,
        edge: float,
        most: float,
        expires: float,
        outcome: Outcome,
        cell: Cell,
        uses: Cell,
    ) -> None:
        """``stored``, ``edge``, ``expires``: monotonic seconds; ``ttls``: (offset in ``reply``, original TTL).

        ``most``: see ``ttl_cap``. ``uses`` counts the seconds in which it was sent.
        """
        self._uses = uses
        self._reply = bytearray(reply)
        self._ttls = ttls
        self._stored = stored
        self._edge = edge
        self._most = most
        self._longest = max((ttl for _, ttl in ttls), default=0)
        self.tail = reply[2:]
        self.expires = expires
        self.fresh_until = 0.0
        self.outcome = outcome
        self.cell = cell

    def restamp(self, mono: float) -> None:
        self._uses[0] += 1
        age = int(mono - self._stored)
        cap = ttl_cap(self._edge, mono, self._most)
        patch_ttls(self._reply, self._ttls, age, cap)
        self.tail = bytes(self._reply[2:])
        self.fresh_until = self._stored + age + 1
        if cap is not None and cap < self._longest - age:
            self.fresh_until = min(self.fresh_until, self._edge - cap)


def ttl_cap(edge: float, now: float, most: float) -> int | None:
    """Longest TTL, up to ``most``, that may be told so long before the profile's rules change; ``None`` = any."""
    left = min(edge - now, most)
    if left >= 1 << 31:
        return None
    return max(1, int(left))
