"""How a resolver has answers checked by their signatures, where that is configured: the seam to ``dnssec``.

    query --asked--> with DO and CD upstream --> answer --judge--> good: as this client may have it | BogusError

The code behind it, and dnspython with it (12 MB), is imported here and only where validation is on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.counting import Counters
from safedns.resolve.flight import Resolved
from safedns.settings.model import HOME_ZONES, Upstreams
from safedns.wire.answer import Answer
from safedns.wire.query import Query

Judged = Callable[[Answer | UpstreamError], None]


class Source(Protocol):
    """The resolver itself, as who checks asks it."""

    def look_up(self, query: Query, done: Callable[[Resolved | UpstreamError], None]) -> None:
        """Ask its cache, its flights, its upstreams; ``done`` is called once, now or later."""
        ...

    def forget(self, query: Query) -> None:
        """What it has in its cache for ``query`` is not good."""
        ...


class Checking(Protocol):
    """Validates answers."""

    def asked(self, query: Query) -> Query:
        """What is asked upstream instead of ``query``; ``query`` itself where the answer is taken as it comes."""
        ...

    def judge(self, query: Query, answer: Answer, judged: Judged) -> None:
        """``judged`` gets what ``query`` may be told, given the ``answer`` to what was ``asked``; later, and once."""
        ...

    def forget(self) -> None:
        """Look everything up anew."""
        ...


def open_checking(upstreams: Upstreams, source: Source, clock: Clock, counters: Counters) -> Checking | None:
    """What checks answers; ``None`` where nothing is to be checked."""
    if not upstreams.dnssec.validate:
        return None
    from safedns.resolve.dnssec.checker import Checker

    return Checker(upstreams.dnssec, HOME_ZONES.union(upstreams.routes), source, clock, counters)


def taken_as_they_come(upstreams: Upstreams) -> frozenset[str]:
    """Canonical names at and below which nothing is checked, even where answers are."""
    return HOME_ZONES.union(upstreams.routes, upstreams.dnssec.negative_trust_anchors)
