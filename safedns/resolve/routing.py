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

Connect = Callable[[UpstreamSpec, Clock, UpstreamMeter, Place], Upstream]


class Squad(NamedTuple):
    """A team as the strategy sees it, and its members by position."""

    team: Team
    members: tuple[Member, ...]


class Routing:
    """Every upstream in use, and the squad for each name. Immutable but for what the members learn."""

    __slots__ = ("_default", "_routes", "bootstrap", "members")

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
        self._routes = {domain: self._squad(upstreams, servers) for domain, servers in upstreams.routes.items()}

    def squad_for(self, name: str) -> Squad:
        """Who answers for ``name``: the longest route that covers it, else the default."""
        if self._routes:
            for domain in parents(name):
                if (squad := self._routes.get(domain)) is not None:
                    return squad
        return self._default

    def _squad(self, upstreams: Upstreams, servers: tuple[UpstreamSpec, ...]) -> Squad:
        members = tuple(self.members[spec] for spec in servers)
        return Squad(Team(upstreams.strategy, [member.health for member in members]), members)


def _member(spec: UpstreamSpec, clock: Clock, counters: Counters, connect: Connect, place: Place) -> Member:
    meter = UpstreamMeter(counters, spec.name)
    return Member(connect(spec, clock, meter, place), Health(), meter)
