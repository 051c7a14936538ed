"""HTTP/3 where it is offered: who is asked over which, and that no question is lost on a network without QUIC."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.clock import SystemClock
from safedns.resolve.resolver import Resolver
from safedns.resolve.upstream import connection, upgrade
from safedns.resolve.upstream.connection import ConnectionCarrier
from safedns.resolve.upstream.http import Offer, Resource, http3_offer
from safedns.resolve.upstream.http3 import Http3Carrier
from safedns.resolve.upstream.https import HttpsCarrier
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tls import TlsClient
from safedns.resolve.upstream.upgrade import UpgradingCarrier
from safedns.settings.model import Upstreams
from safedns.settings.words import upstream
from safedns.wire.answer import Answer
from tests.certificates import Authority
from tests.nameserver import (
    Asked,
    Goodbye,
    Http,
    NameServer,
    Reaction,
    Reset,
    reply,
    with_other_name,
)
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters, question, resolved, small_cache, until

NAME = "dns.test"


@pytest.fixture
def server(authority: Authority) -> Iterator[NameServer]:
    """Answers over HTTP/2 and HTTP/3, and says so."""
    with NameServer(certificate=authority.issue(NAME), face="h3") as running:
        running.offer = f'h3=":{running.port}"; ma=3600'
        yield running


class Carried:
    """A carrier that upgrades, and what it does."""

    def __init__(self, port: int) -> None:
        resource = Resource(NAME, "/dns-query")
        place = Fixed("127.0.0.1")
        self.made: list[int] = []
        """Ports for which a carrier for HTTP/3 was made."""

        def make(port: int) -> ConnectionCarrier:
            self.made.append(port)
            return Http3Carrier(place, port, [0], NAME, resource)

        self.https = HttpsCarrier(place, port, [0], TlsClient(NAME, (), "h2"), resource)
        self.either = UpgradingCarrier(self.https, make)
        self.either.label = "https://dns.test"

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.either.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)

    async def upgraded(self) -> None:
        """Ask until HTTP/3 is connected."""
        while self.either._since is None:
            await self.ask("before.example")
            await asyncio.sleep(0)

    @property
    def resting(self) -> bool:
        return self.either._rest_until > asyncio.get_running_loop().time()


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    carried = Carried(server.port)
    yield carried
    await carried.either.close()


async def test_rfc9114_3_1_1_a_server_that_offers_http3_is_asked_over_it_once_it_is_connected(
    carried: Carried, server: NameServer
) -> None:
    assert (await carried.ask("first.example")).addresses == ("192.0.2.1",)
    assert server.asked[0].transport == "https"
    await carried.upgraded()
    assert (await carried.ask("then.example")).addresses == ("192.0.2.1",)
    assert server.asked[-1].transport == "h3"
    assert carried.either.facts.protocol == "HTTP/3"
    assert carried.either.facts.http3


async def test_a_server_that_offers_nothing_is_asked_over_http2(carried: Carried, server: NameServer) -> None:
    server.offer = ""
    for number in range(5):
        await carried.ask(f"{number}.example")
    assert {asked.transport for asked in server.asked} == {"https"}
    assert carried.made == []


async def test_rfc7838_3_what_is_taken_back_is_not_used(carried: Carried, server: NameServer) -> None:
    server.offer = "clear"
    carried.either._offered(Offer(server.port, 3600))
    await carried.ask("first.example")
    for number in range(5):
        await carried.ask(f"{number}.example")
    assert {asked.transport for asked in server.asked} == {"https"}


async def test_rfc7838_3_1_an_offer_ends(carried: Carried, server: NameServer) -> None:
    server.offer = f'h3=":{server.port}"; ma=0'
    for number in range(5):
        await carried.ask(f"{number}.example")
    assert {asked.transport for asked in server.asked} == {"https"}


@pytest.mark.parametrize("there", ["nobody", "somebody who says nothing"])
async def test_on_a_network_without_quic_http2_goes_on_and_nobody_waits(
    authority: Authority, there: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.05)
    with (
        NameServer(certificate=authority.issue(NAME), face="https") as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute,
    ):
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        if there == "nobody":
            mute.close()
        server.offer = f'h3=":{port}"'
        carried = Carried(server.port)
        while not carried.resting:
            assert (await carried.ask()).addresses == ("192.0.2.1",)
        for number in range(5):
            await carried.ask(f"{number}.example")
        assert carried.made == [port]  # and not once for each question
        await carried.either.close()
    assert "upstream https://dns.test: HTTP/3 is left alone for 60 s, HTTP/2 goes on: no HTTP/3 connec" in caplog.text
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1


WRONG: dict[str, Reaction] = {
    "closes": Goodbye(),
    "breaks the stream off": Reset(),
    "has another status": Http(status=421),
    "sends a page": Http(b"<html>", kind="text/html"),
    "sends garbage": Http(b"\xff" * 40),
}


@pytest.mark.parametrize("wrong", [*WRONG, "answers another question"])
async def test_what_goes_wrong_over_http3_is_asked_over_http2(carried: Carried, server: NameServer, wrong: str) -> None:
    await carried.upgraded()

    def behave(asked: Asked) -> Reaction:
        if asked.transport == "https":
            return reply(asked, "A 192.0.2.1")
        return WRONG.get(wrong, with_other_name(reply(asked, "A 203.0.113.66")))

    server.behave = behave
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(5)))
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert carried.resting
    before = len(server.asked)
    await carried.ask("later.example")
    assert [asked.transport for asked in server.asked[before:]] == ["https"]


async def test_while_http3_keeps_silent_others_go_over_http2_and_then_it_rests(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await carried.upgraded()
    server.behave = lambda asked: None if asked.transport == "h3" else reply(asked, "A 192.0.2.1")
    monkeypatch.setattr(upgrade, "HEAD_START", 0.01)
    stuck = carried.start("stuck.example")
    http3 = carried.either._http3
    assert http3 is not None
    await until(lambda: http3.silence > 0.01)
    assert (await carried.ask("second.example")).addresses == ("192.0.2.1",)
    assert not carried.resting
    monkeypatch.setattr(upgrade, "SILENT_SECONDS", 0.02)
    await until(lambda: http3.silence > 0.02)
    assert (await carried.ask("third.example")).addresses == ("192.0.2.1",)
    assert carried.resting
    assert (await asyncio.wait_for(stuck, PATIENCE)).addresses == ("192.0.2.1",)


async def test_who_waits_for_a_handshake_that_stalls_is_taken_over_by_http2(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
    await carried.upgraded()
    http3 = carried.either._http3
    assert isinstance(http3, Http3Carrier)
    await until(lambda: not http3.connected)
    monkeypatch.setattr(upgrade, "HEAD_START", 0.01)
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        http3._port = mute.getsockname()[1]
        before = len(server.asked)
        assert (await carried.ask("waits.example")).addresses == ("192.0.2.1",)
        assert [asked.transport for asked in server.asked[before:]] == ["https"]
        await until(lambda: carried.resting)


async def test_a_connection_closed_while_idle_is_opened_again_for_the_next_question(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
    await carried.upgraded()
    http3 = carried.either._http3
    assert http3 is not None
    await until(lambda: not http3.connected)
    monkeypatch.setattr(upgrade, "HEAD_START", PATIENCE)
    await carried.ask("later.example")
    assert server.asked[-1].transport == "h3"
    assert not carried.resting


async def test_rests_grow_up_to_an_hour_and_begin_anew_once_it_has_done_well(
    carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    pauses = []
    for _ in range(8):
        carried.either._rest("of a test")
        carried.either._rest("counted once")
        pauses.append(carried.either._pause)
        now[0] = carried.either._rest_until
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    carried.either._since = now[0]
    now[0] += 3600
    carried.either._rest("of a test")
    assert carried.either._pause == 60


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b'h3=":443"; ma=86400', Offer(443, 86400)),
        (b'h3=":8443"', Offer(8443, 86400)),
        (b'h3-29=":443"; ma=3600,h3=":443"; ma=3600; persist=1', Offer(443, 3600)),
        (b'h2=":443", h3=":444";ma=60', Offer(444, 60)),
        (b'h3=":443";ma="60"', Offer(443, 60)),
        (b'h3="other.example:443"', None),
        (b'h3=":0"', None),
        (b'h3=":65536"', None),
        (b'h3=":x"', None),
        (b"h3=443", None),
        (b"clear", None),
        (b"", None),
        (b'quic=":443"; v="46,43"', None),
        (b',,;="h3\xff', None),
    ],
)
def test_rfc7838_3_what_an_offer_says(written: bytes, meant: Offer | None) -> None:
    assert http3_offer(written) == meant


async def test_closing_fails_what_waits_over_either(carried: Carried, server: NameServer) -> None:
    await carried.upgraded()
    server.behave = lambda _: None
    under_way = [carried.start("a.example")]
    await carried.either.close()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["the upstream is being closed"]


@given(st.binary(max_size=80) | st.text(alphabet='h3=":;, ma0129x', max_size=60).map(str.encode))
def test_whatever_stands_in_an_offer_it_is_read_or_ignored(written: bytes) -> None:
    offer = http3_offer(written)
    assert offer is None or (0 < offer.port <= 65535 and offer.seconds >= 0)


@pytest.mark.parametrize("http3", ["stalled", "killed", "lying", "sound"])
async def test_with_one_upstream_alone_no_question_is_lost_whatever_happens_to_http3(
    server: NameServer, http3: str
) -> None:
    def behave(asked: Asked) -> Reaction:
        truth = reply(asked, "A 192.0.2.1")
        if asked.transport == "https" or not trouble:
            return truth
        return {"stalled": None, "killed": Goodbye(), "lying": with_other_name(truth), "sound": truth}[http3]

    trouble = False
    server.behave = behave
    counters = FakeCounters()
    spec = upstream(f"https://127.0.0.1:{server.port}#{NAME}")._replace(http3=True)
    resolver = Resolver(Upstreams((spec,)), small_cache(counters), SystemClock(), counters)
    names = (f"{number}.example" for number in itertools.count())
    while not server.asked_over("h3"):
        assert (await resolved(resolver, question(next(names)))).answer.addresses == ("192.0.2.1",)
    trouble = True
    for _ in range(5):
        assert (await resolved(resolver, question(next(names)))).answer.addresses == ("192.0.2.1",)
    await resolver.close()
