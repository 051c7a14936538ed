"""The recorder: links in, log and totals out, over real sockets and a fake clock."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from safedns.errors import StorageError
from safedns.record import recorder as module
from safedns.record import schema
from safedns.record.counters import Counters
from safedns.record.link import EventSender
from safedns.record.recorder import Recorder
from safedns.record.state import StateReader
from safedns.record.store import LogFilter, QueryLog
from safedns.tasks import spawn
from tests.fakes import FakeClock
from tests.unit.record.samples import NOON, event

DAY = 86_400


class Worker:
    """A resolver's end of a link."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.sock, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.counters = Counters()
        self.sender = EventSender(self.sock, self.counters)
        self.sender.attach(asyncio.get_running_loop())
        self.name = name
        recorder.add_link(name, self.far.dup())

    def close(self) -> None:
        self.sender.detach(asyncio.get_running_loop())
        self.sock.close()
        self.far.close()


class House:
    """A running recorder and its workers."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.folder = folder
        self.path = folder / schema.QUERY_LOG.name
        self.told = 0
        self.recorder = self.start()
        self.workers: list[Worker] = []

    def start(self) -> Recorder:
        return Recorder(self.clock, self.folder, 30 * DAY, self._tell)

    def _tell(self) -> None:
        self.told += 1

    def worker(self, name: str) -> Worker:
        worker = Worker(self.recorder, name)
        self.workers.append(worker)
        return worker

    def micros(self) -> list[int]:
        with QueryLog(self.path) as log:
            return [row.micros for row in log.search(LogFilter())]

    async def until(self, micros: list[int]) -> None:
        """Wait until the log holds exactly these rows."""
        async with asyncio.timeout(10):
            while self.micros() != micros:  # noqa: ASYNC110 - another process would see the log no other way
                await asyncio.sleep(0.005)


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    house = House(folder)
    try:
        yield house
    finally:
        house.recorder.close()
        for worker in house.workers:
            worker.close()


@asynccontextmanager
async def running(recorder: Recorder) -> AsyncIterator[None]:
    task = spawn(recorder.run(), "recorder")
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMIT_EVERY", 0.005)
    monkeypatch.setattr(module, "PURGE_PAUSE", 0)


async def test_events_of_every_link_reach_the_log_and_counts_add_up(tmp_path: Path) -> None:
    async with house(tmp_path) as home, running(home.recorder):
        for number, name in enumerate(("resolver-0", "resolver-1"), start=1):
            worker = home.worker(name)
            worker.sender.add(event(micros=number))
            worker.counters.cell("queries", "binh", "allowed", "default", "udp")[0] += number
            worker.sender.flush()
        await home.until([1, 2])
    assert home.recorder.totals.counters["queries", "binh", "allowed", "default", "udp"] == 3
    assert home.recorder.totals.counters["log_rows",] == 2


async def test_cancelling_it_commits_what_still_lay_in_the_links(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        worker = home.worker("resolver-0")
        async with running(home.recorder):
            worker.sender.pending.extend(event(micros=number) for number in range(2000))
            worker.sender.flush()
        assert sorted(home.micros()) == list(range(2000))


async def test_refresh_brings_what_was_counted_a_moment_ago(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        workers = [home.worker("resolver-0"), home.worker("resolver-1")]
        for number, worker in enumerate(workers, start=1):
            worker.counters.cell("memo", "hit")[0] += 5
            worker.counters.gauges["cache_entries",] = float(number)
        await home.recorder.refresh(within=10)
        assert home.recorder.totals.counters["memo", "hit"] == 10
        assert home.recorder.totals.gauges == {
            "resolver-0": {("cache_entries",): 1.0},
            "resolver-1": {("cache_entries",): 2.0},
        }
        for worker in workers:
            worker.counters.cell("memo", "hit")[0] += 1
        await home.recorder.refresh(within=10)
        assert home.recorder.totals.counters["memo", "hit"] == 12


async def test_refresh_does_not_take_an_older_flush_for_the_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        loop = asyncio.get_running_loop()
        worker = home.worker("resolver-0")
        worker.sender.detach(loop)
        worker.counters.cell("memo", "hit")[0] += 1
        worker.sender.flush()
        worker.counters.cell("memo", "hit")[0] += 1
        refreshed = spawn(home.recorder.refresh(within=10), "refresh")
        for _ in range(20):
            await asyncio.sleep(0)
        assert not refreshed.done()
        worker.sender.attach(loop)
        await refreshed
        assert home.recorder.totals.counters["memo", "hit"] == 2


async def test_refresh_waits_only_so_long_for_a_worker_that_is_stuck(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stuck, well = home.worker("resolver-0"), home.worker("resolver-1")
        stuck.sender.detach(asyncio.get_running_loop())
        well.counters.cell("memo", "hit")[0] += 1
        await home.recorder.refresh(within=0.05)
        assert home.recorder.totals.counters["memo", "hit"] == 1


async def test_refresh_without_links_returns_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.recorder.refresh(within=3600)
        assert home.recorder.totals.gauges == {}


async def test_a_worker_that_is_gone_takes_its_gauges_along_but_not_its_counts(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        worker = home.worker("resolver-0")
        worker.counters.cell("memo", "hit")[0] += 1
        worker.counters.gauges["inflight",] = 7.0
        await home.recorder.refresh(within=10)
        home.workers.remove(worker)
        worker.close()
        await home.recorder.refresh()
        assert home.recorder.totals.gauges == {}
        assert home.recorder.totals.counters["memo", "hit"] == 1


async def test_a_gauge_that_a_worker_no_longer_has_disappears(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        worker = home.worker("resolver-0")
        worker.counters.gauges["list_updated", "old"] = 1.0
        await home.recorder.refresh(within=10)
        worker.counters.gauges.clear()
        worker.counters.gauges["list_updated", "new"] = 1.0
        await home.recorder.refresh(within=10)
        assert home.recorder.totals.gauges["resolver-0"] == {("list_updated", "new"): 1.0}


async def test_a_recorder_that_is_started_again_goes_on_with_the_same_links(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        worker = home.worker("resolver-0")
        async with running(home.recorder):
            worker.sender.add(event(micros=1))
            worker.sender.flush()
            await home.until([1])
        worker.sender.add(event(micros=2, at=NOON + 1))
        worker.sender.flush()
        home.recorder = home.start()
        home.recorder.add_link("resolver-0", worker.far.dup())
        async with running(home.recorder):
            await home.until([1, 2])


async def test_minutes_are_counted_beside_the_log_and_word_of_them_is_given_now_and_then(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        worker = home.worker("resolver-0")

        async def use(micros: int) -> None:
            worker.sender.add(event(micros=micros, at=NOON + 600 * micros, meters=(("category", "games"),)))
            worker.sender.flush()
            await home.until(list(range(1, micros + 1)))
            await asyncio.sleep(0.02)

        async with running(home.recorder):
            await asyncio.sleep(0.02)
            assert home.told == 1, "it is ready"
            await use(1)
            await use(2)
            assert home.told == 1
            home.clock.advance(module.TELL_EVERY)
            await asyncio.sleep(0.02)
            assert home.told == 2
            home.clock.advance(module.TELL_EVERY)
            await asyncio.sleep(0.02)
            assert home.told == 2, "nothing has come since"
    with StateReader(tmp_path / schema.STATE.name) as state:
        minute = int(NOON // 60)
        assert [use.span for use in state.uses(0, 1 << 40)] == [(minute + 10,) * 2, (minute + 20,) * 2]


async def test_old_rows_go_at_the_start_and_then_by_the_hour_in_many_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safedns.record.writer.PURGE_ROWS", 3)
    async with house(tmp_path) as home:
        worker = home.worker("resolver-0")
        for number in range(20):
            worker.sender.add(event(micros=number, at=NOON - 31 * DAY))
        worker.sender.add(event(micros=100, at=NOON))
        worker.sender.flush()
        async with running(home.recorder):
            await home.until([100])
            home.recorder.keep = 60
            home.clock.advance(module.PURGE_EVERY)
            await home.until([])


@pytest.mark.parametrize("junk", [b"\x00", b"{" * 100, b"\xff" * 1000])
async def test_junk_on_a_link_stops_nothing(tmp_path: Path, junk: bytes) -> None:
    async with house(tmp_path) as home, running(home.recorder):
        worker = home.worker("resolver-0")
        worker.sock.send(junk)
        worker.sender.pending.extend([(1, 2, 3, 4, ("x",)), event(micros=1)])
        worker.sender.flush()
        await home.until([1])
        await home.recorder.refresh(within=10)
        assert home.recorder.totals.counters["log_rows_dropped",] == 1


@pytest.mark.parametrize("kind", [schema.QUERY_LOG, schema.STATE])
async def test_a_file_of_a_newer_version_is_an_error_at_the_start(tmp_path: Path, kind: schema.Kind) -> None:
    db = schema.open_writer(kind, tmp_path / kind.name)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StorageError, match="newer safedns"):
        Recorder(FakeClock(), tmp_path, DAY, print)
