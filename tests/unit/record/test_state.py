"""Overrides, extra time and minutes as they are stored: what is live, who said so, and errors in one line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from safedns.errors import StorageError
from safedns.record import schema
from safedns.record.state import BonusRow, Evidence, OverrideRow, StateReader, StateWriter, Use

INTERNET, GAMES, ROBLOX = ("internet", ""), ("category", "games"), ("service", "roblox")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / schema.STATE.name


def decide(path: Path, profile: str = "binh", kind: str = "grant", **values: Any) -> None:
    with StateWriter(path) as state:
        wanted: dict[str, Any] = {"target": GAMES, "start": 1000.0, "until": 2200.0, "by": "me"} | values
        target = wanted.pop("target")
        state.add_override(profile, kind, target, **wanted)


def live(path: Path, at: float, profile: str | None = None) -> list[tuple[str, str, tuple[str, str]]]:
    with StateReader(path) as state:
        return [(row.profile, row.kind, row.target) for row in state.overrides(profile, live_at=at)]


def test_an_override_is_read_back_with_who_made_it_when_and_why(path: Path) -> None:
    decide(path, why="a birthday")
    with StateReader(path) as state:
        assert state.overrides() == [
            OverrideRow(1, "binh", "grant", GAMES, 1000.0, 2200.0, "me", "a birthday", None, "")
        ]


def test_the_newest_come_first_and_those_that_are_over_are_left_out(path: Path) -> None:
    decide(path)
    decide(path, kind="pause", target=INTERNET, start=1100.0, until=1500.0)
    decide(path, "an", kind="block", target=ROBLOX, start=1200.0, until=9000.0)
    assert live(path, 1300.0) == [
        ("an", "block", ROBLOX),
        ("binh", "pause", INTERNET),
        ("binh", "grant", GAMES),
    ]
    assert live(path, 1500.0, "binh") == [("binh", "grant", GAMES)]
    assert live(path, 9000.0) == []
    with StateReader(path) as state:
        assert [row.number for row in state.overrides()] == [3, 2, 1]


def test_ending_takes_one_profile_s_live_overrides_and_says_which(path: Path) -> None:
    decide(path, start=10.0, until=20.0)
    decide(path)
    decide(path, kind="pause", target=INTERNET)
    decide(path, "an")
    with StateWriter(path) as state:
        ended = state.end_overrides("binh", at=1600.0, by="you")
        assert [(row.number, row.kind, row.ended_at, row.ended_by) for row in ended] == [
            (3, "pause", 1600.0, "you"),
            (2, "grant", 1600.0, "you"),
        ]
        assert state.end_overrides("binh", at=1601.0, by="you") == []
    assert live(path, 1600.0) == [("an", "grant", GAMES)]
    with StateReader(path) as state:
        assert [row.ended_by for row in state.overrides("binh")] == ["you", "you", ""], "the trail keeps them"


def test_a_number_is_never_given_twice_even_after_the_newest_was_purged(path: Path) -> None:
    decide(path)
    with closing(schema.open_writer(schema.STATE, path)) as db:
        db.execute("DELETE FROM override")
    decide(path)
    with StateReader(path) as state:
        assert [row.number for row in state.overrides()] == [2]


def test_extra_time_belongs_to_a_limit_and_a_day(path: Path) -> None:
    with StateWriter(path) as state:
        for day, seconds in (("2026-11-26", 600), ("2026-11-27", 900)):
            state.add_bonus("binh", GAMES, day=day, seconds=seconds, at=5.0, by="me", why="tidied up")
    with StateReader(path) as state:
        assert state.bonuses(first_day="2026-11-27") == [
            BonusRow(2, "binh", GAMES, "2026-11-27", 900, 5.0, "me", "tidied up")
        ]
        assert len(state.bonuses(profile="binh")) == 2
        assert state.bonuses(profile="an") == []


def test_spans_that_reach_into_the_minutes_asked_for_are_found(path: Path) -> None:
    with closing(schema.open_writer(schema.STATE, path)) as db:
        for profile, first, last in (("binh", 8, 9), ("binh", 5, 12), ("an", 19, 40), ("an", 20, 21)):
            db.execute("INSERT INTO usage VALUES (?, 'category', 'games', ?, ?)", (profile, first, last))
        for minute, name in ((10, "b.example"), (10, "a.example"), (13, "c.example")):
            db.execute("INSERT INTO usage_name VALUES ('binh', 'category', 'games', ?, ?)", (minute, name))
    with StateReader(path) as state:
        assert list(state.uses(10, 20)) == [Use("an", GAMES, (19, 40)), Use("binh", GAMES, (5, 12))]
        assert list(state.uses(10, 20, "binh")) == [Use("binh", GAMES, (5, 12))]
        assert state.evidence("binh", GAMES, (5, 12)) == [Evidence(10, "a.example"), Evidence(10, "b.example")]


def test_a_file_that_does_not_exist_yet_reads_as_an_empty_one_and_is_not_made(path: Path) -> None:
    with StateReader(path) as state:
        assert (state.overrides(), state.bonuses(), list(state.uses(0, 10))) == ([], [], [])
    assert not path.exists()


def test_what_cannot_be_read_or_written_says_what_to_do_in_one_line(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError, match="cannot be read"):
        StateReader(path)
    with pytest.raises(StorageError, match="restart safedns, which sets it aside"):
        StateWriter(path)
    with pytest.raises(StorageError, match=r"there is no state folder .*; start safedns once"):
        StateWriter(path.parent / "absent" / path.name)


def test_a_file_that_somebody_else_is_writing_is_waited_for_and_then_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_TIMEOUT", 0.01)
    decide(path)
    with closing(sqlite3.connect(path)) as other, StateWriter(path) as state:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"locked.*; try again"):
            state.end_overrides("binh", at=1.0, by="me")


def test_a_file_that_may_not_be_written_says_as_whom_to_try(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(path)

    def refuse(*_: object) -> sqlite3.Connection:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(schema, "open_writer", refuse)
    with pytest.raises(StorageError, match="run this as root or as the user that runs safedns"):
        StateWriter(path)
