"""Resolver, carriers and name servers together, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from safedns.clock import SystemClock
from safedns.errors import UpstreamError
from safedns.resolve.resolver import Resolver
from safedns.settings.model import Upstreams
from tests.nameserver import After, Asked, NameServer, Reaction, Several, reply, with_other_id, with_other_name
from tests.unit.resolve.values import PATIENCE, FakeCounters, question, resolved, small_cache, until


@pytest.fixture
def first() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


@pytest.fixture
def second() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


class Service:
    """A resolver over real name servers, asked in order."""

    def __init__(self, *servers: NameServer) -> None:
        self.counters = FakeCounters()
        self.resolver = Resolver(
            Upstreams(servers=tuple(server.spec for server in servers), strategy="ordered"),
            small_cache(self.counters),
            SystemClock(),
            self.counters,
        )

    async def __aenter__(self) -> Service:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.resolver.close()
        gc.collect()  # an unclosed socket would warn now, and warnings are errors

    async def ask(self, name: str = "www.example.com") -> tuple[str, ...]:
        return (await asyncio.wait_for(resolved(self.resolver, question(name)), PATIENCE)).answer.addresses


async def test_many_questions_at_once_get_each_its_own_answer(first: NameServer) -> None:
    first.behave = lambda asked: reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    async with Service(first) as service:
        names = [f"{number}.example" for number in range(100)]
        assert await asyncio.gather(*map(service.ask, names)) == [(f"192.0.2.{number}",) for number in range(100)]


async def test_a_hundred_waiters_send_one_datagram(first: NameServer) -> None:
    first.behave = lambda asked: After(0.05, reply(asked, "A 192.0.2.1"))
    async with Service(first) as service:
        assert set(await asyncio.gather(*(service.ask() for _ in range(100)))) == {("192.0.2.1",)}
    assert len(first.asked) == 1


async def test_a_flood_of_forgeries_changes_nothing(first: NameServer) -> None:
    def forge(asked: Asked) -> Reaction:
        forged = reply(asked, "A 203.0.113.66")
        return Several((*[with_other_id(forged)] * 20, *[with_other_name(forged)] * 20, reply(asked, "A 192.0.2.1")))

    first.behave = forge
    async with Service(first) as service:
        assert await service.ask() == ("192.0.2.1",)
        assert service.counters["upstream_queries", first.spec.name, "mismatch"] == 40


async def test_the_second_upstream_answers_for_one_that_is_gone(second: NameServer) -> None:
    with NameServer() as gone:
        pass
    async with Service(gone, second) as service:
        assert await service.ask() == ("192.0.2.1",)
        assert service.counters["upstream_queries", gone.spec.name, "error"] == 1


async def test_truncated_answers_come_over_tcp_and_are_counted(first: NameServer) -> None:
    first.behave = lambda asked: reply(asked, "A 192.0.2.1", truncated=asked.transport == "udp")
    async with Service(first) as service:
        assert await service.ask() == ("192.0.2.1",)
        assert service.counters["upstream_queries", first.spec.name, "tcp"] == 1


async def test_with_everybody_gone_the_failure_comes_at_once() -> None:
    with NameServer() as gone:
        pass
    async with Service(gone) as service:
        with pytest.raises(UpstreamError, match="cannot be reached"):
            await service.ask()


async def test_closing_with_questions_under_way_leaves_nothing_open(first: NameServer) -> None:
    first.behave = lambda asked: None if asked.transport == "tcp" else reply(asked, truncated=asked.number % 2 == 0)
    async with Service(first) as service:
        waiters = [asyncio.gather(service.ask(f"{number}.example"), return_exceptions=True) for number in range(20)]
        await until(lambda: first.asked_over("tcp") > 0)
    outcomes = [outcome for waiter in waiters for outcome in await waiter]
    assert len(outcomes) == 20
