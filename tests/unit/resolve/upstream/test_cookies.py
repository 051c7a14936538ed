"""DNS cookies over UDP (RFC 7873): echoed, expected once given, and left where they cannot be borne."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import dns.edns
import dns.message
import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.cookies import MISSES, WITHOUT_COOKIES, Cookies
from safedns.resolve.upstream.plain import PlainUpstream
from safedns.resolve.upstream.udp import UdpCarrier
from safedns.wire.answer import Answer
from safedns.wire.request import upstream_request
from safedns.wire.types import RCode
from tests.fakes import FakeClock
from tests.nameserver import Asked, NameServer, Reaction, reply
from tests.unit.resolve.upstream.test_without_edns import edns
from tests.unit.resolve.values import PATIENCE, Awaited, question, until

SERVERS = b"servers "


def cookie_in(asked: Asked) -> bytes:
    """Both cookies of a query, empty without any."""
    options = dns.message.from_wire(asked.packet).options
    return b"".join(option.to_wire() or b"" for option in options if option.otype == dns.edns.OptionType.COOKIE)


def with_cookie(packet: bytes, cookie: bytes) -> bytes:
    message = dns.message.from_wire(packet)
    message.use_edns(
        message.edns,
        ednsflags=message.ednsflags,
        options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)],
    )
    return message.to_wire()


def gives(asked: Asked) -> Reaction:
    """A server that gives a cookie."""
    return with_cookie(reply(asked, "A 192.0.2.1"), cookie_in(asked)[:8] + SERVERS)


def gives_none(asked: Asked) -> Reaction:
    return reply(asked, "A 192.0.2.1")


def strict(asked: Asked) -> Reaction:
    """A server that answers nobody without its cookie."""
    if cookie_in(asked)[8:] == SERVERS:
        return gives(asked)
    return with_cookie(reply(asked, rcode=RCode.BADCOOKIE), cookie_in(asked)[:8] + SERVERS)


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(gives) as running:
        yield running


class Carried:
    """A carrier with what it hands over to TCP."""

    def __init__(self, server: NameServer) -> None:
        self.to_tcp: list[Exchange] = []
        self.clock = FakeClock()
        self.udp = UdpCarrier(server.host, server.port, self.clock, [0], self.to_tcp.append)

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.udp.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)

    async def unbelieved(self) -> None:
        """Ask for something whose answer is left for TCP."""
        exchange = self.start()
        await until(lambda: exchange in self.to_tcp)
        assert exchange.open
        exchange.cancel()


class Plain:
    """A plain upstream, with UDP and TCP."""

    def __init__(self, server: NameServer) -> None:
        self.upstream = PlainUpstream("test", server.host, server.port, FakeClock(), mismatches=[0], tcp_count=[0])

    async def ask(self, name: str = "www.example.com", *, do: bool = False) -> Answer:
        query = question(name)
        assert query.edns is not None
        exchange = Awaited(query._replace(edns=query.edns._replace(do=do)))
        self.upstream.start(exchange)
        return await asyncio.wait_for(exchange, PATIENCE)


@asynccontextmanager
async def both_transports(server: NameServer) -> AsyncIterator[Plain]:
    plain = Plain(server)
    yield plain
    await plain.upstream.close()


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    carried = Carried(server)
    yield carried
    carried.udp.close()


async def test_rfc7873_5_1_every_query_has_a_cookie_of_ours_and_then_the_servers_too(
    carried: Carried, server: NameServer
) -> None:
    for number in range(3):
        assert (await carried.ask(f"{number}.example")).addresses == ("192.0.2.1",)
    first, *rest = (cookie_in(asked) for asked in server.asked)
    assert len(first) == 8
    assert rest == [first + SERVERS] * 2


async def test_rfc7873_5_3_badcookie_is_asked_again_once_with_the_new_cookie(
    carried: Carried, server: NameServer
) -> None:
    server.behave = strict
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert [cookie_in(asked)[8:] for asked in server.asked] == [b"", SERVERS]


async def test_rfc7873_5_3_badcookie_for_ever_goes_to_tcp(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: with_cookie(reply(asked, rcode=RCode.BADCOOKIE), cookie_in(asked)[:8] + SERVERS)
    await carried.unbelieved()
    assert len(server.asked) == 2


async def test_rfc7873_5_3_an_answer_without_the_expected_cookie_is_not_believed(
    carried: Carried, server: NameServer
) -> None:
    await carried.ask()
    server.behave = lambda asked: reply(asked, "A 203.0.113.66")
    await carried.unbelieved()


async def test_rfc7873_5_3_an_answer_with_somebody_elses_cookie_is_not_believed(
    carried: Carried, server: NameServer
) -> None:
    await carried.ask()
    server.behave = lambda asked: with_cookie(reply(asked, "A 203.0.113.66"), b"another!" + SERVERS)
    await carried.unbelieved()


async def test_a_server_that_gives_cookies_only_sometimes_is_asked_without_for_a_while(
    carried: Carried, server: NameServer
) -> None:
    for _ in range(MISSES):
        server.behave = gives
        await carried.ask()
        server.behave = lambda asked: reply(asked, "A 192.0.2.1")
        await carried.unbelieved()
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert cookie_in(server.asked[-1]) == b""
    server.behave = gives
    carried.clock.advance(WITHOUT_COOKIES)
    await carried.ask()
    await carried.ask()
    assert cookie_in(server.asked[-1])[8:] == SERVERS


async def test_a_server_that_takes_a_cookie_for_an_error_is_asked_without_for_a_while(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda asked: reply(asked, "A 192.0.2.1", rcode=RCode.FORMERR if cookie_in(asked) else 0)
    for _ in range(2):
        assert (await carried.ask()).addresses == ("192.0.2.1",)
    carried.clock.advance(WITHOUT_COOKIES)
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert [bool(cookie_in(asked)) for asked in server.asked] == [True, False, False, True, False]
    assert {dns.message.from_wire(asked.packet).edns for asked in server.asked} == {0}


@pytest.mark.parametrize("rcode", [RCode.FORMERR, RCode.NOTIMP])
async def test_a_question_that_is_never_understood_costs_a_server_that_gives_cookies_none(
    carried: Carried, server: NameServer, rcode: RCode
) -> None:
    def behave(asked: Asked) -> Reaction:
        return (
            with_cookie(reply(asked, rcode=rcode), cookie_in(asked)) if asked.name.startswith("odd") else gives(asked)
        )

    server.behave = behave
    await carried.ask()
    assert (await carried.ask("odd.example")).rcode == rcode
    await carried.ask()
    assert [cookie_in(asked)[8:] for asked in server.asked] == [b"", SERVERS, SERVERS]


async def test_an_error_without_the_cookie_is_not_believed_but_no_sign_of_a_server_without(
    server: NameServer,
) -> None:
    async with both_transports(server) as upstream:
        await upstream.ask()
        server.behave = lambda asked: reply(asked, rcode=RCode.FORMERR) if asked.name == "odd.example" else gives(asked)
        for _ in range(MISSES + 1):
            assert (await upstream.ask("odd.example")).rcode == RCode.FORMERR
        assert not edns(server.asked[-1])
        await upstream.ask()
        assert cookie_in(server.asked[-1])[8:] == SERVERS


async def test_an_error_that_is_none_over_tcp_was_forged_or_the_server_has_changed(server: NameServer) -> None:
    async with both_transports(server) as upstream:
        await upstream.ask()
        server.behave = lambda asked: (
            reply(asked, rcode=RCode.FORMERR) if asked.transport == "udp" and cookie_in(asked) else gives_none(asked)
        )
        for transports in ["udp", "tcp"], ["udp", "udp"], ["udp"]:
            before = len(server.asked)
            assert (await upstream.ask()).addresses == ("192.0.2.1",)
            assert [asked.transport for asked in server.asked[before:]] == transports
        assert edns(server.asked[-1])


@pytest.mark.parametrize("rcode", [RCode.FORMERR, RCode.NOTIMP])
async def test_a_server_that_has_taken_the_place_of_one_with_cookies_and_takes_edns_for_an_error_is_understood(
    server: NameServer, rcode: RCode
) -> None:
    async with both_transports(server) as upstream:
        await upstream.ask()
        server.behave = lambda asked: reply(asked, rcode=rcode) if edns(asked) else gives_none(asked)
        for transports in ["udp", "tcp", "tcp"], ["udp", "udp", "udp"], ["udp"]:
            before = len(server.asked)
            assert (await upstream.ask()).addresses == ("192.0.2.1",)
            assert [asked.transport for asked in server.asked[before:]] == transports


async def test_questions_that_were_under_way_when_it_was_replaced_count_once(server: NameServer) -> None:
    async with both_transports(server) as upstream:
        await upstream.ask()
        server.behave = lambda asked: reply(asked, rcode=RCode.FORMERR) if asked.transport == "udp" else gives(asked)
        await asyncio.gather(*(upstream.ask(f"{number}.example") for number in range(MISSES * 2)))
        server.behave = gives
        await upstream.ask()
        await upstream.ask()
        assert cookie_in(server.asked[-1])[8:] == SERVERS


async def test_nor_is_it_dead_for_good_where_there_is_no_tcp() -> None:
    with NameServer(gives, tcp=False) as server:
        async with both_transports(server) as upstream:
            await upstream.ask()
            server.behave = lambda asked: reply(asked, rcode=RCode.FORMERR) if edns(asked) else gives_none(asked)
            with pytest.raises(UpstreamError, match="no TCP connection"):
                await upstream.ask()
            assert (await upstream.ask()).addresses == ("192.0.2.1",)


async def test_nobody_who_wants_dnssec_is_asked_for_without_edns_over_tcp(server: NameServer) -> None:
    async with both_transports(server) as upstream:
        await upstream.ask()
        server.behave = lambda asked: reply(asked, rcode=RCode.FORMERR) if edns(asked) else gives_none(asked)
        assert (await upstream.ask(do=True)).rcode == RCode.FORMERR


async def test_cancelling_what_is_doubted_leaves_nothing_behind(carried: Carried, server: NameServer) -> None:
    await carried.ask()
    server.behave = lambda asked: reply(asked, rcode=RCode.FORMERR)
    exchange = carried.start()
    await until(lambda: bool(carried.to_tcp))
    exchange.cancel()
    assert not carried.to_tcp[0].open


async def test_a_server_that_knows_no_cookies_is_believed_all_the_same(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, "A 192.0.2.1")
    for _ in range(3):
        assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert not carried.udp.cookies.given


@pytest.mark.parametrize("theirs", [b"", b"short", b"x" * 33])
def test_rfc7873_4_a_servers_cookie_of_an_impossible_length_is_not_taken(theirs: bytes) -> None:
    cookies = Cookies(FakeClock())
    cookies.leave_from("192.0.2.1")
    before = cookies.option
    query = question()
    packet = dns.message.make_response(dns.message.from_wire(upstream_request(query, 1)))
    packet.use_edns(options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookies.ours + theirs)])
    cookies.learn(packet.to_wire(), query)
    assert (cookies.given, cookies.option) == (False, before)


def test_rfc9018_3_another_address_of_ours_has_another_cookie() -> None:
    cookies = Cookies(FakeClock())
    cookies.leave_from("192.0.2.1")
    at_home = cookies.ours
    cookies.leave_from("192.0.2.1")
    assert cookies.ours == at_home
    cookies.leave_from("192.0.2.2")
    assert cookies.ours != at_home
    assert len(cookies.ours) == 8
