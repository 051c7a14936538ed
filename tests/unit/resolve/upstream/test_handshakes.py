"""What a handshake goes on from: the last one from the same address of ours, and the authorities that there are now."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safedns.clock import SystemClock
from safedns.errors import UpstreamError
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream import overquic, tls
from safedns.resolve.upstream.encrypted import EncryptedUpstream
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.source import source_address
from safedns.settings.words import upstream
from safedns.wire.answer import Answer
from tests.certificates import Authority
from tests.nameserver import NameServer, Secure
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters, question

NAME = "dns.test"
FACES: list[Secure] = ["tls", "https", "h3", "quic"]


@asynccontextmanager
async def opened(server: NameServer) -> AsyncIterator[EncryptedUpstream]:
    spec = upstream(f"{server.face}://127.0.0.1:{server.port}#{NAME}")
    made = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), Fixed(spec.host))
    assert isinstance(made, EncryptedUpstream)
    try:
        yield made
    finally:
        await made.close()


async def ask(asked: EncryptedUpstream) -> Answer:
    exchange = Awaited(question())
    asked.start(exchange)
    return await asyncio.wait_for(exchange, PATIENCE)


@pytest.mark.parametrize("face", FACES)
async def test_rfc8446_c_4_a_ticket_is_not_shown_from_another_address_of_ours(
    face: Secure, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def goes_on(asked: EncryptedUpstream) -> bool:
        await ask(asked)
        await asked.hang_up()
        return asked.facts.resumed

    def moved_to(address: str) -> None:
        for module in (tls, overquic):
            monkeypatch.setattr(module, "source_address", lambda *_: address)

    with NameServer(certificate=authority.issue(NAME), face=face) as server:
        async with opened(server) as asked:
            assert [await goes_on(asked) for _ in range(2)] == [False, True]
            moved_to("192.0.2.99")
            assert [await goes_on(asked) for _ in range(2)] == [False, True]


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
        async with opened(server) as asked:
            with pytest.raises(UpstreamError):
                await ask(asked)
            shutil.copyfile(authority.file, bundle)
            assert (await ask(asked)).addresses == ("192.0.2.1",)


def test_the_address_is_that_of_the_way_to_the_other_side() -> None:
    assert source_address("127.0.0.1", 853) == "127.0.0.1"
    assert source_address("255.255.255.255", 853) == ""
