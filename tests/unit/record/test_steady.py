"""A database that a process keeps open: trouble is logged once, a broken file makes room for a new one.

What the query log does in trouble is in ``test_writer``, and what the meter does in ``test_usage``.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from safedns.record.schema import STATE
from safedns.record.steady import REOPEN_AFTER, SteadyDatabase
from tests.fakes import FakeClock


class Kept:
    """A database, its clock, and how often ids were declared void."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.path = folder / STATE.name
        self.voids = 0
        self.file = SteadyDatabase(STATE, self.path, self.clock, self._void)

    def _void(self) -> None:
        self.voids += 1

    def write(self, name: str = "binh") -> None:
        db = self.file.connection()
        assert db is not None
        with self.file.transaction(db):
            db.execute("INSERT INTO usage VALUES (?, 'internet', '', 1, 2)", (name,))

    def count(self) -> int:
        db = self.file.connection()
        assert db is not None
        (number,) = db.execute("SELECT count(*) FROM usage").fetchone()
        return int(number)


def test_a_transaction_that_fails_leaves_nothing_and_voids_what_was_handed_out(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    db = kept.file.connection()
    assert db is not None
    two_rows_of_which_one_is_wrong = "INSERT INTO usage VALUES ('binh', 'internet', '', ?, 2)"
    with pytest.raises(sqlite3.IntegrityError), kept.file.transaction(db):
        db.executemany(two_rows_of_which_one_is_wrong, [(1,), (3,)])
    assert (kept.count(), kept.voids) == (0, 1)
    kept.write()
    assert (kept.count(), kept.voids) == (1, 1)
    kept.file.close()


def test_a_file_that_cannot_be_opened_is_tried_again_after_a_while_and_complained_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    kept = Kept(tmp_path / "absent")
    (tmp_path / "absent").mkdir()
    assert kept.file.connection() is None
    kept.clock.advance(REOPEN_AFTER)
    kept.write()
    kept.file.recovered()
    kept.file.recovered()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "minutes of use are not counted: " in caplog.records[0].message
    assert "minutes of use are counted again" in caplog.records[1].message
    kept.file.close()


def test_damage_deep_in_a_file_is_found_by_a_check_and_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(tmp_path)
    for number in range(2000):
        kept.write(f"profile-{number}")
    kept.file.check()
    assert kept.count() == 2000, "a sound file is left alone"
    kept.file.close()
    content = bytearray(kept.path.read_bytes())
    content[-8192:] = b"\x55" * 8192
    kept.path.write_bytes(content)
    kept.file.check()
    assert kept.count() == 0
    assert (tmp_path / f"{STATE.name}.corrupt-{int(kept.clock.wall())}").read_bytes().endswith(b"\x55" * 8192)
    assert "a new state begins" in caplog.text
    kept.file.close()
