"""Names that must be answered at once: the safe addresses of search engines, looked up ahead and kept fresh.

A child's first search finds its address in the cache, and one outage of an upstream leaves safe search standing. Asked
to look once a second; must not know who searches or why these names matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import inf

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.flight import Resolved
from safedns.resolve.resolver import Resolver, asked_of
from safedns.resolve.rewrite import rewrite_lookup
from safedns.wire.types import QType, RCode

LEAST = 60.0
"""Seconds between two look-ups of one name, however short its answer lives."""
RETRY = 30.0
"""Seconds until a name that could not be had is asked for again."""
_AHEAD = 5.0
"""Seconds before an answer's end at which it is renewed."""

_Question = tuple[str, int, int]
"""Name, number of the set of upstreams, type."""


class Targets:
    """Keeps the addresses of some names in the resolver's cache."""

    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        self._resolver = resolver
        self._clock = clock
        self._due: dict[_Question, float] = {}
        """When each is asked for next, monotonic seconds; infinite = it is under way."""

    def keep(self, names: Iterable[tuple[str, int]]) -> None:
        """Keep these canonical names from now on, and no others; each with the number of a set of upstreams."""
        wanted = [(name, number, int(qtype)) for name, number in names for qtype in (QType.A, QType.AAAA)]
        self._due = {question: self._due.get(question, -inf) for question in wanted}

    def forget(self) -> None:
        """Upstreams have changed, so that the cache may have nothing any more: ask for everything again."""
        self._due = dict.fromkeys(self._due, -inf)

    def look(self) -> None:
        """Ask for what is due."""
        now = self._clock.monotonic()
        for question in [question for question, due in self._due.items() if due <= now]:
            self._due[question] = inf
            name, number, qtype = question
            lookup = asked_of(rewrite_lookup(name, qtype), number)
            self._resolver.resolve(lookup, partial(self._done, question))

    def _done(self, question: _Question, outcome: Resolved | UpstreamError) -> None:
        wait = RETRY
        if isinstance(outcome, Resolved) and not outcome.stale and outcome.answer.rcode == RCode.NOERROR:
            wait = max(LEAST, outcome.answer.ttl - _AHEAD)
        if question in self._due:
            self._due[question] = self._clock.monotonic() + wait
