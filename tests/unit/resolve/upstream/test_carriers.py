"""What holds of every carrier that shares a connection, whatever is spoken on it; a test of some only names them."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest
from aioquic.h3.connection import ErrorCode

from safedns.errors import UpstreamError
from safedns.resolve.upstream import connection
from tests.certificates import Authority
from tests.nameserver import After, Goodbye, HangUp, Http, NameServer, Reaction, Reset, reply, with_other_name
from tests.unit.resolve.upstream.carriers import (
    CALLED,
    EVERY,
    NAME,
    OVER_QUIC,
    OVER_TCP,
    PINNED,
    SECURE,
    STREAMS,
    Carried,
    Face,
    carrying,
    serving,
)
from tests.unit.resolve.values import PATIENCE, until


@pytest.fixture(params=EVERY)
def face(request: pytest.FixtureRequest) -> Face:
    found: Face = request.param
    return found


# Many questions, one connection


async def test_queries_share_one_connection_and_answers_come_in_any_order(
    carried: Carried, server: NameServer, face: Face
) -> None:
    server.behave = lambda asked: After(
        0.03 - 0.003 * int(asked.name.split(".")[0]), reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    )
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(10)))
    assert [answer.addresses for answer in answers] == [(f"192.0.2.{number}",) for number in range(10)]
    assert (server.connections, server.asked_over(face)) == (1, 10)


@pytest.mark.parametrize("before", [0, 5])
async def test_hundreds_of_queries_share_one_connection_that_stays_open(
    carried: Carried, server: NameServer, face: Face, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HELD_UP_SECONDS", PATIENCE)  # however long it takes to send them all
    for number in range(before):
        assert (await carried.ask(f"before{number}.example")).addresses == ("192.0.2.1",)
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(300)))
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert (server.connections, server.asked_over(face)) == (1, before + 300)


async def test_large_answers_come_whole(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, *(f"A 198.18.{number // 250}.{number % 250}" for number in range(3000)))
    for _ in range(2):
        answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(4)))
        assert {len(answer.addresses) for answer in answers} == {3000}
    assert server.connections == 1


async def test_a_cancelled_query_leaves_nothing_behind_and_disturbs_nobody(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda asked: After(0.01, reply(asked, "A 192.0.2.1"))
    while_connecting = carried.start("a.example")
    while_connecting.cancel()
    kept = carried.start("b.example")
    await until(lambda: bool(server.asked))
    carried.start("c.example").cancel()
    assert (await asyncio.wait_for(kept, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("d.example")).addresses == ("192.0.2.1",)
    assert "a.example" not in [asked.name for asked in server.asked]
    assert [one.under_way for one in carried.carrier._connections] == [0]


# What is no answer

HTTP_WRONG: dict[str, tuple[Reaction, str]] = {
    "404": (Http(status=404), "the upstream answered with HTTP status 404"),
    "503": (Http(status=503), "the upstream answered with HTTP status 503"),
    "elsewhere": (Http(status=301), "the upstream answered with HTTP status 301"),
    "a page": (Http(b"<html>", kind="text/html; charset=x"), "the upstream sent text/html instead of application"),
    "garbage": (Http(b"\xff" * 40), "the upstream sent something else than an answer"),
    "nothing": (Http(), "the upstream sent something else than an answer"),
    "too much": (Http(bytes(70_000)), "the upstream sent more than a message may have"),
    "a reset stream": (Reset(), "the upstream broke an HTTP stream off"),
}
WRONG: dict[Face, dict[str, tuple[Reaction, str]]] = {
    "https": HTTP_WRONG,
    "h3": HTTP_WRONG
    | {
        "a frame nobody knows": (HangUp(b"\x21\x00"), "an HTTP response without a status"),
        "no response at all": (HangUp(), "an HTTP response without a status"),
    },
    "quic": {
        "garbage": (b"\0\0" + b"\xff" * 40, "the upstream sent something else than an answer"),
        "an empty message": (b"", "the upstream sent something else than an answer"),
        "nothing": (HangUp(), "the upstream ended a QUIC stream without an answer"),
        "half a message": (HangUp(b"\0\x40half"), "the upstream ended a QUIC stream without an answer"),
        "a reset stream": (Reset(), "the upstream broke a QUIC stream off"),
    },
}


@pytest.mark.parametrize(("face", "wrong"), [(face, wrong) for face, table in WRONG.items() for wrong in table])
async def test_what_is_no_answer_fails_that_query_alone(
    carried: Carried, server: NameServer, face: Face, wrong: str
) -> None:
    reaction, complaint = WRONG[face][wrong]
    server.behave = lambda asked: reply(asked, "A 192.0.2.1") if asked.name == "good.example" else reaction
    good = carried.start("good.example")
    assert complaint in await carried.refusal()
    assert (await asyncio.wait_for(good, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("good.example")).addresses == ("192.0.2.1",)
    assert server.connections == 1


@pytest.mark.parametrize("face", STREAMS)
async def test_an_answer_to_another_question_is_none(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: with_other_name(reply(asked, "A 203.0.113.66"))
    assert "the response is to another question" in await carried.refusal()
    assert carried.mismatches == [1]


@pytest.mark.parametrize(
    ("face", "called"), [("tcp", "TCP"), ("tls", "TCP"), ("https", "HTTPS"), ("h3", "HTTPS"), ("quic", "QUIC")]
)
async def test_a_truncated_answer_is_a_failure(carried: Carried, server: NameServer, called: str) -> None:
    server.behave = lambda asked: reply(asked, truncated=True)
    assert await carried.refusal() == f"the upstream truncated an answer over {called}"


# Connections that end

HANG_UPS: dict[str, Reaction] = {
    "hangs up": HangUp(),
    "hangs up within a length": HangUp(b"\0"),
    "hangs up within a message": HangUp(b"\0\x40half a message"),
}
ENDS: dict[Face, dict[str, Reaction]] = {
    "tcp": HANG_UPS,
    "tls": HANG_UPS,
    "https": {
        "says goodbye": Goodbye(),
        "hangs up": HangUp(),
        "breaks the rules of HTTP/2": HangUp(b"noise that is no frame at all"),
    },
    "h3": {
        "says goodbye": Goodbye(),
        "takes no request any more": Reset(ErrorCode.H3_REQUEST_REJECTED),
        "breaks the rules of HTTP/3": HangUp(b"\x00\x01x"),  # DATA before HEADERS
        "promises more than it sends": Http(b"short", more=(("content-length", "99"),)),
    },
    "quic": {"says goodbye": Goodbye()},
}
each_end = pytest.mark.parametrize(("face", "end"), [(face, end) for face, table in ENDS.items() for end in table])
new_or_used = pytest.mark.parametrize("before", [0, 1])


@each_end
@new_or_used
async def test_a_connection_that_ends_under_a_query_is_opened_once_more_from_where_it_was(
    carried: Carried, server: NameServer, face: Face, end: str, before: int
) -> None:
    for number in range(before):
        await carried.ask(f"{number}.example")
    server.behave = lambda asked: ENDS[face][end] if asked.number == before else reply(asked, "A 192.0.2.1")
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    resumed = face in SECURE
    assert (server.connections, server.resumed, carried.carrier.facts.resumed) == (2, resumed, resumed)


@each_end
@new_or_used
async def test_a_server_that_always_ends_it_fails_the_query(
    carried: Carried, server: NameServer, face: Face, end: str, before: int
) -> None:
    for number in range(before):
        await carried.ask(f"{number}.example")
    server.behave = lambda _: ENDS[face][end]
    assert await carried.refusal() == "the upstream closed the connection twice"
    assert server.connections == 2


@pytest.mark.parametrize("face", OVER_QUIC)
async def test_no_question_goes_out_as_early_data_that_could_be_replayed(carried: Carried, server: NameServer) -> None:
    await carried.ask("first.example")
    server.behave = lambda asked: Goodbye() if asked.number == 1 else reply(asked, "A 192.0.2.1")
    await carried.ask()
    assert (server.resumed, server.early) == (1, 0)


@pytest.mark.parametrize("face", OVER_TCP)
async def test_a_connection_closed_while_idle_is_opened_again(carried: Carried, server: NameServer) -> None:
    await carried.ask("first.example")
    server.drop_connections()
    assert (await carried.ask("second.example")).addresses == ("192.0.2.1",)
    assert (await carried.ask("third.example")).addresses == ("192.0.2.1",)
    assert server.connections == 2


async def test_an_idle_connection_is_closed(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
    await carried.ask("first.example")
    await until(lambda: not carried.carrier.connected)
    await carried.ask("second.example")
    assert server.connections == 2


async def test_closing_fails_what_waits(carried: Carried, server: NameServer) -> None:
    server.behave = lambda _: None
    under_way = [carried.start("a.example")]
    await until(lambda: bool(server.asked))
    under_way.append(carried.start("b.example"))
    await carried.carrier.close()
    outcomes = await asyncio.wait_for(asyncio.gather(*under_way, return_exceptions=True), PATIENCE)
    assert {type(outcome) for outcome in outcomes} == {UpstreamError}


async def test_closing_fails_what_waits_on_a_connection_that_the_server_is_leaving(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda _: None
    exchange = carried.start("last.example")
    await until(lambda: bool(server.asked))
    (session,) = carried.carrier._connections
    carried.carrier.leave(session)  # as when the server says goodbye, before the connection has ended
    await carried.carrier.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await asyncio.wait_for(exchange, PATIENCE)
    assert session.gone
    assert not carried.carrier.connected


@pytest.mark.parametrize("turns", range(6))
async def test_closing_at_any_moment_of_the_handshake_leaves_nothing_behind(
    carried: Carried, server: NameServer, turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.behave = lambda _: None  # where the handshake is over so soon
    exchange = carried.start()
    for _ in range(turns):
        await asyncio.sleep(0)
    await carried.carrier.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await asyncio.wait_for(exchange, PATIENCE)
    await asyncio.sleep(0)
    gc.collect()
    assert caplog.records == []


# Who is asked

PROTOCOLS: dict[Face, str] = {"tcp": "", "tls": "TLSv1.3", "https": "TLSv1.3", "h3": "HTTP/3", "quic": "QUIC"}


async def test_what_is_spoken_and_where_is_known(carried: Carried, face: Face) -> None:
    await carried.ask()
    assert (carried.carrier.facts.protocol, carried.carrier.facts.address) == (PROTOCOLS[face], "127.0.0.1")


@pytest.mark.parametrize("face", SECURE)
@pytest.mark.parametrize("name", [NAME, "127.0.0.1"])
async def test_rfc8310_5_a_certificate_for_the_name_or_address_is_taken(
    server: NameServer, face: Face, name: str
) -> None:
    async with carrying(face, server.port, name) as carried:
        assert (await carried.ask()).addresses == ("192.0.2.1",)
        assert carried.carrier.facts.protocol == PROTOCOLS[face]


@pytest.mark.parametrize("face", SECURE)
async def test_rfc8310_5_another_name_is_not_told_the_question(server: NameServer, face: Face) -> None:
    async with carrying(face, server.port, "dns.example") as carried:
        assert ("doesn't match" if face in OVER_QUIC else "Hostname mismatch") in await carried.refusal()
    assert not server.asked


@pytest.mark.parametrize("face", SECURE)
async def test_an_expired_certificate_is_not_told_the_question(authority: Authority, face: Face) -> None:
    with serving(face, authority, NAME, days=-1) as server:
        async with carrying(face, server.port) as carried:
            assert ("no longer valid" if face in OVER_QUIC else "has expired") in await carried.refusal()
        assert not server.asked


@pytest.mark.parametrize("face", SECURE)
async def test_an_authority_that_nobody_knows_is_not_told_the_question(
    carried: Carried, server: NameServer, face: Face, other_authority: Authority
) -> None:
    assert f"no {CALLED[face]} connection to the upstream: certificate" in await carried.refusal()
    assert not server.asked


@pytest.mark.parametrize("face", PINNED)
async def test_rfc7858_4_2_a_pinned_key_needs_neither_authority_nor_name(
    authority: Authority, other_authority: Authority, face: Face
) -> None:
    with serving(face, authority, "whoever.test", days=-1) as server:
        assert server.certificate is not None
        async with carrying(face, server.port, NAME, bytes(32), server.certificate.pin) as carried:
            assert (await carried.ask()).addresses == ("192.0.2.1",)


@pytest.mark.parametrize("face", PINNED)
async def test_rfc7858_4_2_another_key_than_the_pinned_one_is_not_told_the_question(
    server: NameServer, face: Face
) -> None:
    async with carrying(face, server.port, NAME, bytes(32)) as carried:
        assert await carried.refusal() == f"the key of {NAME} is not the one that is pinned"
    assert not server.asked


async def test_nobody_there_fails_at_once_and_later_queries_try_again(face: Face) -> None:
    with NameServer() as gone:
        pass
    reason = "Connection refused" if face in OVER_QUIC else f"Connect call failed ('127.0.0.1', {gone.port})"
    async with carrying(face, gone.port) as carried:
        for _ in range(2):
            assert await carried.refusal() == f"no {CALLED[face]} connection to the upstream: {reason}"


@pytest.mark.parametrize("face", SECURE)
async def test_a_handshake_that_stalls_ends(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if face in OVER_TCP else socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        if face in OVER_TCP:
            mute.listen()
        async with carrying(face, mute.getsockname()[1]) as carried:
            refusal = await carried.refusal()
            assert refusal == f"no {CALLED[face]} connection to the upstream: nobody answered within 0.05 s"
