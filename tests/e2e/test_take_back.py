"""A household that passed every check and yet cannot be loaded by a resolver: the one before comes back."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safedns.clock import SystemClock
from safedns.errors import SafednsError
from safedns.supervisor.plan import Prepared
from safedns.supervisor.supervisor import Supervisor
from safedns.tasks import spawn
from tests.e2e.running import BLOCKED, CLOCK, Running, household


class Spoiling(Supervisor):
    """Hands out households that nobody can read while ``spoil`` is set."""

    spoil = False

    async def _prepare(self) -> Prepared:
        prepared = await super()._prepare()
        return dataclasses.replace(prepared, household=b"spoilt") if self.spoil else prepared


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    with household(tmp_path) as house:
        (house.state / "run").mkdir(parents=True)
        yield house


@asynccontextmanager
async def supervised(house: Running) -> AsyncIterator[Spoiling]:
    """A supervisor in this process whose resolvers answer."""
    supervisor, ready = Spoiling(house.config, house.state, SystemClock()), asyncio.Event()
    task = spawn(supervisor.run(lambda _: ready.set()), "supervisor")
    try:
        async with asyncio.timeout(15):
            await ready.wait()
        yield supervisor
    finally:
        supervisor.stop()
        await task


async def eventually(look: Callable[[], object], what: str) -> None:
    deadline = CLOCK.monotonic() + 15.0
    while not look():
        assert CLOCK.monotonic() < deadline, f"never: {what}"
        await asyncio.sleep(0.02)


async def test_the_household_before_stays_in_force_also_for_resolvers_that_start_later(house: Running) -> None:
    async with supervised(house) as supervisor:
        supervisor.spoil = True
        answer = await supervisor.reload()
        assert answer["ok"] is False
        assert answer["problems"].startswith("resolver-0 cannot load the configuration: ")
        assert await asyncio.to_thread(house.blocked, BLOCKED)

        (pid,) = house.pids("resolver")
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: house.pids("resolver") not in ([pid], []), "another resolver")
        assert await asyncio.to_thread(house.blocked, BLOCKED)
        supervisor.spoil = False
        assert await supervisor.reload() == {"ok": True, "problems": ""}


async def test_a_start_with_it_fails_at_once(house: Running) -> None:
    supervisor = Spoiling(house.config, house.state, SystemClock())
    supervisor.spoil = True
    with pytest.raises(SafednsError, match="resolver-0 cannot load the configuration"):
        async with asyncio.timeout(15):
            await supervisor.run(lambda _: None)
    assert not house.pids("resolver")
