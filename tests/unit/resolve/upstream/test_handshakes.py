"""What a handshake goes on from: the last one from the same address of ours, and the authorities that there are now."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from safedns.clock import SystemClock
from safedns.errors import UpstreamError
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream import overquic, tls
from safedns.resolve.upstream.encrypted import EncryptedUpstream
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Fixed, Place
from safedns.resolve.upstream.source import source_address
from safedns.settings.words import upstream
from safedns.tasks import spawn
from safedns.wire.answer import Answer
from tests.certificates import Authority
from tests.nameserver import NameServer, Secure
from tests.unit.resolve.upstream.places import Somewhere
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters, question
from tests.unit.resolve.virtual import play

NAME = "dns.test"
FACES: list[Secure] = ["tls", "https", "h3", "quic"]


@asynccontextmanager
async def opened(face: Secure, port: int, place: Place) -> AsyncIterator[EncryptedUpstream]:
    spec = upstream(f"{face}://127.0.0.1:{port}#{NAME}")
    made = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), place)
    assert isinstance(made, EncryptedUpstream)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def two_ways(server: NameServer, slow: float) -> AsyncIterator[tuple[int, list[str]]]:
    """A port at which both loopback addresses lead to the server, and which of them were connected to.

    Each connects at once and says nothing for ``slow`` seconds of virtual time.
    """
    came: list[str] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("sockname")[0])
        await asyncio.sleep(slow)
        there = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    async with await asyncio.start_server(attend, "127.0.0.1", 0) as ipv4:
        port = ipv4.sockets[0].getsockname()[1]
        async with await asyncio.start_server(attend, "::1", port):
            try:
                yield port, came
            finally:
                await asyncio.sleep(slow + 1)  # until every connection has ended


@asynccontextmanager
async def serving(face: Secure, authority: Authority) -> AsyncIterator[NameServer]:
    """In the running loop, and so in virtual time."""
    server = NameServer(certificate=authority.issue(NAME), face=face)
    task = spawn(server.serve(), "name server")
    await asyncio.sleep(0.1)
    try:
        yield server
    finally:
        server.stop()
        await task


async def goes_on(asked: EncryptedUpstream) -> bool:
    """Whether the handshake of a new connection went on from an earlier one."""
    await ask(asked)
    await asked.hang_up()
    return asked.facts.resumed


async def ask(asked: EncryptedUpstream) -> Answer:
    exchange = Awaited(question())
    asked.start(exchange)
    return await asyncio.wait_for(exchange, PATIENCE)


@pytest.mark.parametrize("face", FACES)
async def test_rfc8446_c_4_a_ticket_is_not_shown_from_another_address_of_ours(
    face: Secure, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved_to(address: str) -> None:
        for module in (tls, overquic):
            monkeypatch.setattr(module, "source_address", lambda *_: address)

    with NameServer(certificate=authority.issue(NAME), face=face) as server:
        async with opened(face, server.port, Fixed("127.0.0.1")) as asked:
            assert [await goes_on(asked) for _ in range(2)] == [False, True]
            moved_to("192.0.2.99")
            assert [await goes_on(asked) for _ in range(2)] == [False, True]


@pytest.mark.parametrize("face", ["tls", "https"])
def test_an_upstream_at_two_addresses_goes_on_from_a_slow_handshake_over_one_connection(
    face: Secure, authority: Authority
) -> None:
    async def scenario() -> None:
        async with serving(face, authority) as server, two_ways(server, slow=0.35) as (port, came):
            async with opened(face, port, Somewhere("127.0.0.1", "::1")) as asked:
                assert [await goes_on(asked) for _ in range(3)] == [False, True, True]
            assert came == ["127.0.0.1"] * 3

    play(scenario())


@pytest.mark.parametrize("face", ["tls", "https"])
def test_ipv4_and_ipv6_go_on_each_from_its_own_handshake(face: Secure, authority: Authority) -> None:
    async def scenario() -> None:
        place = Somewhere("127.0.0.1", "::1")
        async with serving(face, authority) as server, two_ways(server, slow=0.0) as (port, came):
            async with opened(face, port, place) as asked:
                resumed = []
                for address in ("127.0.0.1", "::1") * 2:
                    place.worked(address)
                    resumed.append(await goes_on(asked))
            assert (resumed, came) == ([False, False, True, True], ["127.0.0.1", "::1"] * 2)

    play(scenario())


async def test_over_quic_ipv4_and_ipv6_go_on_each_from_its_own_handshake(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed = []
    with NameServer(certificate=authority.issue(NAME), face="quic") as server:
        async with opened("quic", server.port, Fixed("127.0.0.1")) as asked:
            for ours in ("192.0.2.99", "2001:db8::99") * 2:
                monkeypatch.setattr(overquic, "source_address", lambda *_, ours=ours: ours)
                resumed.append(await goes_on(asked))
    assert resumed == [False, False, True, True]


@pytest.mark.parametrize("face", FACES)
async def test_authorities_that_were_renewed_count_from_the_next_handshake(
    face: Secure,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    bundle = tmp_path / "bundle.pem"
    shutil.copyfile(Authority(tmp_path_factory.mktemp("old")).file, bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with NameServer(certificate=authority.issue(NAME), face=face) as server:
        async with opened(face, server.port, Fixed("127.0.0.1")) as asked:
            with pytest.raises(UpstreamError):
                await ask(asked)
            shutil.copyfile(authority.file, bundle)
            assert (await ask(asked)).addresses == ("192.0.2.1",)


def test_the_address_is_that_of_the_way_to_the_other_side() -> None:
    assert source_address("127.0.0.1", 853) == "127.0.0.1"
    assert source_address("255.255.255.255", 853) == ""
