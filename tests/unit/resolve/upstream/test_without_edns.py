"""Servers that know RFC 1035 only, as in old routers: asked once more without EDNS (RFC 6891 section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import dns.flags
import dns.message
import pytest

from safedns.resolve.upstream.udp import WITHOUT_EDNS, UdpCarrier
from safedns.wire.types import RCode
from tests.fakes import FakeClock
from tests.nameserver import Asked, NameServer, reply
from tests.unit.resolve.values import PATIENCE, Awaited, question


def edns(asked: Asked) -> bool:
    return dns.message.from_wire(asked.packet).edns >= 0


def old_router(asked: Asked) -> bytes:
    """Takes the record that EDNS adds for an error, and says no more than the header."""
    if edns(asked):
        question = asked.packet[12 : asked.packet.index(b"\0", 12) + 5]
        return asked.packet[:2] + b"\x81\x81\0\1\0\0\0\0\0\0" + question
    return reply(asked, "A 192.0.2.1")


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        running.behave = old_router
        yield running


class Carried:
    """A carrier that has no TCP to fall back on."""

    def __init__(self, server: NameServer) -> None:
        self.clock = FakeClock()
        self.udp = UdpCarrier(server.host, server.port, self.clock, [0], lambda exchange: exchange.cancel())

    def start(self, *, do: bool = False) -> Awaited:
        query = question("nas.lan")
        assert query.edns is not None
        exchange = Awaited(query._replace(edns=query.edns._replace(do=do)))
        self.udp.start(exchange)
        return exchange

    async def ask(self) -> tuple[str, ...]:
        return (await asyncio.wait_for(self.start(), PATIENCE)).addresses


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    carried = Carried(server)
    yield carried
    carried.udp.close()


async def test_it_is_asked_again_without_edns_and_then_only_so(carried: Carried, server: NameServer) -> None:
    assert await carried.ask() == ("192.0.2.1",)
    before = len(server.asked)
    assert await carried.ask() == ("192.0.2.1",)
    assert [edns(asked) for asked in server.asked[before:]] == [False]
    plain = dns.message.from_wire(server.asked[-1].packet)
    assert plain.flags == dns.flags.RD


async def test_questions_that_were_under_way_together_are_all_answered(carried: Carried) -> None:
    asked = [carried.start() for _ in range(20)]
    async with asyncio.timeout(PATIENCE):
        assert {(await each).addresses for each in asked} == {("192.0.2.1",)}


async def test_after_a_while_edns_is_tried_again(carried: Carried, server: NameServer) -> None:
    await carried.ask()
    carried.clock.advance(WITHOUT_EDNS + 1)
    before = len(server.asked)
    assert await carried.ask() == ("192.0.2.1",)
    assert edns(server.asked[before])


async def test_a_question_that_is_an_error_even_so_is_answered_so(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, rcode=RCode.FORMERR)
    assert (await asyncio.wait_for(carried.start(), PATIENCE)).rcode == RCode.FORMERR
    assert [edns(asked) for asked in server.asked][-2:] == [True, False]


async def test_who_wants_dnssec_is_never_asked_for_without(carried: Carried, server: NameServer) -> None:
    await carried.ask()
    assert (await asyncio.wait_for(carried.start(do=True), PATIENCE)).rcode == RCode.FORMERR
    assert edns(server.asked[-1])
