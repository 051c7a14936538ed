"""The database files: their modes, their versions, and what happens to one that cannot be used."""

from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from safedns.errors import StorageError
from safedns.record import schema

KINDS = [schema.QUERY_LOG, schema.STATE]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / schema.QUERY_LOG.name


def pragma(db: sqlite3.Connection, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_log_is_for_its_owner_alone_and_so_are_its_companions(path: Path) -> None:
    with closing(schema.open_writer(schema.QUERY_LOG, path)) as db:
        db.execute("INSERT INTO client (address, device, seen) VALUES ('192.168.1.32', '', 1)")
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}


@pytest.mark.parametrize(("kind", "synchronous"), [(schema.QUERY_LOG, 1), (schema.STATE, 2)])
def test_a_file_writes_ahead_erases_what_it_deletes_can_shrink_and_keeps_decisions_over_a_power_cut(
    path: Path, kind: schema.Kind, synchronous: int
) -> None:
    with closing(schema.open_writer(kind, path)) as db:
        found = {name: pragma(db, name) for name in ("journal_mode", "synchronous", "secure_delete", "auto_vacuum")}
    assert found == {"journal_mode": "wal", "synchronous": synchronous, "secure_delete": 1, "auto_vacuum": 2}


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_of_a_file_is_the_number_of_its_migrations(tmp_path: Path, kind: schema.Kind) -> None:
    for _ in range(2):
        with closing(schema.open_writer(kind, tmp_path / kind.name)) as db:
            assert pragma(db, "user_version") == len(schema.migrations(kind)) >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_two_that_begin_a_file_at_once_both_have_it(tmp_path: Path, kind: schema.Kind) -> None:
    path = tmp_path / kind.name
    start = threading.Barrier(4)

    def begin(_: int) -> object:
        start.wait()
        with closing(schema.open_writer(kind, path)) as db:
            return pragma(db, "user_version")

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(begin, range(4))) == {len(schema.migrations(kind))}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_root_begins_belongs_to_the_owner_of_its_folder(path: Path) -> None:
    os.chown(path.parent, 1234, 1235)
    with closing(schema.open_writer(schema.QUERY_LOG, path)):
        owners = {(file.stat().st_uid, file.stat().st_gid) for file in path.parent.iterdir()}
    assert owners == {(1234, 1235)}


def test_a_failing_migration_leaves_the_version_before_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = schema.migrations(schema.QUERY_LOG)
    monkeypatch.setattr(schema, "migrations", lambda _: [*steps, "CREATE TABLE more (x); CREATE TABLE query (x);"])
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        schema.open_writer(schema.QUERY_LOG, path)
    monkeypatch.undo()
    with closing(schema.open_writer(schema.QUERY_LOG, path)) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
    assert "query" in tables
    assert "more" not in tables


@pytest.mark.parametrize("opener", [schema.open_writer, schema.open_reader])
def test_a_log_of_a_newer_version_is_refused_and_says_what_to_do(path: Path, opener: object) -> None:
    with closing(schema.open_writer(schema.QUERY_LOG, path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match=r"newer safedns \(log version 99.*update safedns"):
        opener(schema.QUERY_LOG, path)  # type: ignore[operator]  # both take a path


def test_a_reader_of_a_log_that_is_not_brought_up_to_date_says_so(path: Path) -> None:
    with closing(schema.open_writer(schema.QUERY_LOG, path)) as db:
        db.execute("PRAGMA user_version = 0")
    with pytest.raises(StorageError, match="start safedns once"):
        schema.open_reader(schema.QUERY_LOG, path)


def test_a_reader_cannot_write(path: Path) -> None:
    schema.open_writer(schema.QUERY_LOG, path).close()
    with (
        closing(schema.open_reader(schema.QUERY_LOG, path)) as db,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        db.execute("DELETE FROM query")


def test_a_reader_of_nothing_or_of_something_else_says_so_in_one_line(path: Path) -> None:
    with pytest.raises(StorageError, match="there is no query log yet"):
        schema.open_reader(schema.QUERY_LOG, path)
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="cannot be read"):
        schema.open_reader(schema.QUERY_LOG, path)


def test_a_broken_log_is_set_aside_under_a_name_that_tells_when(path: Path) -> None:
    path.write_bytes(b"x")
    path.with_name(f"{path.name}-wal").write_bytes(b"y")
    aside = schema.set_aside(path, 1234.9)
    assert [file.name for file in path.parent.iterdir()] == [aside.name] == [f"{path.name}.corrupt-1234"]
    path.with_name(f"{path.name}.corrupt-of-mine").write_bytes(b"z")
    assert list(schema.files_set_aside(path)) == [(aside, 1234.0)]


@pytest.mark.parametrize(("content", "damaged"), [(b"not a database" * 100, True), (b"", False)])
def test_damage_is_told_from_other_errors(path: Path, content: bytes, damaged: bool) -> None:
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.DatabaseError) as raised:
        db.execute("SELECT * FROM absent")
    assert schema.is_damaged(raised.value) is damaged
