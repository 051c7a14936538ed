"""An only upstream that lies, or says nothing that can be believed: no wrong answer, no hang, and stale ones serve."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.resolver import Resolved, Resolver
from safedns.settings.model import Upstreams
from tests.bench.failover import BEHAVIOURS, CASES, LIE, TRUTH, Case, server_in_trouble, spec_of
from tests.certificates import Authority
from tests.nameserver import NameServer, address
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache
from tests.unit.resolve.virtual import LoopClock, now, play

LIES = [case for case in CASES if case.trouble in BEHAVIOURS and case.trouble != "refuses to serve"]
IN_TIME, IN_TIME_WITH_STALE = 4.0, 1.8
"""Seconds that a client waits at most; with something stale as RFC 8767 section 5 has it."""
A_MOMENT = 0.01
"""Seconds of virtual time that pass on loopback."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def vouched(authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


class Alone:
    """A resolver with one upstream; both live in the running loop's time."""

    def __init__(self, case: Case, server: NameServer) -> None:
        self._server = server
        counters, upstreams = FakeCounters(), Upstreams((spec_of(case.face, server.port),))
        self.resolver = Resolver(upstreams, small_cache(counters), LoopClock(), counters)
        self._lie = BEHAVIOURS[case.trouble][1]
        self._face = case.face

    def turn_bad(self) -> None:
        """From now on it does what is wrong with it."""
        honest = self._server.behave
        self._server.behave = lambda asked: (
            honest(asked) if (self._face, asked.transport) == ("tcp", "udp") else self._lie(asked)
        )

    async def ask(self, name: str = "www.example.com") -> tuple[Resolved | UpstreamError, float]:
        """What a client's query comes to, and after how many seconds."""
        began = now()
        try:
            return await resolved(self.resolver, question(name)), now() - began
        except UpstreamError as error:
            return error, now() - began


@asynccontextmanager
async def alone(case: Case, authority: Authority) -> AsyncIterator[Alone]:
    server = server_in_trouble(case.trouble, case.face, address, authority)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        await asyncio.sleep(A_MOMENT)
        one = Alone(case, server)
        try:
            yield one
        finally:
            await one.resolver.close()
            server.stop()


@pytest.mark.parametrize("case", LIES, ids=lambda case: f"{case.trouble}-{case.face}")
def test_who_has_only_a_liar_gets_no_answer_in_time_and_never_the_lie(case: Case, authority: Authority) -> None:
    async def scenario() -> None:
        async with alone(case, authority) as house:
            house.turn_bad()
            for name in ("first.example", "second.example"):
                outcome, seconds = await house.ask(name)
                assert isinstance(outcome, UpstreamError)
                assert seconds <= IN_TIME + A_MOMENT

    play(scenario())


@pytest.mark.parametrize("case", LIES, ids=lambda case: f"{case.trouble}-{case.face}")
def test_what_was_known_before_serves_stale(case: Case, authority: Authority) -> None:
    async def scenario() -> None:
        async with alone(case, authority) as house:
            honest, _ = await house.ask()
            await asyncio.sleep(61)
            house.turn_bad()
            outcome, seconds = await house.ask()
            assert isinstance(honest, Resolved)
            assert isinstance(outcome, Resolved)
            assert (outcome.answer.addresses, outcome.stale, honest.stale) == ((TRUTH,), True, False)
            assert LIE not in honest.answer.addresses
            assert seconds <= IN_TIME_WITH_STALE + A_MOMENT

    play(scenario())
