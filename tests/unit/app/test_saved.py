"""The cache in a file over a restart: who may read it, how long it lies there, and what is made of a bad one."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from safedns.app.saved import SavedCache
from safedns.resolve.cache import AnswerCache
from safedns.settings.load import load_settings
from safedns.settings.model import CacheSettings, Settings
from tests.fakes import FakeClock
from tests.unit.resolve.test_saved import answered
from tests.unit.resolve.values import FakeCounters


class Machine:
    """A resolver process that is started again and again on one state folder."""

    def __init__(self, folder: Path, *, save: bool = True) -> None:
        (folder / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\n", encoding="utf-8")
        self.state = folder / "state"
        self.clock = FakeClock()
        self.settings: Settings = replace(load_settings(folder), cache=CacheSettings(save=save))

    def stop(self, *names: str, worker: int = 0) -> None:
        """Save a cache that holds these names, the last one used last."""
        cache = self._cache()
        for name in names:
            key, answer, _ = answered(name)
            cache.put(key, answer, self.clock.monotonic())
        SavedCache(self.state, worker, 2, self.clock).save(cache, self.settings)

    def start(self, *, worker: int = 0, workers: int = 2, entries: int = 100) -> AnswerCache:
        """The cache as it begins."""
        saved, cache = SavedCache(self.state, worker, workers, self.clock), self._cache(entries)
        saved.restore(cache, saved.take(self.settings))
        return cache

    def files(self) -> list[str]:
        """What lies there."""
        return sorted(file.name for file in self.state.rglob("*") if file.is_file())

    def _cache(self, entries: int = 100) -> AnswerCache:
        return AnswerCache(CacheSettings(entries=entries), FakeCounters())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_fresh_answers_come_back_and_count_their_age_on(machine: Machine) -> None:
    machine.stop("www.example.com", "home.example.com")
    machine.clock.advance(50)
    cache = machine.start()
    hit = cache.get(answered("www.example.com").key, machine.clock.monotonic())
    assert hit is not None
    assert (hit.answer, hit.age) == (answered("www.example.com").answer, 50)
    machine.clock.advance(10)  # its shortest record lives for a minute
    assert cache.get(answered("www.example.com").key, machine.clock.monotonic()) is None


def test_of_a_smaller_cache_the_most_recently_used_come_back(machine: Machine) -> None:
    machine.stop("www.example.com", "home.example.com")
    cache = machine.start(entries=1)
    assert cache.get(answered("home.example.com").key, machine.clock.monotonic()) is not None


def test_only_its_owner_may_read_it(machine: Machine) -> None:
    machine.stop("www.example.com")
    file = machine.state / "cache" / "resolver-0"
    assert [path.stat().st_mode & 0o777 for path in (file, file.parent)] == [0o600, 0o700]


def test_it_lies_there_only_while_nothing_runs(machine: Machine) -> None:
    machine.stop("www.example.com", worker=0)
    machine.stop("www.example.com", worker=1)
    machine.start(worker=0)
    assert machine.files() == ["resolver-1"]
    machine.start(worker=1)
    assert machine.files() == []


def test_files_of_workers_that_are_no_more_go_too(machine: Machine) -> None:
    machine.stop("www.example.com", worker=0)
    machine.stop("www.example.com", worker=1)
    machine.start(worker=0, workers=1)
    assert machine.files() == []


def test_unless_it_is_wanted_nothing_is_written_and_what_was_is_removed_unread(tmp_path: Path) -> None:
    machine = Machine(tmp_path, save=False)
    machine.stop("www.example.com")
    assert machine.files() == []
    Machine(tmp_path).stop("www.example.com")
    assert len(machine.start()) == 0
    assert machine.files() == []


@pytest.mark.parametrize("content", [b"", b"something else", b"safedns cache 1\n"])
def test_a_foreign_file_is_one_line_and_an_empty_cache(
    machine: Machine, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (machine.state / "cache").mkdir(parents=True)
    (machine.state / "cache" / "resolver-0").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert len(machine.start()) == 0
    assert [record.getMessage().count("the cache begins empty") for record in caplog.records] == [1] * bool(content)
    assert machine.files() == []


def test_a_folder_that_cannot_be_written_costs_a_line(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.state.write_text("no folder", encoding="utf-8")
    machine.stop("www.example.com")
    assert "the cache cannot be saved" in caplog.text
