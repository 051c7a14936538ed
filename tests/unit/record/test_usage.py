"""The meter: minutes of use against a naive set of minutes, in any order and over restarts; evidence; trouble."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.errors import StorageError
from safedns.record import schema
from safedns.record.minutes import BRIDGE
from safedns.record.state import StateReader, StateWriter
from safedns.record.steady import REOPEN_AFTER
from safedns.record.usage import AUDIT, NAMES_A_MINUTE, Meter
from tests.fakes import FakeClock
from tests.unit.record.samples import NOON, event
from tests.unit.record.test_minutes import naive

DAY = 86_400
GAMES, ROBLOX = ("category", "games"), ("service", "roblox")
START = int(NOON // 60)
"""The minute in which the tests begin."""


class Counted:
    """A meter, its clock, and a look at what it wrote."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(NOON)
        self.path = folder / schema.STATE.name
        self.meter = Meter(self.path, self.clock)

    def use(self, minute: int, **fields: Any) -> tuple[Any, ...]:
        """An event in a minute after the start that counts for ``meters``."""
        return event(at=(START + minute) * 60 + 7.0, **({"meters": (GAMES,)} | fields))

    def commit(self, *events: Any) -> bool:
        self.meter.add(events)
        return self.meter.commit()

    def restart(self) -> None:
        self.meter.close()
        self.meter = Meter(self.path, self.clock)

    def minutes(self, target: tuple[str, str] = GAMES, profile: str = "binh") -> list[int]:
        """Every minute that counts, from the start."""
        with StateReader(self.path) as state:
            uses = state.uses(0, 1 << 40, profile)
            spans = [use.span for use in uses if use.target == target]
        return [minute - START for first, last in spans for minute in range(first, last + 1)]

    def names(self, target: tuple[str, str] = GAMES) -> list[tuple[int, str]]:
        with StateReader(self.path) as state:
            return [(minute - START, name) for minute, name in state.evidence("binh", target, (0, 1 << 40))]


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    counted = Counted(tmp_path)
    yield counted
    counted.meter.close()


def test_only_queries_that_a_limit_is_about_count(counted: Counted) -> None:
    assert not counted.commit(event(), counted.use(3, meters=()))
    assert counted.commit(counted.use(3))
    assert counted.minutes() == [3]
    assert counted.minutes(ROBLOX) == []


def test_a_minute_counts_once_however_many_queries_and_devices_fall_into_it(counted: Counted) -> None:
    assert counted.commit(*[counted.use(0, client=f"192.168.1.{n}") for n in range(9)])
    assert not counted.commit(counted.use(0, client="192.168.1.99", name="other.example"))
    assert counted.minutes() == [0]


def test_two_devices_at_different_minutes_add_up_for_their_child(counted: Counted) -> None:
    counted.commit(counted.use(0, client="192.168.1.32"), counted.use(20, client="192.168.1.33"))
    assert counted.minutes() == [0, 20]


def test_children_and_targets_are_counted_apart(counted: Counted) -> None:
    counted.commit(counted.use(0, meters=(GAMES, ROBLOX)), counted.use(1), counted.use(5, profile="an"))
    assert (counted.minutes(), counted.minutes(ROBLOX), counted.minutes(profile="an")) == ([0, 1], [0], [5])


def test_word_of_new_minutes_comes_with_a_bridged_gap_and_not_with_what_was_counted(counted: Counted) -> None:
    assert counted.commit(counted.use(0), counted.use(BRIDGE + 1))
    assert counted.minutes() == list(range(BRIDGE + 2))
    assert not counted.commit(counted.use(3))
    counted.restart()
    assert not counted.commit(counted.use(3), counted.use(0)), "nor with what was counted before a restart"


@pytest.mark.parametrize("order", [(0, BRIDGE + 1), (BRIDGE + 1, 0)])
def test_the_longest_gap_is_bridged_also_between_two_commits_in_either_order(
    counted: Counted, order: tuple[int, int]
) -> None:
    for minute in order:
        counted.commit(counted.use(minute))
    assert counted.minutes() == list(range(BRIDGE + 2))


def test_use_goes_on_where_it_stopped_before_a_restart_and_over_midnight(counted: Counted) -> None:
    counted.commit(counted.use(0))
    counted.restart()
    counted.commit(counted.use(4))
    assert counted.minutes() == [0, 1, 2, 3, 4]


def test_extra_time_is_not_burnt_by_the_wait_for_it(counted: Counted) -> None:
    counted.commit(counted.use(0))
    with StateWriter(counted.path) as state:
        state.add_bonus("binh", GAMES, day="2026-11-18", seconds=900, at=(START + 3) * 60 + 20.0, by="me")
    counted.commit(counted.use(4), counted.use(6))
    assert counted.minutes() == [0, 4, 5, 6]
    counted.commit(counted.use(0, meters=(ROBLOX,)), counted.use(4, meters=(ROBLOX,)))
    assert counted.minutes(ROBLOX) == [0, 1, 2, 3, 4], "extra time for one limit says nothing of another"


