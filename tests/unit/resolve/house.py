"""A resolver over scripted upstreams in virtual time: what the resolver tests play with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from safedns.errors import UpstreamError
from safedns.resolve.resolver import Resolved, Resolver
from safedns.resolve.strategy import Kind
from safedns.resolve.upstream import Exchange, Upstream
from safedns.settings.model import Upstreams, UpstreamSpec
from safedns.wire.answer import Answer
from safedns.wire.query import Query
from safedns.wire.types import Ede
from tests.unit.resolve.values import FakeCounters, address_answer, failure_answer, question, resolved, small_cache
from tests.unit.resolve.virtual import LoopClock


class Says(NamedTuple):
    """What an upstream does with a query: answer or fail, after some seconds."""

    outcome: Answer | UpstreamError
    after: float = 0.01


Script = Callable[[Query], Says | None]
"""``None`` is silence."""


def answers(address: str = "192.0.2.1", *, ttl: int = 60, after: float = 0.01) -> Script:
    return lambda query: Says(address_answer(query, address, ttl), after)


def says_no(rcode: int) -> Script:
    return lambda query: Says(failure_answer(query, rcode))


def unreachable(_: Query) -> Says:
    return Says(UpstreamError("the upstream cannot be reached", Ede.NETWORK_ERROR), 0.0)


def silent(_: Query) -> None:
    return None


class ScriptedUpstream:
    """An upstream that follows its script."""

    def __init__(self, name: str, script: Script) -> None:
        self.name = name
        self.script = script
        self.asked: list[Query] = []
        self.exchanges: list[Exchange] = []
        self.closed = False

    def start(self, exchange: Exchange) -> None:
        self.asked.append(exchange.query)
        self.exchanges.append(exchange)
        says = self.script(exchange.query)
        if says is not None:
            asyncio.get_running_loop().call_later(says.after, _end, exchange, says.outcome)

    async def close(self) -> None:
        self.closed = True


def _end(exchange: Exchange, outcome: Answer | UpstreamError) -> None:
    if isinstance(outcome, UpstreamError):
        exchange.fail(outcome)
    else:
        exchange.answer(outcome)


def spec(name: str) -> UpstreamSpec:
    return UpstreamSpec("plain", "192.0.2.53", 53, name)


def addresses(outcome: Resolved | UpstreamError) -> tuple[str, ...]:
    """The addresses of an outcome that is none but an answer."""
    assert isinstance(outcome, Resolved), outcome
    return outcome.answer.addresses


class House:
    """A resolver, its upstreams by name, and what it counts. Make it inside a running loop."""

    def __init__(
        self,
        *,
        kind: Kind = "ordered",
        routes: Mapping[str, str] | None = None,
        stale: int = 3600,
        entries: int = 100,
        prefetch: bool = False,
        **scripts: Script,
    ) -> None:
        """One upstream a script; ``routes``: domain -> name of the only upstream that serves it."""
        self.counters = FakeCounters()
        self.scripts = scripts
        self.upstreams: dict[str, ScriptedUpstream] = {}
        self.clock = LoopClock()
        self.cache = small_cache(self.counters, entries, stale, prefetch=prefetch)
        routes = routes or {}
        self.settings = Upstreams(
            servers=tuple(spec(name) for name in scripts if name not in routes.values()),
            strategy=kind,
            routes={domain: (spec(name),) for domain, name in routes.items()},
        )
        self.resolver = Resolver(self.settings, self.cache, self.clock, self.counters, connect=self.connect)

    def connect(self, of: UpstreamSpec, *_: object) -> Upstream:
        self.upstreams[of.name] = ScriptedUpstream(of.name, self.scripts[of.name])
        return self.upstreams[of.name]

    async def ask(self, name: str = "www.example.com") -> Resolved | UpstreamError:
        """What a client's query comes to, the cache included; an error is returned, not raised."""
        query = question(name)
        hit = self.resolver.cached(query)
        if hit is not None:
            return Resolved(hit.answer, "cache", hit.stale)
        try:
            return await resolved(self.resolver, query)
        except UpstreamError as error:
            return error

    def asked(self) -> dict[str, int]:
        """How many queries each upstream has got."""
        return {name: len(upstream.asked) for name, upstream in self.upstreams.items()}

    def open_exchanges(self) -> int:
        """Exchanges that nobody has ended."""
        return sum(one.open for upstream in self.upstreams.values() for one in upstream.exchanges)
