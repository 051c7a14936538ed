"""A plain upstream: UDP first, TCP for what does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from safedns.clock import SystemClock
from safedns.errors import UpstreamError
from safedns.resolve.upstream.plain import PlainUpstream
from safedns.wire.answer import Answer
from tests.nameserver import Asked, HangUp, NameServer, Reaction, reply
from tests.unit.resolve.values import PATIENCE, Awaited, question, until


class Upstream:
    """A plain upstream with what it counts."""

    def __init__(self, server: NameServer) -> None:
        self.mismatches = [0]
        self.tcp_count = [0]
        self.plain = PlainUpstream(
            "test", server.host, server.port, SystemClock(), mismatches=self.mismatches, tcp_count=self.tcp_count
        )

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.plain.start(exchange)
        return exchange


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


@pytest.fixture
async def upstream(server: NameServer) -> AsyncIterator[Upstream]:
    upstream = Upstream(server)
    yield upstream
    await upstream.plain.close()


def too_large_for_udp(asked: Asked) -> Reaction:
    if asked.transport == "udp":
        return reply(asked, truncated=True)
    return reply(asked, *(f"A 198.18.0.{number}" for number in range(200)))


async def test_what_fits_in_a_datagram_opens_no_connection(upstream: Upstream, server: NameServer) -> None:
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    assert (server.connections, upstream.tcp_count) == (0, [0])


async def test_a_truncated_answer_is_fetched_over_tcp(upstream: Upstream, server: NameServer) -> None:
    server.behave = too_large_for_udp
    assert len((await upstream.ask()).addresses) == 200
    assert [asked.transport for asked in server.asked] == ["udp", "tcp"]
    assert upstream.tcp_count == [1]


async def test_truncated_answers_share_one_connection(upstream: Upstream, server: NameServer) -> None:
    server.behave = too_large_for_udp
    answers = await asyncio.gather(*(upstream.ask(f"{number}.example") for number in range(20)))
    assert {len(answer.addresses) for answer in answers} == {200}
    assert server.connections == 1


async def test_trouble_over_tcp_fails_the_exchange(upstream: Upstream, server: NameServer) -> None:
    server.behave = lambda asked: HangUp() if asked.transport == "tcp" else reply(asked, truncated=True)
    with pytest.raises(UpstreamError, match="closed the connection twice"):
        await upstream.ask()


async def test_cancelling_between_udp_and_tcp_leaves_nothing_behind(upstream: Upstream, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, truncated=True) if asked.transport == "udp" else None
    exchange = upstream.start()
    await until(lambda: bool(server.asked_over("tcp")))
    exchange.cancel()
    server.behave = too_large_for_udp
    assert len((await upstream.ask()).addresses) == 200


async def test_a_closed_upstream_fails_new_exchanges(upstream: Upstream) -> None:
    await upstream.plain.close()
    with pytest.raises(UpstreamError, match="is closed"):
        await upstream.ask()
