"""DNS over TLS: what its connection keeps and hides (RFC 7858, 8467, 7828); ``test_carriers`` says the rest."""

from __future__ import annotations

import asyncio

import dns.edns
import dns.message
import pytest

from safedns.resolve.upstream import connection
from safedns.resolve.upstream.encrypted import EncryptedUpstream
from tests.nameserver import Asked, NameServer, Reaction, reply
from tests.unit.resolve.upstream.carriers import Carried, Face, carrying
from tests.unit.resolve.values import PATIENCE, until


@pytest.fixture
def face() -> Face:
    return "tls"


async def test_why_nobody_can_be_asked_is_logged_once(server: NameServer, caplog: pytest.LogCaptureFixture) -> None:
    async with carrying("tls", server.port, "dns.example") as carried:
        upstream = EncryptedUpstream("tls://dns.example", carried.carrier)
        for _ in range(3):
            await carried.refusal()
        await upstream.close()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("upstream tls://dns.example: no TLS connection to the upstream: Hostname mismatch")


async def test_a_server_without_tls_fails_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.1)
    with NameServer() as server:
        async with carrying("tls", server.port) as carried:
            assert "no TLS connection to the upstream" in await carried.refusal()
        assert not server.asked


async def test_rfc8446_2_2_the_next_handshake_goes_on_from_the_last(carried: Carried, server: NameServer) -> None:
    await carried.ask("first.example")
    server.drop_connections()
    await until(lambda: not carried.carrier.connected)
    await carried.ask("second.example")
    assert (server.connections, server.resumed) == (2, 1)
    assert carried.carrier.facts.resumed


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
    await until(lambda: not carried.carrier.connected)
    assert b"\0\x0b\0\0" in server.asked[0].packet


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
