"""DNS over QUIC: what is asked, what counts as an answer, and what becomes of a stream or connection that breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import connection
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.quic import QuicCarrier, _Session
from safedns.wire.answer import Answer
from tests.certificates import Authority
from tests.nameserver import After, Goodbye, HangUp, NameServer, Reaction, Reset, reply, with_other_id, with_other_name
from tests.unit.resolve.values import PATIENCE, Awaited, question, until

NAME = "dns.test"


@pytest.fixture
def server(authority: Authority) -> Iterator[NameServer]:
    with NameServer(certificate=authority.issue(NAME, "127.0.0.1"), face="quic") as running:
        yield running


class Carried:
    """A carrier with what it reports."""

    def __init__(self, port: int, name: str = NAME) -> None:
        self.mismatches = [0]
        self.quic = QuicCarrier(Fixed("127.0.0.1"), port, self.mismatches, name)

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.quic.start(exchange)
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
    await carried.quic.close()


async def test_rfc9250_4_2_1_a_question_goes_out_under_the_id_nought_and_padded(
    carried: Carried, server: NameServer
) -> None:
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert server.asked[0].packet[:2] == b"\0\0"
    assert len(server.asked[0].packet) == 128
    assert carried.quic.facts.protocol == "QUIC"


async def test_queries_share_one_connection_and_answers_come_in_any_order(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(
        0.03 - 0.003 * int(asked.name.split(".")[0]), reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    )
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(10)))
    assert [answer.addresses for answer in answers] == [(f"192.0.2.{number}",) for number in range(10)]
    assert server.connections == 1


async def test_hundreds_of_queries_wait_for_streams_where_they_must(carried: Carried, server: NameServer) -> None:
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(300)))
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert server.connections == 1


async def test_a_large_answer_comes_whole(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, *(f"A 198.18.{number // 250}.{number % 250}" for number in range(3000)))
    assert len((await carried.ask()).addresses) == 3000


WRONG: dict[str, tuple[Reaction, str]] = {
    "garbage": (b"\0\0" + b"\xff" * 40, "the upstream sent something else than an answer"),
    "an empty message": (b"", "the upstream sent something else than an answer"),
    "nothing": (HangUp(), "the upstream ended a QUIC stream without an answer"),
    "half a message": (HangUp(b"\0\x40half"), "the upstream ended a QUIC stream without an answer"),
    "a reset stream": (Reset(), "the upstream broke a QUIC stream off"),
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


async def test_rfc9250_4_2_1_an_answer_under_another_id_than_nought_is_none(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda asked: with_other_id(reply(asked, "A 192.0.2.1"))
    assert "its id is not nought" in await carried.refusal()


async def test_an_answer_truncated_over_quic_is_a_failure(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, truncated=True)
    assert await carried.refusal() == "the upstream truncated an answer over QUIC"


async def test_a_connection_that_ends_under_a_query_is_opened_once_more_from_where_it_was(
    carried: Carried, server: NameServer
) -> None:
    await carried.ask("first.example")
    server.behave = lambda asked: Goodbye() if asked.number == 1 else reply(asked, "A 192.0.2.1")
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert (server.connections, server.resumed) == (2, 1)
    assert carried.quic.facts.resumed
    server.behave = lambda _: Goodbye()
    assert await carried.refusal() == "the upstream closed the connection twice"


async def test_what_cannot_be_understood_at_all_loses_the_connection_and_leaves_no_trace_in_the_journal(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> None:
        raise AssertionError("no key share")

    await carried.ask("first.example")
    with monkeypatch.context() as broken:
        broken.setattr(_Session, "stream_event", stumble)
        assert await carried.refusal() == "the upstream closed the connection twice"
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert [record for record in caplog.records if record.name != "quic"] == []
    assert server.connections == 3


async def test_a_stream_that_ends_while_its_query_is_dropped_disturbs_nobody(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = lambda asked: After(0.01, reply(asked, "A 192.0.2.1"))
    await carried.ask("first.example")
    dropped = carried.start("dropped.example")
    deaf: list[_Session] = []
    monkeypatch.setattr(_Session, "stream_event", lambda self, _: deaf.append(self))
    await until(lambda: bool(deaf) and dropped.number not in deaf[0]._quic._streams)
    dropped.cancel()


async def test_an_idle_connection_is_closed(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
    await carried.ask("first.example")
    await until(lambda: not carried.quic.connected)
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


async def test_the_address_may_be_what_the_certificate_names(server: NameServer) -> None:
    carried = Carried(server.port, "127.0.0.1")
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    await carried.quic.close()


async def test_another_name_is_not_told_the_question(server: NameServer) -> None:
    carried = Carried(server.port, "dns.example")
    assert "doesn't match" in await carried.refusal()
    await carried.quic.close()
    assert not server.asked


async def test_an_expired_certificate_is_not_told_the_question(authority: Authority) -> None:
    with NameServer(certificate=authority.issue(NAME, days=-1), face="quic") as server:
        carried = Carried(server.port)
        assert "no longer valid" in await carried.refusal()
        await carried.quic.close()
        assert not server.asked


async def test_nobody_there_fails_at_once() -> None:
    with NameServer() as gone:
        pass
    carried = Carried(gone.port)
    assert await carried.refusal() == "no QUIC connection to the upstream: Connection refused"
    await carried.quic.close()


async def test_a_handshake_that_stalls_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        carried = Carried(mute.getsockname()[1])
        assert await carried.refusal() == "no QUIC connection to the upstream: nobody answered within 0.05 s"
        await carried.quic.close()


async def test_closing_fails_what_waits(carried: Carried, server: NameServer) -> None:
    server.behave = lambda _: None
    under_way = [carried.start("a.example")]
    await until(lambda: bool(server.asked))
    under_way.append(carried.start("b.example"))
    await carried.quic.close()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {UpstreamError}


async def test_closing_during_the_handshake_fails_what_waits(carried: Carried) -> None:
    exchange = carried.start()
    await asyncio.sleep(0)
    await carried.quic.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await exchange
