"""Reading the log: filters as a table, the order of rows, and following it while it grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from safedns.errors import StorageError
from safedns.policy.decision import Action
from safedns.record import schema, store
from safedns.record.counters import Counters
from safedns.record.store import ClientSeen, LogFilter, QueryLog
from safedns.record.writer import LogWriter
from safedns.wire.names import display
from tests.fakes import FakeClock
from tests.unit.record.samples import NOON, event

EVENTS = (
    event(micros=1, at=NOON, name="www.youtube.com"),
    event(micros=2, at=NOON + 60, name="tiktok.com", action="blocked"),
    event(micros=3, at=NOON + 120, name="xn--bcher-kva.example", client="192.168.1.40", device="an-pc", profile="an"),
    event(micros=4, at=NOON + 60, name="tiktok.com", action="blocked", client="fe80::1", device="", profile="an"),
    event(micros=5, at=NOON + 3600.5, name="100%_sure.example"),
)  # fmt: skip
"""In the order of their writing; ``micros`` tells them apart."""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / schema.QUERY_LOG.name
    writer = LogWriter(path, FakeClock(), Counters())
    writer.add(EVENTS)
    writer.commit()
    yield path
    writer.close()


def found(path: Path, wanted: LogFilter) -> list[int]:
    with QueryLog(path, display) as log:
        return [row.micros for row in log.search(wanted)]


@pytest.mark.parametrize(
    ("wanted", "micros"),
    [
        (LogFilter(), [1, 2, 4, 3, 5]),
        (LogFilter(profile="an"), [4, 3]),
        (LogFilter(profile="nobody"), []),
        (LogFilter(device="an-pc"), [3]),
        (LogFilter(device="192.168.1.40"), [3]),
        (LogFilter(device="fe80::1"), [4]),
        (LogFilter(blocked=True), [2, 4]),
        (LogFilter(blocked=True, profile="binh"), [2]),
        (LogFilter(since=NOON + 60), [2, 4, 3, 5]),
        (LogFilter(since=NOON + 60.001), [3, 5]),
        (LogFilter(until=NOON + 120), [1, 2, 4]),
        (LogFilter(since=NOON + 60, until=NOON + 120), [2, 4]),
        (LogFilter(since=NOON + 3600.5), [5]),
        (LogFilter(name_part="tok"), [2, 4]),
        (LogFilter(name_part="TikTok"), [2, 4]),
        (LogFilter(name_part="BÜCH"), [3]),
        (LogFilter(name_part="xn--b"), [3]),
        (LogFilter(name_part="%"), [5]),
        (LogFilter(name_part="_"), [5]),
        (LogFilter(name_part="' OR 1=1 --"), []),
        (LogFilter(limit=2), [3, 5]),
        (LogFilter(limit=1, blocked=True), [4]),
        (LogFilter(limit=100), [1, 2, 4, 3, 5]),
        (LogFilter(name_part="tok", profile="an", blocked=True, device="fe80::1", since=NOON, until=NOON + 61), [4]),
    ],
)
def test_a_filter_finds_its_rows_in_the_order_of_time(path: Path, wanted: LogFilter, micros: list[int]) -> None:
    assert found(path, wanted) == micros


def test_blocked_means_what_the_policy_means_by_it() -> None:
    assert Action.BLOCK.value == store.BLOCKED


def test_a_row_carries_every_field(path: Path) -> None:
    with QueryLog(path) as log:
        (row,) = log.search(LogFilter(limit=1))
    assert (row.at, row.client, row.name, row.qtype, row.protocol) == (
        NOON + 3600.5, "192.168.1.32", "100%_sure.example", 1, "udp",
    )  # fmt: skip


def test_following_gives_what_was_written_later_also_when_its_time_is_earlier(path: Path) -> None:
    writer = LogWriter(path, FakeClock(), Counters())
    with QueryLog(path) as log:
        last = log.last_id()
        assert (last, list(log.follow(LogFilter(), last))) == (5, [])
        writer.add([event(micros=6, at=NOON - 50), event(micros=7, action="blocked"), event(micros=8)])
        writer.commit()
        assert [row.micros for row in log.follow(LogFilter(), last)] == [6, 7, 8]
        assert [row.micros for row in log.follow(LogFilter(blocked=True), last)] == [7]
        assert log.last_id() == 8
    writer.close()


def test_an_empty_log_has_no_last_row(tmp_path: Path) -> None:
    schema.open_writer(schema.QUERY_LOG, tmp_path / schema.QUERY_LOG.name).close()
    with QueryLog(tmp_path / schema.QUERY_LOG.name) as log:
        assert (log.last_id(), list(log.search(LogFilter()))) == (0, [])


@pytest.mark.parametrize(
    ("wanted", "plan"),
    [
        (LogFilter(limit=100), "SCAN query USING INDEX query_by_time"),
        (LogFilter(since=NOON, until=NOON + 1), "SEARCH query USING INDEX query_by_time (at_ms>? AND at_ms<?)"),
        (LogFilter(name_part="x", device="y", limit=100), "SCAN query USING INDEX query_by_time"),
    ],
)
def test_rows_are_walked_by_time_without_sorting(path: Path, wanted: LogFilter, plan: str) -> None:
    statements: list[str] = []
    with QueryLog(path) as log:
        log._db.set_trace_callback(statements.append)
        list(log.search(wanted))
    with closing(sqlite3.connect(path)) as db:
        db.create_function("display", 1, str)
        steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statements[0]}")]
    assert steps[0] == plan
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps)


def test_a_log_that_breaks_while_it_is_read_gives_one_clear_line(path: Path) -> None:
    with QueryLog(path) as log, closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE client")
        with pytest.raises(StorageError, match=r"querylog\.db: cannot be read"):
            list(log.search(LogFilter()))
        db.execute("DROP TABLE query")
        with pytest.raises(StorageError, match="cannot be read"):
            log.last_id()


def test_who_has_asked_since_when(path: Path) -> None:
    with QueryLog(path) as log:
        assert sorted(log.clients(NOON + 60)) == [
            ClientSeen("192.168.1.32", "192.168.1.32", "binh", NOON + 3600.5, 2),
            ClientSeen("192.168.1.40", "an-pc", "an", NOON + 120, 1),
            ClientSeen("fe80::1", "", "an", NOON + 60, 1),
        ]
        assert log.clients(NOON + 7200) == []
