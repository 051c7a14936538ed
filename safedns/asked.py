"""The values that travel along the path of a query: what was asked, what was found, and what has to be waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from safedns.peers import Peer
from safedns.policy.decision import Decision
from safedns.resolve.cache import Hit
from safedns.wire.answer import Answer
from safedns.wire.query import Query

Deliver = Callable[[bytes | None], None]
"""Takes the reply to a miss; must not raise."""


class Asked(NamedTuple):
    """One decoded query and its circumstances."""

    packet: bytes
    query: Query
    peer: Peer
    protocol: str
    start: float
    """Monotonic seconds when it was read."""


class Found(NamedTuple):
    """What goes out, and where it came from."""

    answer: Answer
    source: str
    """policy | local | cache | stale | upstream | none: as in ``record.event.Outcome``."""
    upstream: str = ""
    stored: float | None = None
    """Monotonic seconds since which its TTLs count down; ``None`` = they do not."""
    ede: tuple[int, str] | None = None
    personal: bool = False
    """Made for this client alone: not to be sent to others of its profile."""
    hit: Hit | None = None
    """The cached answer that it was made of."""


class Miss(NamedTuple):
    """A clean query whose answer must be fetched; ``lookup`` is what is asked upstream (a rewrite's target)."""

    asked: Asked
    lookup: Query
    decision: Decision
    until: float
    """``decision`` holds for ``asked.peer`` before this instant (wall clock)."""
