"""Which upstreams serve which names: the default team and one for each configured route, sharing their upstreams.

A reload builds a new ``Routing`` from the old: an upstream that stays keeps its sockets and what is known of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from safedns.clock import Clock
from safedns.resolve.bootstrap import Bootstrap
from safedns.resolve.counting import Counters, UpstreamMeter
from safedns.resolve.flight import Member
from safedns.resolve.strategy import Health, Team
from safedns.resolve.upstream import Upstream
from safedns.resolve.upstream.place import Fixed, Place
from safedns.settings.model import Upstreams, UpstreamSpec
from safedns.wire.names import parents
from safedns.wire.query import Query

_KEY_BITS = 2
"""How many bits of a cache key's last octet are the query's own."""

Connect = Callable[[UpstreamSpec, Clock, UpstreamMeter, Place], Upstream]


def asked_of(query: Query, number: int) -> Query:
    """The query as it is asked of the set of upstreams with this ``number`` (``Upstreams.set_number``).

    The number becomes a part of the cache key, so that no answer and no flight is shared between sets.
    """
    key = query.cache_key
    return query._replace(cache_key=key[:-1] + bytes((key[-1] | number << _KEY_BITS,)))


def set_of(query: Query) -> int:
    """The number of the set of upstreams that the query is asked of."""
    return query.cache_key[-1] >> _KEY_BITS


class Squad(NamedTuple):
    """A team as the strategy sees it, and its members by position."""

    team: Team
    members: tuple[Member, ...]


class Routing:
    """Every upstream in use, and the squad for each name. Immutable but for what the members learn."""

    __slots__ = ("_default", "_routes", "_sets", "bootstrap", "members")

    def __init__(
        self, upstreams: Upstreams, clock: Clock, counters: Counters, connect: Connect, before: Routing | None = None
    ) -> None:
        """Take over from ``before`` the upstreams that are still configured; connect the others."""
        known = before.members if before is not None else {}
        self.bootstrap: Bootstrap = before.bootstrap if before is not None else Bootstrap(clock)
        self.members: dict[UpstreamSpec, Member] = {}
        for spec in upstreams.all:
            place = self.bootstrap.place(spec.host) if spec.named else Fixed(spec.host)
            self.members[spec] = known.get(spec) or _member(spec, clock, counters, connect, place)
        self.bootstrap.ask(tuple(self.members[spec] for spec in upstreams.bootstrap if spec in self.members))
        self._default = self._squad(upstreams, upstreams.servers)
        self._sets = tuple(self._squad(upstreams, upstreams.sets[name]) for name in sorted(upstreams.sets))
        self._routes = {domain: self._squad(upstreams, servers) for domain, servers in upstreams.routes.items()}

    def squad_for(self, query: Query) -> Squad:
        """Who answers: the longest route that covers the name, else the set it is asked of, else the default."""
        if self._routes:
            for domain in parents(query.name):
                if (squad := self._routes.get(domain)) is not None:
                    return squad
        number = set_of(query)
        return self._sets[number - 1] if number else self._default

    def _squad(self, upstreams: Upstreams, servers: tuple[UpstreamSpec, ...]) -> Squad:
        members = tuple(self.members[spec] for spec in servers)
        return Squad(Team(upstreams.strategy, [member.health for member in members]), members)


def _member(spec: UpstreamSpec, clock: Clock, counters: Counters, connect: Connect, place: Place) -> Member:
    meter = UpstreamMeter(counters, spec.name)
    return Member(connect(spec, clock, meter, place), Health(), meter, spec.secure)
