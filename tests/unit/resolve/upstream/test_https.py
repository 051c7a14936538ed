"""DNS over HTTPS: what is asked, what counts as an answer, and what becomes of a stream or connection that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import connection
from safedns.resolve.upstream.http import Resource
from safedns.resolve.upstream.https import HttpsCarrier
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tls import TlsClient
from safedns.wire.answer import Answer
from tests.certificates import Authority
from tests.nameserver import (
    After,
    Goodbye,
    HangUp,
    Http,
    NameServer,
    Reaction,
    Reset,
    reply,
    with_other_id,
    with_other_name,
)
from tests.unit.resolve.values import PATIENCE, Awaited, question, until

NAME = "dns.test"


@pytest.fixture
def server(authority: Authority) -> Iterator[NameServer]:
    with NameServer(certificate=authority.issue(NAME), face="https") as running:
        yield running


class Carried:
    """A carrier with what it reports."""

    def __init__(self, port: int, name: str = NAME, *pins: bytes) -> None:
        self.mismatches = [0]
        tls = TlsClient(name, pins, "h2")
        self.https = HttpsCarrier(Fixed("127.0.0.1"), port, self.mismatches, tls, Resource("dns.test", "/dns-query"))

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.https.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)

    async def refusal(self) -> str:
        with pytest.raises(UpstreamError) as caught:
            await self.ask()
        return str(caught.value)


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    carried = Carried(server.port)
    yield carried
    await carried.https.close()


async def test_rfc8484_4_1_a_question_is_posted_under_the_id_nought(carried: Carried, server: NameServer) -> None:
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert server.requests == [
        {
            ":method": "POST",
            ":scheme": "https",
            ":authority": "dns.test",
            ":path": "/dns-query",
            "accept": "application/dns-message",
            "content-type": "application/dns-message",
            "content-length": "128",
        }
    ]
    assert server.asked[0].packet[:2] == b"\0\0"
    assert carried.https.facts.protocol == "TLSv1.3"


async def test_queries_share_one_connection_and_answers_come_in_any_order(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(
        0.03 - 0.003 * int(asked.name.split(".")[0]), reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    )
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(10)))
    assert [answer.addresses for answer in answers] == [(f"192.0.2.{number}",) for number in range(10)]
    assert server.connections == 1


async def test_no_more_streams_are_opened_than_the_server_takes(carried: Carried, server: NameServer) -> None:
    server.streams_at_once = 3
    server.behave = lambda asked: After(0.005, reply(asked, "A 192.0.2.1"))  # it ends the connection at a fourth
    await carried.ask("0.example")
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(30)))
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert server.connections == 1


async def test_a_question_that_is_held_back_can_be_cancelled(carried: Carried, server: NameServer) -> None:
    server.streams_at_once = 1
    await carried.ask("first.example")
    server.behave = lambda asked: After(0.02, reply(asked, "A 192.0.2.1"))
    under_way, held = carried.start("second.example"), carried.start("third.example")
    held.cancel()
    assert (await asyncio.wait_for(under_way, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("fourth.example")).addresses == ("192.0.2.1",)
    assert [asked.name for asked in server.asked] == ["first.example", "second.example", "fourth.example"]


async def test_large_answers_never_run_out_of_window(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, *(f"A 198.18.{number // 250}.{number % 250}" for number in range(3000)))
    for _ in range(2):
        answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(4)))
        assert {len(answer.addresses) for answer in answers} == {3000}
    assert server.connections == 1


WRONG: dict[str, tuple[Reaction, str]] = {
    "404": (Http(status=404), "the upstream answered with HTTP status 404"),
    "503": (Http(status=503), "the upstream answered with HTTP status 503"),
    "elsewhere": (Http(status=301), "the upstream answered with HTTP status 301"),
    "a page": (Http(b"<html>", kind="text/html; charset=x"), "the upstream sent text/html instead of application"),
    "garbage": (Http(b"\xff" * 40), "the upstream sent something else than an answer"),
    "nothing": (Http(), "the upstream sent something else than an answer"),
    "too much": (Http(bytes(70_000)), "the upstream sent more than a message may have"),
    "a reset stream": (Reset(), "the upstream broke an HTTP stream off"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_no_answer_fails_that_query_alone(carried: Carried, server: NameServer, wrong: str) -> None:
    reaction, complaint = WRONG[wrong]
    server.behave = lambda asked: reply(asked, "A 192.0.2.1") if asked.name == "good.example" else reaction
    good = carried.start("good.example")
    assert complaint in await carried.refusal()
    assert (await asyncio.wait_for(good, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("good.example")).addresses == ("192.0.2.1",)
    assert server.connections == 1


async def test_an_answer_to_another_question_is_none(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: with_other_name(reply(asked, "A 203.0.113.66"))
    assert "the response is to another question" in await carried.refusal()
    assert carried.mismatches == [1]


async def test_rfc8484_4_1_the_stream_tells_which_question_it_answers_not_the_id(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda asked: with_other_id(reply(asked, "A 192.0.2.1"))
    assert (await carried.ask()).addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("age", "ttl"), [("25", 35), ("60", 0), ("100", 0), ("0", 60), ("-5", 60), ("soon", 60), ("", 60), ("9" * 30, 0)]
)
async def test_rfc8484_5_1_what_lay_in_an_http_cache_lives_so_much_shorter(
    carried: Carried, server: NameServer, age: str, ttl: int
) -> None:
    server.behave = lambda asked: Http(reply(asked, "A 192.0.2.1", ttl=60), more=(("age", age),))
    answer = await carried.ask()
    assert (answer.ttl, [one for _, one in answer.ttls]) == (ttl, [ttl])


async def test_an_answer_truncated_over_https_is_a_failure(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, truncated=True)
    assert await carried.refusal() == "the upstream truncated an answer over HTTPS"


@pytest.mark.parametrize("end", [Goodbye(), HangUp(), HangUp(b"noise that is no frame at all")])
async def test_a_connection_that_ends_under_a_query_is_opened_once_more(
    carried: Carried, server: NameServer, end: Reaction
) -> None:
    server.behave = lambda asked: end if asked.number == 0 else reply(asked, "A 192.0.2.1")
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert (server.connections, server.resumed) == (2, 1)
    server.behave = lambda _: end
    assert await carried.refusal() == "the upstream closed the connection twice"


async def test_a_connection_closed_while_idle_is_opened_again(carried: Carried, server: NameServer) -> None:
    await carried.ask("first.example")
    server.drop_connections()
    assert (await carried.ask("second.example")).addresses == ("192.0.2.1",)
    assert server.connections == 2


async def test_an_idle_connection_is_closed(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
    await carried.ask("first.example")
    await until(lambda: not carried.https.connected)
    await carried.ask("second.example")
    assert server.connections == 2


async def test_a_cancelled_query_disturbs_nobody(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(0.01, reply(asked, "A 192.0.2.1"))
    while_connecting = carried.start("a.example")
    while_connecting.cancel()
    kept = carried.start("b.example")
    await until(lambda: bool(server.asked))
    carried.start("c.example").cancel()
    assert (await asyncio.wait_for(kept, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("d.example")).addresses == ("192.0.2.1",)


async def test_another_name_is_not_told_the_question(server: NameServer) -> None:
    carried = Carried(server.port, "dns.example")
    assert "Hostname mismatch" in await carried.refusal()
    await carried.https.close()
    assert not server.asked


async def test_a_pinned_key_needs_neither_authority_nor_name(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificate = authority.issue("whoever.test", days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path_factory.mktemp("other")).file))
    with NameServer(certificate=certificate, face="https") as server:
        carried = Carried(server.port, NAME, bytes(32), certificate.pin)
        assert (await carried.ask()).addresses == ("192.0.2.1",)
        await carried.https.close()


async def test_another_key_than_the_pinned_one_is_not_told_the_question(server: NameServer) -> None:
    carried = Carried(server.port, NAME, bytes(32))
    assert await carried.refusal() == f"the key of {NAME} is not the one that is pinned"
    await carried.https.close()
    assert not server.asked


async def test_a_server_without_http2_is_not_told_the_question(authority: Authority) -> None:
    with NameServer(certificate=authority.issue(NAME)) as server:
        carried = Carried(server.port)
        assert await carried.refusal() == "dns.test does not speak h2"
        await carried.https.close()
        assert not server.asked


async def test_closing_fails_what_waits(carried: Carried, server: NameServer) -> None:
    server.behave = lambda _: None
    under_way = [carried.start("a.example")]
    await until(lambda: bool(server.asked))
    under_way.append(carried.start("b.example"))
    await carried.https.close()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {UpstreamError}


async def test_closing_fails_what_waits_on_a_connection_that_the_server_is_leaving(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda _: None
    exchange = carried.start("last.example")
    await until(lambda: bool(server.asked))
    (session,) = carried.https._connections
    carried.https.leave(session)  # as when the server says goodbye, before the connection has ended
    await carried.https.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await asyncio.wait_for(exchange, PATIENCE)
    assert session.gone
    assert not carried.https.connected
