"""What holds only for now, out of the file: overrides as they are, minutes by each child's own day."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from safedns.app.live import day_of, day_on, read_live, state_file
from safedns.errors import StorageError
from safedns.policy.live import NOTHING_LIVE, Live, Override, Target, Used
from safedns.record.schema import STATE, open_writer
from safedns.record.state import StateWriter
from tests.unit.policy.families import at, child, family

HANOI, NEW_YORK = "Asia/Ho_Chi_Minh", "America/New_York"
NOW = at("2026-11-27 11:00", HANOI)
"""Still the day before in New York."""
TODAY = date(2026, 11, 27)
GAMES = Target("category", "games")
POLICY = family(child("binh"), replace(child("an"), timezone=NEW_YORK), zone=HANOI)


class State:
    """The file of a household, to be filled."""

    def __init__(self, folder: Path) -> None:
        self.file = state_file(folder)

    def use(self, profile: str, start: str, end: str, zone: str = HANOI) -> None:
        """Minutes from ``start`` to before ``end``."""
        first, last = int(at(start, zone) // 60), int(at(end, zone) // 60) - 1
        with closing(open_writer(STATE, self.file)) as db:
            db.execute("INSERT INTO usage VALUES (?, 'category', 'games', ?, ?)", (profile, first, last))

    def read(self, now: float = NOW) -> Live:
        return read_live(self.file, POLICY, now)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def test_a_file_that_does_not_exist_yet_holds_nothing(state: State) -> None:
    assert state.read() == NOTHING_LIVE


def test_overrides_come_with_what_they_are_about_the_newest_first(state: State) -> None:
    with StateWriter(state.file) as writer:
        writer.add_override("binh", "pause", ("internet", ""), start=NOW - 60, until=NOW + 60, by="me")
        writer.add_override("binh", "grant", ("name", "a.example"), start=NOW, until=NOW + 1, by="me")
        writer.add_override("gone", "pause", ("internet", ""), start=NOW, until=NOW + 60, by="me")
    grant = Override(2, "binh", "grant", Target("name", "a.example"), NOW, NOW + 1)
    pause = Override(1, "binh", "pause", Target("internet"), NOW - 60, NOW + 60)
    assert state.read().overrides == (grant, pause)
    assert state.read(NOW + 1).overrides == (pause,)


def test_a_day_begins_and_ends_by_the_clocks_of_the_child(state: State) -> None:
    state.use("binh", "2026-11-26 23:50", "2026-11-27 00:20")
    state.use("binh", "2026-11-27 09:00", "2026-11-27 09:10")
    state.use("an", "2026-11-26 23:50", "2026-11-27 00:20", NEW_YORK)
    assert state.read().used == {
        ("binh", GAMES, TODAY): Used(30 * 60),
        ("an", GAMES, date(2026, 11, 26)): Used(10 * 60),
    }
    assert state.read(at("2026-11-27 00:10", NEW_YORK)).used["an", GAMES, TODAY] == Used(20 * 60)


def test_extra_time_counts_on_its_day_only(state: State) -> None:
    with StateWriter(state.file) as writer:
        for day, seconds in (("2026-11-26", 60), ("2026-11-27", 600), ("2026-11-27", 300)):
            writer.add_bonus("binh", ("category", "games"), day=day, seconds=seconds, at=NOW, by="me")
    assert state.read().used == {("binh", GAMES, TODAY): Used(0, 900)}


@pytest.mark.parametrize(("day", "hours"), [("2026-10-24", 24), ("2026-10-25", 25), ("2027-03-28", 23)])
def test_a_day_on_which_the_clocks_are_changed_has_its_own_length(day: str, hours: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    found = day_on(berlin, date.fromisoformat(day))
    assert found.end - found.start == hours * 60
    for minute in (found.start, found.end - 1):
        assert day_of(berlin, minute * 60.0) == found
    assert day_of(berlin, found.end * 60.0).start == found.end


def test_a_damaged_file_is_an_error(state: State) -> None:
    state.file.write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError):
        state.read()
