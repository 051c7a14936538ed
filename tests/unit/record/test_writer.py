"""The log's writer: what is stored, what is only counted, what is deleted when, and that nothing upsets it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from safedns.errors import StorageError
from safedns.record import schema, writer
from safedns.record.counters import Counters
from safedns.record.link import Mark
from safedns.record.steady import REOPEN_AFTER
from safedns.record.store import LogFilter, LogRow, QueryLog
from safedns.record.writer import BATCH, HOUR, LogWriter
from tests.fakes import FakeClock
from tests.unit.record.samples import NOON, event

DAY = 86_400


class Log:
    """A writer, its clock and counters, and a look at what it wrote."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(NOON)
        self.path = folder / schema.QUERY_LOG.name
        self.counters = Counters()
        self.writer = LogWriter(self.path, self.clock, self.counters)

    def write(self, *events: Any) -> None:
        self.writer.add(events)
        self.writer.commit()

    def purge(self, keep: float) -> None:
        while self.writer.purge(keep):
            pass

    def rows(self) -> list[LogRow]:
        with QueryLog(self.path) as log:
            return list(log.search(LogFilter()))

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(sql).fetchall()

    def counted(self, key: str) -> int:
        return self.counters.cell(key)[0]

    def bytes_on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.path.parent.iterdir())


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    yield log
    log.writer.close()


def test_an_event_becomes_a_row_with_every_field(log: Log) -> None:
    log.write(event(at=NOON + 0.25, device="an-tablet", micros=77, name="tiktok.com", action="blocked", rcode=3))
    (row,) = log.rows()
    assert row == LogRow(
        1, NOON + 0.25, "192.168.1.32", "an-tablet", 77,
        "binh", "tiktok.com", 1, "blocked", "default", "", "", "", 3, "cache", "", "udp",
    )  # fmt: skip


def test_what_repeats_is_stored_once(log: Log) -> None:
    log.write(*[event(at=NOON + n) for n in range(50)], event(name="other.example"), event(client="192.168.1.33"))
    log.write(*[event(at=NOON + n) for n in range(50)])
    assert log.select("SELECT count(*) FROM query") == [(102,)]
    assert log.select("SELECT count(*) FROM outcome") == [(2,)]
    assert log.select("SELECT count(*) FROM client") == [(2,)]


def test_outcomes_that_differ_in_any_field_are_kept_apart(log: Log) -> None:
    differing: list[dict[str, Any]] = [
        {"profile": "an"}, {"name": "b.example"}, {"qtype": 28}, {"action": "blocked"}, {"reason": "bedtime"},
        {"rule": "x"}, {"matched": "x"}, {"category": "x"}, {"rcode": 3}, {"source": "policy"}, {"upstream": "x"},
        {"protocol": "tcp"},
    ]  # fmt: skip
    log.write(event(), *[event(**fields) for fields in differing])
    assert log.select("SELECT count(*) FROM outcome") == [(len(differing) + 1,)]
    assert len({row[5:] for row in log.rows()}) == len(differing) + 1


def test_ids_are_found_again_after_a_restart(log: Log) -> None:
    log.write(event())
    log.writer.close()
    log.writer = LogWriter(log.path, log.clock, log.counters)
    log.write(event(at=NOON + 1))
    assert log.select("SELECT count(*) FROM outcome") == [(1,)]
    assert len(log.rows()) == 2


def test_what_a_killed_writer_had_taken_and_not_written_is_counted_as_dropped_by_the_next(log: Log) -> None:
    log.writer.add([event()] * 3, "resolver-0", Mark(7, 0))
    log.writer.add([event()] * 2, "resolver-1", Mark(8, 0))
    log.writer.commit()
    log.writer.add([event()] * 5, "resolver-0", Mark(7, 3))  # and then it is killed
    successor = LogWriter(log.path, log.clock, log.counters)
    successor.add([event()], "resolver-0", Mark(7, 8))
    successor.add([event()], "resolver-0", Mark(7, 9))
    successor.add([event()], "resolver-1", Mark(8, 2))
    successor.commit()
    assert log.counted("log_rows_dropped") == 5
    assert len(log.rows()) == 3 + 2 + 3
    successor.close()


def test_a_resolver_that_was_started_again_counts_from_nought(log: Log) -> None:
    log.writer.add([event()] * 3, "resolver-0", Mark(7, 0))
    log.writer.add([event()], "resolver-0", Mark(9, 0))
    log.writer.commit()
    successor = LogWriter(log.path, log.clock, log.counters)
    successor.add([], "resolver-0", Mark(10, 4))
    assert log.counted("log_rows_dropped") == 4
    successor.close()


