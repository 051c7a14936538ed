"""DNS over TLS: who the other end is, and what its connection keeps and hides (RFC 7858, 8310, 8467, 7828)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import dns.edns
import dns.message
import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import connection
from safedns.resolve.upstream.encrypted import EncryptedUpstream
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.tls import TlsClient
from safedns.wire.answer import Answer
from tests.certificates import Authority
from tests.nameserver import After, Asked, HangUp, NameServer, Reaction, Several, reply, with_other_id, with_other_name
from tests.unit.resolve.values import PATIENCE, Awaited, question, until

NAME = "dns.test"


@pytest.fixture
def server(authority: Authority) -> Iterator[NameServer]:
    with NameServer(certificate=authority.issue(NAME, "127.0.0.1")) as running:
        yield running


class Carried:
    """A carrier with what it reports."""

    def __init__(self, port: int, name: str = NAME, *pins: bytes) -> None:
        self.mismatches = [0]
        self.tls = TcpCarrier(Fixed("127.0.0.1"), port, self.mismatches, TlsClient(name, pins))

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.tls.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)


@asynccontextmanager
async def carrying(port: int, name: str = NAME, *pins: bytes) -> AsyncIterator[Carried]:
    carried = Carried(port, name, *pins)
    yield carried
    await carried.tls.close()


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    async with carrying(server.port) as carried:
        yield carried


async def test_queries_share_one_connection_and_answers_come_in_any_order(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(
        0.03 - 0.003 * int(asked.name.split(".")[0]), reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    )
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(10)))
    assert [answer.addresses for answer in answers] == [(f"192.0.2.{number}",) for number in range(10)]
    assert (server.connections, server.asked_over("tls")) == (1, 10)


@pytest.mark.parametrize("name", [NAME, "127.0.0.1"])
async def test_rfc8310_5_a_certificate_for_the_name_or_address_is_taken(server: NameServer, name: str) -> None:
    async with carrying(server.port, name) as carried:
        assert (await carried.ask()).addresses == ("192.0.2.1",)
        assert carried.tls.facts.protocol == "TLSv1.3"


async def refusal(carried: Carried) -> str:
    with pytest.raises(UpstreamError) as caught:
        await carried.ask()
    return str(caught.value)


async def test_rfc8310_5_another_name_is_not_told_the_question(server: NameServer) -> None:
    async with carrying(server.port, "dns.example") as carried:
        assert "Hostname mismatch" in await refusal(carried)
    assert not server.asked


async def test_an_expired_certificate_is_not_told_the_question(authority: Authority) -> None:
    with NameServer(certificate=authority.issue(NAME, days=-1)) as server:
        async with carrying(server.port) as carried:
            assert "certificate has expired" in await refusal(carried)
        assert not server.asked


async def test_why_nobody_can_be_asked_is_logged_once(server: NameServer, caplog: pytest.LogCaptureFixture) -> None:
    async with carrying(server.port, "dns.example") as carried:
        upstream = EncryptedUpstream("tls://dns.example", carried.tls)
        for _ in range(3):
            await refusal(carried)
        await upstream.close()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("upstream tls://dns.example: no TLS connection to the upstream: Hostname mismatch")


async def test_an_authority_that_nobody_knows_is_not_told_the_question(
    server: NameServer, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Authority(tmp_path_factory.mktemp("other"))
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    async with carrying(server.port) as carried:
        assert "no TLS connection to the upstream: certificate" in await refusal(carried)
    assert not server.asked


async def test_rfc7858_4_2_a_pinned_key_needs_neither_authority_nor_name(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificate = authority.issue("whoever.test", days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path_factory.mktemp("other")).file))
    with NameServer(certificate=certificate) as server:
        async with carrying(server.port, NAME, bytes(32), certificate.pin) as carried:
            assert (await carried.ask()).addresses == ("192.0.2.1",)


async def test_rfc7858_4_2_another_key_than_the_pinned_one_is_not_told_the_question(server: NameServer) -> None:
    async with carrying(server.port, NAME, bytes(32)) as carried:
        assert await refusal(carried) == f"the key of {NAME} is not the one that is pinned"
    assert not server.asked


async def test_a_server_without_tls_fails_the_query(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.1)
    with NameServer() as server:
        async with carrying(server.port) as carried:
            assert "no TLS connection to the upstream" in await refusal(carried)
        assert not server.asked


async def test_a_handshake_that_stalls_ends(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with carrying(mute.getsockname()[1]) as carried:
            assert await refusal(carried) == "no TLS connection to the upstream: nobody answered within 0.05 s"


async def test_rfc8446_2_2_the_next_handshake_goes_on_from_the_last(carried: Carried, server: NameServer) -> None:
    await carried.ask("first.example")
    server.drop_connections()
    await until(lambda: not carried.tls.connected)
    await carried.ask("second.example")
    assert (server.connections, server.resumed) == (2, 1)
    assert carried.tls.facts.resumed


async def test_rfc8467_4_1_every_query_has_the_length_of_a_block(carried: Carried, server: NameServer) -> None:
    for name in ("a.example", "a-longer-name.example", f"{'x' * 60}.{'y' * 60}.example"):
        await carried.ask(name)
    assert [len(asked.packet) for asked in server.asked] == [128, 128, 256]
    assert not {asked.packet[-10:] for asked in server.asked} - {bytes(10)}


async def test_rfc7828_3_the_server_says_how_long_an_idle_connection_is_kept(
    carried: Carried, server: NameServer
) -> None:
    def not_at_all(asked: Asked) -> Reaction:
        message = dns.message.from_wire(reply(asked, "A 192.0.2.1"))
        message.use_edns(options=[dns.edns.GenericOption(dns.edns.OptionType.make(11), b"\0\0")])
        return message.to_wire()

    server.behave = not_at_all
    await carried.ask()
    await until(lambda: not carried.tls.connected)
    assert b"\0\x0b\0\0" in server.asked[0].packet


@pytest.mark.parametrize("end", [HangUp(), HangUp(b"\0"), HangUp(b"\0\x40half a message")])
async def test_a_server_that_always_hangs_up_fails_the_query(carried: Carried, server: NameServer, end: HangUp) -> None:
    server.behave = lambda _: end
    assert await refusal(carried) == "the upstream closed the connection twice"
    assert server.connections == 2


async def test_lies_are_counted_and_the_truth_is_waited_for(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: Several(
        (
            with_other_id(reply(asked, "A 203.0.113.66")),
            with_other_name(reply(asked, "A 203.0.113.66")),
            reply(asked, "A 192.0.2.1"),
        )
    )
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert carried.mismatches == [2]


async def test_a_connection_gone_silent_is_left_for_a_new_one(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENT_SECONDS", 0.0)
    server.behave = lambda asked: None if asked.number == 0 else reply(asked, "A 192.0.2.1")
    first = carried.start("first.example")
    await until(lambda: bool(server.asked))
    assert (await carried.ask("second.example")).addresses == ("192.0.2.1",)
    assert (await asyncio.wait_for(first, PATIENCE)).addresses == ("192.0.2.1",)
    assert server.connections == 2


async def test_closing_during_the_handshake_fails_what_waits(carried: Carried) -> None:
    exchange = carried.start()
    await carried.tls.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await exchange


async def test_a_second_connection_goes_on_from_the_handshake_of_the_first(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await carried.ask("first.example")
    server.in_order = True
    server.behave = lambda asked: None if asked.name == "stuck.example" else reply(asked, "A 192.0.2.1")
    monkeypatch.setattr(connection, "HELD_UP_SECONDS", 0.0)
    stuck = carried.start("stuck.example")
    await until(lambda: len(server.asked) == 2)
    assert (await carried.ask("quick.example")).addresses == ("192.0.2.1",)
    assert (server.connections, server.resumed) == (2, 1)
    stuck.cancel()