@given(st.lists(st.lists(st.integers(0, 90), max_size=6), max_size=12), st.sets(st.integers(0, 12)))
@settings(max_examples=30, deadline=None)
def test_in_any_order_of_batches_and_with_restarts_it_counts_what_a_set_of_minutes_counts(
    batches: list[list[int]], restarts: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        counted = Counted(Path(folder))
        for number, batch in enumerate(batches):
            before = counted.minutes()
            grown = counted.commit(*[counted.use(minute) for minute in batch])
            assert grown == (counted.minutes() != before)
            if number in restarts:
                counted.restart()
        assert counted.minutes() == sorted(naive({minute for batch in batches for minute in batch}, set()))
        counted.meter.close()


def test_evidence_says_which_names_were_asked_in_which_minutes(counted: Counted) -> None:
    counted.commit(counted.use(0, name="b.example"), counted.use(0, name="a.example"), counted.use(2, name="b.example"))
    counted.commit(counted.use(0, name="b.example"))
    assert counted.names() == [(0, "a.example"), (0, "b.example"), (2, "b.example")]


@pytest.mark.parametrize("level", ["summary", "off"])
def test_of_a_child_whose_log_keeps_no_names_minutes_are_counted_without_them(counted: Counted, level: str) -> None:
    assert counted.commit(counted.use(0, name="secret.example", log=level))
    assert (counted.minutes(), counted.names()) == ([0], [])
    assert b"secret" not in b"".join(file.read_bytes() for file in counted.path.parent.iterdir())


def test_evidence_of_a_minute_is_bounded(counted: Counted) -> None:
    counted.commit(*[counted.use(0, name=f"{n}.example") for n in range(NAMES_A_MINUTE + 5)])
    assert len(counted.names()) == NAMES_A_MINUTE


@pytest.mark.parametrize(
    "bad",
    [
        (),
        None,
        "abcde",
        event()[:4],
        event(at="noon", meters=(GAMES,)),  # type: ignore[arg-type]  # what a broken sender might send
        event(at=float("nan"), meters=(GAMES,)),
        event(at=float("inf"), meters=(GAMES,)),
        event(at=1e300, meters=(GAMES,)),
        event(at=-1e9, meters=(GAMES,)),
        event(name="\ud800", meters=(GAMES,)),
        event(profile=None, meters=(GAMES,)),
        event(meters=("games",)),
        event(meters=((1, 2),)),
        event(meters=3),
        (*event()[:4], ("short",)),
    ],
)
def test_an_event_that_cannot_be_counted_is_left_out_alone(counted: Counted, bad: Any) -> None:
    counted.commit(counted.use(0), bad, counted.use(1))
    assert counted.minutes() == [0, 1]


def test_minutes_and_names_live_as_long_as_the_log_and_decisions_a_year(counted: Counted) -> None:
    counted.commit(counted.use(0))
    with StateWriter(counted.path) as state:
        state.add_override("binh", "pause", ("internet", ""), start=NOON, until=NOON + 60, by="me")
        state.add_bonus("binh", GAMES, day="2026-11-18", seconds=60, at=NOON, by="me")

    def left(later: float) -> tuple[int, int, int, int]:
        counted.clock.jump(NOON + later)
        while counted.meter.purge(30 * DAY):
            pass
        with StateReader(counted.path) as state:
            return len(counted.minutes()), len(counted.names()), len(state.overrides()), len(state.bonuses())

    assert left(30 * DAY - 60) == (1, 1, 1, 1)
    assert left(30 * DAY + 60) == (0, 0, 1, 1)
    assert left(AUDIT) == (0, 0, 1, 1)
    assert left(AUDIT + 120) == (0, 0, 0, 0)


def test_what_cannot_be_written_yet_waits_for_the_next_commit(
    counted: Counted, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(schema, "BUSY_TIMEOUT", 0.01)
    counted.restart()
    with closing(sqlite3.connect(counted.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not counted.commit(counted.use(0))
        assert not counted.commit(counted.use(1))
    assert counted.meter.commit()
    assert (counted.minutes(), [minute for minute, _ in counted.names()]) == ([0, 1], [0, 1])
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_a_folder_that_appears_later_gets_the_minutes_that_waited(tmp_path: Path) -> None:
    counted = Counted(tmp_path / "absent")
    assert not counted.commit(counted.use(0))
    counted.path.parent.mkdir()
    counted.clock.advance(REOPEN_AFTER)
    assert counted.meter.commit()
    assert counted.minutes() == [0]
    counted.meter.close()


def test_a_broken_file_is_set_aside_and_counting_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / schema.STATE.name).write_bytes(b"not a database" * 1000)
    counted = Counted(tmp_path)
    counted.commit(counted.use(0))
    assert counted.minutes() == [0]
    assert "a new state begins" in caplog.text
    counted.meter.close()


def test_a_file_that_breaks_while_in_use_loses_no_new_minute(counted: Counted) -> None:
    counted.commit(counted.use(0))
    counted.meter.close()
    counted.path.write_bytes(b"not a database" * 1000)
    assert counted.commit(counted.use(9))
    assert counted.minutes() == [9]


def test_a_file_of_a_newer_version_is_left_alone(counted: Counted) -> None:
    with closing(sqlite3.connect(counted.path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="newer safedns"):
        Meter(counted.path, counted.clock)
