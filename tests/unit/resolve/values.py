"""Queries, answers and counters for the tests of this package."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from safedns.errors import UpstreamError
from safedns.resolve.cache import AnswerCache
from safedns.resolve.resolver import Resolved, Resolver
from safedns.resolve.upstream import Exchange
from safedns.settings.model import CacheSettings
from safedns.wire.answer import Answer, make_answer
from safedns.wire.query import Query, decode_query, unchecked
from safedns.wire.request import plain_request
from safedns.wire.types import QType, RCode

PATIENCE = 10.0
"""Seconds after which a test that hangs is ended; never waited for by one that passes."""


async def until(holds: Callable[[], bool]) -> None:
    """Let the event loop run until ``holds()``."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - it happens in other threads and in callbacks
            await asyncio.sleep(0)


class FakeCounters:
    """Counters that a test reads by key."""

    def __init__(self) -> None:
        self.gauges: dict[tuple[str, ...], float] = {}
        self._cells: dict[tuple[str, ...], list[int]] = {}

    def cell(self, *key: str) -> list[int]:
        return self._cells.setdefault(key, [0])

    def __getitem__(self, key: tuple[str, ...]) -> int:
        return self.cell(*key)[0]


def question(name: str = "www.example.com", qtype: int = QType.A, *, do: bool = False, cd: bool = False) -> Query:
    """A decoded query, as a client would ask it."""
    query = decode_query(plain_request(name, qtype, 4711, do=do or cd))
    return unchecked(query) if cd else query


def address_answer(query: Query, address: str = "192.0.2.1", ttl: int = 60) -> Answer:
    """One A record."""
    packed = bytes(int(part) for part in address.split("."))
    return make_answer(query, [(query.name, int(QType.A), ttl, packed)])


def failure_answer(query: Query, rcode: int = RCode.SERVFAIL) -> Answer:
    """An answer without records that says no."""
    return make_answer(query, [], rcode=rcode)


def small_cache(
    counters: FakeCounters, entries: int = 100, stale: int = 3600, *, prefetch: bool = False
) -> AnswerCache:
    """A cache for a test."""
    return AnswerCache(CacheSettings(entries=entries, stale=stale, prefetch=prefetch), counters)


class Awaited(Exchange):
    """An exchange that a test can await: the answer, or ``UpstreamError`` raised; cancelling the wait cancels it."""

    __slots__ = ("_future",)

    def __init__(self, query: Query) -> None:
        self._future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        super().__init__(query, self._settle)

    def __await__(self) -> Generator[Any, None, Answer]:
        try:
            return (yield from self._future.__await__())
        except asyncio.CancelledError:
            self.cancel()
            raise

    def _settle(self, outcome: Answer | UpstreamError) -> None:
        if isinstance(outcome, UpstreamError):
            self._future.set_exception(outcome)
            self._future.exception()  # a test may look at ``outcome`` alone
        else:
            self._future.set_result(outcome)


async def resolved(resolver: Resolver, query: Query) -> Resolved:
    """What the resolver says to a question; raises its ``UpstreamError``."""
    future: asyncio.Future[Resolved | UpstreamError] = asyncio.get_running_loop().create_future()
    resolver.resolve(query, lambda outcome: None if future.done() else future.set_result(outcome))
    outcome = await future
    if isinstance(outcome, UpstreamError):
        raise outcome
    return outcome