def test_in_a_new_file_nobody_knows_what_was_written_before(log: Log) -> None:
    log.writer.add([event()], "resolver-0", Mark(7, 1_000_000))
    log.writer.commit()
    assert log.counted("log_rows_dropped") == 0


def test_summary_events_are_counted_but_leave_neither_name_nor_client_behind(log: Log) -> None:
    log.write(*[event(name="secret.example", client="192.168.1.99", log="summary")] * 3, event())
    assert [row.name for row in log.rows()] == ["www.example.com"]
    assert b"secret" not in log.bytes_on_disk()
    assert b"192.168.1.99" not in log.bytes_on_disk()
    assert log.select("SELECT sum(count) FROM rollup") == [(4,)]


def test_events_that_came_only_to_count_a_minute_leave_nothing_behind_not_even_a_count(log: Log) -> None:
    log.write(*[event(name="secret.example", client="192.168.1.99", log="off")] * 3, event())
    assert [row.name for row in log.rows()] == ["www.example.com"]
    assert b"secret" not in log.bytes_on_disk()
    assert b"192.168.1.99" not in log.bytes_on_disk()
    assert log.select("SELECT sum(count) FROM rollup") == [(1,)]
    assert log.counted("log_rows") == 1


def test_the_rollup_counts_every_event_by_hour_profile_action_reason_and_category(log: Log) -> None:
    hour = int(NOON // HOUR)
    start = float(hour * HOUR)
    blocked: dict[str, Any] = {"action": "blocked", "reason": "category", "category": "social"}
    log.write(event(at=start), event(at=start + 3599.9, name="b.example"), event(at=start + 3600), event(at=start + 9))
    log.write(event(at=start, **blocked), event(at=start, **blocked, log="summary"), event(at=start, profile="an"))
    assert sorted(log.select("SELECT * FROM rollup")) == [
        (hour, "an", "allowed", "default", "", 1),
        (hour, "binh", "allowed", "default", "", 3),
        (hour, "binh", "blocked", "category", "social", 2),
        (hour + 1, "binh", "allowed", "default", "", 1),
    ]


def test_a_full_batch_is_committed_without_being_asked(log: Log) -> None:
    log.writer.add([event()] * (BATCH - 1))
    assert log.rows() == []
    log.writer.add([event()])
    assert len(log.rows()) == BATCH
    assert log.counted("log_rows") == BATCH


def test_closing_commits_what_was_added(log: Log) -> None:
    log.writer.add([event()])
    log.writer.close()
    assert len(log.rows()) == 1


@pytest.mark.parametrize(
    "bad",
    [
        (),
        None,
        "abcde",
        event()[:4],
        event(at="noon"),  # type: ignore[arg-type]  # what a broken sender might send
        event(at=float("nan")),
        event(at=float("inf")),
        event(at=1e300),
        event(micros=2**70),
        event(micros="slow"),  # type: ignore[arg-type]  # likewise
        event(client=None),  # type: ignore[arg-type]  # likewise
        event(qtype="A"),
        event(name="\ud800"),
        event(name=["list"]),
        event(name=b"bytes"),
        (*event()[:4], ("short",)),
        (*event()[:4], None),
    ],
)
def test_an_event_that_cannot_be_stored_is_dropped_alone_and_counted(log: Log, bad: Any) -> None:
    log.write(*[event(micros=n) for n in range(10)], bad, *[event(micros=n) for n in range(10, 20)])
    assert [row.micros for row in log.rows()] == list(range(20))
    assert (log.counted("log_rows"), log.counted("log_rows_dropped")) == (20, 1)
    assert log.select("SELECT sum(count) FROM rollup") == [(20,)]


def test_rows_are_kept_for_as_long_as_asked_and_no_longer(log: Log) -> None:
    log.write(event(at=NOON - 30 * DAY - 0.001, name="old.example"), event(at=NOON - 30 * DAY, name="young.example"))
    log.purge(30 * DAY)
    assert [row.name for row in log.rows()] == ["young.example"]


def test_names_and_clients_that_no_row_uses_any_more_go_within_the_hour(log: Log) -> None:
    log.write(event(name="old.example", client="192.168.1.7"), event(name="both.example"))
    log.clock.advance(DAY)
    log.write(event(at=NOON + DAY, name="both.example"), event(at=NOON + DAY, name="new.example"))
    log.clock.advance(DAY)
    log.purge(DAY + HOUR)
    assert log.select("SELECT name FROM outcome ORDER BY name") == [("both.example",), ("new.example",)]
    assert log.select("SELECT address FROM client") == [("192.168.1.32",)]
    assert log.select("SELECT DISTINCT hour FROM rollup") == [(int((NOON + DAY) // HOUR),)]


def test_no_row_ever_loses_its_name_however_the_clock_and_the_purge_fall(log: Log) -> None:
    for step in range(40):
        log.write(event(at=log.clock.wall(), micros=step, name=f"{step % 3}.example"))
        log.clock.jump(log.clock.wall() + (2000 if step % 4 else -3000))
        log.purge(2 * HOUR)
        assert log.select("SELECT count(*) FROM query") == [(len(log.rows()),)]
    assert log.rows()


def test_a_purged_name_is_nowhere_in_the_files(log: Log) -> None:
    log.write(*[event(name=f"secret{n}.example", matched=f"secret{n}.example") for n in range(500)])
    log.clock.advance(2 * DAY)
    log.write(event(at=log.clock.wall()))
    assert b"secret" in log.bytes_on_disk()
    log.purge(DAY)
    assert b"secret" not in log.bytes_on_disk()


def test_a_purged_log_gives_its_space_back(log: Log) -> None:
    log.write(*[event(micros=n, name=f"{n}.example") for n in range(5000)])
    log.writer.close()
    before = log.path.stat().st_size
    log.clock.advance(2 * DAY)
    log.purge(DAY)
    log.writer.close()
    assert log.path.stat().st_size < before / 5


def test_a_purge_works_in_slices(log: Log) -> None:
    log.write(*[event()] * (writer.PURGE_ROWS + 1))
    log.clock.advance(2 * DAY)
    assert log.writer.purge(DAY)
    assert len(log.rows()) == 1


def test_rows_written_between_two_slices_of_a_purge_keep_their_names(log: Log) -> None:
    log.write(event(at=NOON - DAY))
    while log.writer.purge(HOUR):
        log.write(event(at=NOON))
    assert {row.at for row in log.rows()} == {NOON}


def test_a_broken_file_is_set_aside_and_a_new_log_begins(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / schema.QUERY_LOG.name).write_bytes(b"not a database" * 1000)
    log = Log(tmp_path)
    log.write(event())
    assert len(log.rows()) == 1
    aside = tmp_path / f"{schema.QUERY_LOG.name}.corrupt-{int(NOON)}"
    assert aside.read_bytes().startswith(b"not a database")
    assert "set aside" in caplog.text
    log.clock.advance(2 * DAY)
    log.purge(3 * DAY)
    assert aside.exists()
    log.purge(DAY)
    assert not aside.exists()
    log.writer.close()


def test_a_file_that_breaks_while_in_use_loses_no_new_row(log: Log) -> None:
    log.write(*[event(name=f"{n}.example") for n in range(2000)])
    log.writer.close()
    content = bytearray(log.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    log.path.write_bytes(content)
    log.writer = LogWriter(log.path, log.clock, log.counters)
    log.write(event(name="after.example"))
    assert [row.name for row in log.rows()] == ["after.example"]
    assert log.counted("log_rows_dropped") == 0


def test_on_a_full_disk_rows_are_dropped_and_counted_and_writing_goes_on_when_there_is_room(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    log.write(event())
    (pages,) = log.select("PRAGMA page_count")[0]
    db = log.writer._file.connection()
    assert db is not None
    db.execute(f"PRAGMA max_page_count = {pages + 2}")
    for batch in range(3):
        log.write(*[event(name=f"{batch}-{n}.example") for n in range(800)])
    assert log.counted("log_rows_dropped") == 2400
    db.execute("PRAGMA max_page_count = 1000000")
    log.write(*[event(name=f"again-{n}.example") for n in range(800)])
    assert len(log.rows()) == 801
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "answered but not logged" in caplog.records[0].message


def test_a_log_that_cannot_be_opened_is_tried_again_after_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "absent"
    log = Log(folder)
    log.write(event(), event())
    assert log.counted("log_rows_dropped") == 2
    folder.mkdir()
    log.write(event())
    assert log.counted("log_rows_dropped") == 3
    log.clock.advance(REOPEN_AFTER)
    log.write(event())
    assert len(log.rows()) == 1
    log.writer.close()


def test_a_log_of_a_newer_version_is_left_alone(log: Log) -> None:
    log.writer.close()
    with closing(sqlite3.connect(log.path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="newer safedns"):
        LogWriter(log.path, log.clock, log.counters)
    assert log.path.exists()


def test_an_empty_commit_writes_nothing(log: Log) -> None:
    log.writer.commit()
    log.writer.add([])
    log.writer.commit()
    assert log.counted("log_rows") == 0
