"""Upstreams as others built them, killed and stalled under the questions: the other one answers, and they come back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from safedns.clock import SystemClock
from safedns.resolve.resolver import Resolver
from safedns.resolve.strategy import BUDGET, Kind
from safedns.settings.model import Upstreams, UpstreamSpec
from tests.certificates import Authority
from tests.e2e.upstream_programs import MANY, SERVED, TROUBLES, TRUTH, Maker, Trouble, kresd, unbound
from tests.nameserver import NameServer, reply
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache

COMES_BACK = 30.0
"""Seconds after which a test that hangs is ended; one that passes takes two or three."""


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def good() -> Iterator[NameServer]:
    with NameServer(lambda asked: reply(asked, f"A {TRUTH}")) as server:
        yield server


class Household:
    """Asks a new name each time; every answer has to be the truth."""

    def __init__(self, first: UpstreamSpec, second: UpstreamSpec, strategy: Kind) -> None:
        counters = FakeCounters()
        upstreams = Upstreams(servers=(first, second), strategy=strategy)
        self.resolver = Resolver(upstreams, small_cache(counters), SystemClock(), counters)
        self._numbers = itertools.count()

    async def ask(self) -> str:
        """Who answered, in time."""
        query = question(f"n{next(self._numbers)}.{MANY}")
        found = await asyncio.wait_for(resolved(self.resolver, query), BUDGET)
        assert found.answer.addresses == (TRUTH,)
        assert not found.stale
        return found.upstream

    def first(self) -> dict[str, Any]:
        """What is known of the first upstream."""
        return self.resolver.health()[0]

    async def until_up(self, up: bool) -> None:
        """Ask until the first upstream counts as well, or as unwell."""
        async with asyncio.timeout(COMES_BACK):
            while self.first()["up"] is not up:
                await self.ask()
                await asyncio.sleep(0.02)

    async def until_used(self, name: str) -> None:
        """Ask until the first upstream, which has this name, is well and answers."""
        async with asyncio.timeout(COMES_BACK):
            while not (await self.ask() == name and self.first()["up"]):  # noqa: ASYNC110 - it happens in a process
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize(("made", "transport"), SERVED, ids=lambda value: getattr(value, "__name__", value))
async def test_the_other_one_answers_until_it_is_back(
    made: Maker, transport: str, trouble: Trouble, authority: Authority, tmp_path: Path, good: NameServer
) -> None:
    with made(tmp_path, authority).running() as program:
        first = program.upstream(transport)
        household = Household(first, good.spec, "ordered")
        try:
            await household.until_used(first.name)
            program.hurt(trouble)
            assert await household.ask() == good.spec.name
            assert not household.first()["up"]  # so the next name goes to the other one at once
            assert await household.ask() == good.spec.name
            await asyncio.to_thread(program.mend, trouble)
            await household.until_used(first.name)
        finally:
            await household.resolver.close()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_one_of_the_fastest_is_left_when_it_falls_silent_and_found_again(
    trouble: Trouble, authority: Authority, tmp_path: Path
) -> None:
    with unbound(tmp_path, authority).running() as one, kresd(tmp_path, authority).running() as other:
        first = one.upstream("tls")
        household = Household(first, other.upstream("tls"), "fastest")
        try:
            await household.ask()  # of both, to learn which is faster
            one.hurt(trouble)
            await household.until_up(False)
            assert await household.ask() != first.name
            await asyncio.to_thread(one.mend, trouble)
            await household.until_up(True)
        finally:
            await household.resolver.close()
