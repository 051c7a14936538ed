"""Servers that know RFC 1035 only, as in old routers: asked once more without EDNS (RFC 6891 section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import dns.edns
import dns.flags
import dns.message
import pytest

from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.udp import WITHOUT_EDNS, UdpCarrier
from safedns.wire.types import RCode
from tests.fakes import FakeClock
from tests.nameserver import Asked, NameServer, Reaction, reply
from tests.unit.resolve.values import PATIENCE, Awaited, question, until


def edns(asked: Asked) -> bool:
    return dns.message.from_wire(asked.packet).edns >= 0


def cookies(asked: Asked) -> bool:
    return any(option.otype == dns.edns.OptionType.COOKIE for option in dns.message.from_wire(asked.packet).options)


def with_the_question(asked: Asked, rcode: int) -> bytes:
    """An error that repeats what it was asked."""
    question = asked.packet[12 : asked.packet.index(b"\0", 12) + 5]
    return asked.packet[:2] + bytes((0x81, 0x80 | rcode)) + b"\0\1\0\0\0\0\0\0" + question


def header_alone(asked: Asked, rcode: int) -> bytes:
    """An error of 12 octets."""
    return asked.packet[:2] + bytes((0x81, 0x80 | rcode)) + bytes(8)


Error = Callable[[Asked, int], bytes]


@pytest.fixture(params=[with_the_question, header_alone])
def error(request: pytest.FixtureRequest) -> Error:
    """How the server says that it does not understand."""
    made: Error = request.param
    return made


@pytest.fixture(params=[RCode.FORMERR, RCode.NOTIMP])
def rcode(request: pytest.FixtureRequest) -> RCode:
    """What it says then."""
    said: RCode = request.param
    return said


@pytest.fixture
def server(error: Error, rcode: RCode) -> Iterator[NameServer]:
    """An old router, which takes the record that EDNS adds for an error."""
    with NameServer(lambda asked: error(asked, rcode) if edns(asked) else reply(asked, "A 192.0.2.1")) as running:
        yield running


class Carried:
    """A carrier with what it hands over to TCP."""

    def __init__(self, server: NameServer) -> None:
        self.clock = FakeClock()
        self.to_tcp: list[Exchange] = []
        self.udp = UdpCarrier(server.host, server.port, self.clock, [0], self.to_tcp.append)

    def start(self, name: str = "nas.lan", *, do: bool = False) -> Awaited:
        query = question(name)
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


async def test_an_odd_question_that_is_never_understood_changes_nothing_for_others(
    carried: Carried, server: NameServer, error: Error, rcode: RCode
) -> None:
    def behave(asked: Asked) -> Reaction:
        return error(asked, rcode) if asked.name == "odd.lan" else reply(asked, "A 192.0.2.1")

    server.behave = behave
    for _ in range(2):
        assert (await asyncio.wait_for(carried.start("odd.lan"), PATIENCE)).rcode == rcode
        assert not edns(server.asked[-1])
        await carried.ask()
        assert cookies(server.asked[-1])


@pytest.mark.parametrize("otherwise", [RCode.SERVFAIL, RCode.REFUSED])
async def test_an_error_of_another_kind_is_no_help_to_remember(
    carried: Carried, server: NameServer, error: Error, rcode: RCode, otherwise: RCode
) -> None:
    def behave(asked: Asked) -> Reaction:
        if asked.name != "odd.lan":
            return reply(asked, "A 192.0.2.1")
        return error(asked, rcode if edns(asked) else otherwise)

    server.behave = behave
    assert (await asyncio.wait_for(carried.start("odd.lan"), PATIENCE)).rcode == otherwise
    await carried.ask()
    assert cookies(server.asked[-1])


async def test_that_a_name_does_not_exist_is_help(carried: Carried, server: NameServer, rcode: RCode) -> None:
    server.behave = lambda asked: reply(asked, rcode=rcode if edns(asked) else RCode.NXDOMAIN)
    for _ in range(2):
        assert (await asyncio.wait_for(carried.start(), PATIENCE)).rcode == RCode.NXDOMAIN
    assert [edns(asked) for asked in server.asked] == [True, True, False, False]


async def test_an_odd_question_to_a_router_known_to_be_old_is_asked_once(
    carried: Carried, server: NameServer, error: Error, rcode: RCode
) -> None:
    await carried.ask()
    before = len(server.asked)
    server.behave = lambda asked: error(asked, rcode)
    assert (await asyncio.wait_for(carried.start("odd.lan"), PATIENCE)).rcode == rcode
    assert [edns(asked) for asked in server.asked[before:]] == [False]


async def test_an_answer_that_is_truncated_without_edns_is_fetched_without_over_tcp(
    carried: Carried, server: NameServer, error: Error, rcode: RCode
) -> None:
    def behave(asked: Asked) -> Reaction:
        return error(asked, rcode) if edns(asked) else reply(asked, "A 192.0.2.1", truncated=asked.transport == "udp")

    server.behave = behave
    exchange = carried.start()
    await until(lambda: bool(carried.to_tcp))
    tcp = TcpCarrier(Fixed(server.host), server.port, [0])
    tcp.start(exchange)
    assert (await asyncio.wait_for(exchange, PATIENCE)).addresses == ("192.0.2.1",)
    await tcp.close()


async def test_who_wants_dnssec_is_never_asked_for_without(carried: Carried, server: NameServer, rcode: RCode) -> None:
    await carried.ask()
    assert (await asyncio.wait_for(carried.start(do=True), PATIENCE)).rcode == rcode
    assert edns(server.asked[-1])
