"""The one writer of the query log: batches in, rows out, old rows away. Only the recorder process uses it.

::

    add(events) -> buffer -> commit: outcome and client ids (cached for the hour) -> query rows + rollup, 1 transaction

Nothing here raises for bad events, a full disk or a broken file: rows that cannot be kept are dropped and counted,
and writing goes on with the next batch. How far each link's events are written stands beside them, so that the next
writer drops and counts what one that was killed took with it. Measured: see ``docs/metrics.md``.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from safedns.clock import Clock
from safedns.record.counters import Counters
from safedns.record.event import Outcome
from safedns.record.link import EventRow, Mark
from safedns.record.schema import QUERY_LOG
from safedns.record.steady import SteadyDatabase

log = logging.getLogger(__name__)

BATCH = 1000
"""Events that make a commit due at once."""
HOUR = 3600
PURGE_ROWS = 2000
"""Rows that one slice of a purge deletes: a few milliseconds."""
MAX_CACHED = 50_000
"""Outcomes remembered at a time."""

_BAD_EVENT = (ValueError, TypeError, IndexError, OverflowError, sqlite3.IntegrityError, sqlite3.InterfaceError,
              sqlite3.ProgrammingError, sqlite3.DataError)  # fmt: skip

_STORED = Outcome._fields[:-2]
"""The log level decides whether there is a row at all, and meters are for ``usage``: neither is a column."""
_COLUMNS = ", ".join(_STORED)
_FIND_OUTCOME = f"SELECT id FROM outcome WHERE {' AND '.join(f'{column} = ?' for column in _STORED)}"  # noqa: S608 - names of columns
_NEW_OUTCOME = f"INSERT INTO outcome ({_COLUMNS}, seen) VALUES ({', '.join('?' * (len(_STORED) + 1))})"  # noqa: S608 - names of columns
_FIND_CLIENT = "SELECT id FROM client WHERE address = ? AND device = ?"
_NEW_CLIENT = "INSERT INTO client (address, device, seen) VALUES (?, ?, ?)"
_NEW_QUERY = "INSERT INTO query (at_ms, client_id, outcome_id, micros) VALUES (?, ?, ?, ?)"
_COUNT = """INSERT INTO rollup (hour, profile, action, reason, category, count) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = count + excluded.count"""

_FIND_MARK = "SELECT sender, events FROM link WHERE worker = ?"
_SET_MARK = "INSERT OR REPLACE INTO link (worker, sender, events) VALUES (?, ?, ?)"

_PURGES = (
    "DELETE FROM query WHERE id IN (SELECT id FROM query WHERE at_ms < :at_ms ORDER BY at_ms LIMIT :slice)",
    "DELETE FROM outcome WHERE id IN (SELECT id FROM outcome WHERE seen < :hour LIMIT :slice)",
    "DELETE FROM client WHERE id IN (SELECT id FROM client WHERE seen < :hour LIMIT :slice)",
    "DELETE FROM rollup WHERE hour IN (SELECT DISTINCT hour FROM rollup WHERE hour < :hour LIMIT :slice)",
)
"""What is too old; names go after the rows that use them."""


class _Ids(dict[tuple[object, ...], int]):
    """Ids of a dictionary table; only what was not met in this hour asks the database."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[tuple[object, ...]], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, values: tuple[object, ...]) -> int:
        found = self[values] = self._find(values)
        return found


class LogWriter:
    """Owns ``querylog.db``. Raises ``StorageError`` at construction for a log of a newer version, and only then."""

    def __init__(self, path: Path, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._written = counters.cell("log_rows")
        self._dropped = counters.cell("log_rows_dropped")
        self._buffer: list[EventRow] = []
        self._outcomes = _Ids(self._outcome_id)
        self._clients = _Ids(self._client_id)
        self._marks: dict[str, Mark] = {}
        """Where the next event of each link stands, for all that this writer has taken."""
        self._rollup_keys: dict[int, tuple[str, str, str, str]] = {}
        self._hour = 0
        self._file = SteadyDatabase(QUERY_LOG, path, clock, self._forget)

    def add(self, events: Sequence[EventRow], worker: str = "", mark: Mark | None = None) -> None:
        """Take events, those of ``worker`` from ``mark`` on; commits by itself when a batch is full."""
        if mark is not None:
            self._count_missing(worker, mark)
            self._marks[worker] = mark._replace(events=mark.events + len(events))
        self._buffer += events
        if len(self._buffer) >= BATCH:
            self.commit()

    def commit(self) -> None:
        """Write what was added, in one transaction."""
        events, self._buffer = self._buffer, []
        if events:
            self._store(events)

    def purge(self, keep: float) -> bool:
        """Delete a slice of what is older than ``keep`` seconds; True while there is more to do."""
        cutoff = self._clock.wall() - keep
        limits = {"at_ms": int(cutoff * 1000), "hour": int(cutoff // HOUR), "slice": PURGE_ROWS}
        return self._file.purge(_PURGES, limits, keep)

    def close(self) -> None:
        """Commit and close."""
        self.commit()
        self._file.close()

    def _count_missing(self, worker: str, mark: Mark) -> None:
        """What was sent before and is neither written nor here: a writer that was killed had it.

        Of a link that the log does not know, as in a new file, nobody can say.
        """
        known = self._marks.get(worker)
        if known is None and (db := self._file.connection()) is not None:
            known = self._written_until(db, worker)
        if known is None:
            return
        missing = mark.events - (known.events if known.sender == mark.sender else 0)
        if missing > 0:
            log.warning("%d queries are not in the log: whoever wrote it before was killed", missing)
            self._dropped[0] += missing

    def _written_until(self, db: sqlite3.Connection, worker: str) -> Mark | None:
        try:
            row = db.execute(_FIND_MARK, (worker,)).fetchone()
        except sqlite3.Error as error:
            self._file.failed(error)
            return None
        return None if row is None else Mark(*row)

    def _store(self, events: list[EventRow]) -> None:
        if (db := self._file.connection()) is None:
            self._dropped[0] += len(events)
            return
        try:
            with self._file.transaction(db):
                rows = self._write(db, events)
                db.executemany(_SET_MARK, [(worker, *mark) for worker, mark in self._marks.items()])
        except _BAD_EVENT as error:
            self._store_halves(events, error)
        except sqlite3.Error as error:
            # A broken file was set aside, so the new one is tried; anything else (a full disk) costs these rows.
            if self._file.failed(error):
                self._store(events)
            else:
                self._dropped[0] += len(events)
        else:
            self._written[0] += rows
            self._file.recovered()

    def _store_halves(self, events: list[EventRow], error: Exception) -> None:
        """Find the event that cannot be stored by halving: it alone is dropped."""
        if len(events) == 1:
            log.warning("an event cannot be stored and is dropped: %s", error)
            self._dropped[0] += 1
            return
        middle = len(events) // 2
        self._store(events[:middle])
        self._store(events[middle:])

    def _write(self, db: sqlite3.Connection, events: list[EventRow]) -> int:
        by_hour: dict[int, list[EventRow]] = defaultdict(list)
        for event in events:
            by_hour[int(event[0] // HOUR)].append(event)
        return sum(self._write_hour(db, hour, group) for hour, group in sorted(by_hour.items()))

    def _write_hour(self, db: sqlite3.Connection, hour: int, events: list[EventRow]) -> int:
        if hour != self._hour or len(self._outcomes) > MAX_CACHED:
            self._forget()
            self._hour = hour
        outcomes = [self._outcomes[event[4]] for event in events]
        clients = self._clients
        rows = [
            (round(at * 1000), clients[address, device], outcome, micros)
            for (at, address, device, micros, _), outcome in zip(events, outcomes, strict=True)
            if outcome > 0
        ]
        db.executemany(_NEW_QUERY, rows)
        totals: Counter[tuple[str, str, str, str]] = Counter()
        for outcome, count in Counter(outcomes).items():
            if outcome:
                totals[self._rollup_keys[outcome]] += count
        db.executemany(_COUNT, [(hour, *key, count) for key, count in totals.items()])
        return len(rows)

    def _outcome_id(self, values: tuple[object, ...]) -> int:
        """Row id of an outcome; a negative number for one whose name must not be stored, 0 for one that is no row."""
        outcome = Outcome(*values)  # type: ignore[arg-type]  # checked by the STRICT table
        if outcome.log == "off":
            return 0
        if outcome.log == "full":
            found = self._find_or_insert("outcome", _FIND_OUTCOME, _NEW_OUTCOME, values[: len(_STORED)])
        else:
            found = -1 - len(self._outcomes)
        self._rollup_keys[found] = (outcome.profile, outcome.action, outcome.reason, outcome.category)
        return found

    def _client_id(self, values: tuple[object, ...]) -> int:
        return self._find_or_insert("client", _FIND_CLIENT, _NEW_CLIENT, values)

    def _find_or_insert(self, table: str, find: str, insert: str, values: tuple[object, ...]) -> int:
        if (db := self._file.connection()) is None:
            raise sqlite3.OperationalError("the log is closed")
        row = db.execute(find, values).fetchone()
        if row is None:
            return db.execute(insert, (*values, self._hour)).lastrowid or 0
        db.execute(f"UPDATE {table} SET seen = max(seen, ?) WHERE id = ?", (self._hour, row[0]))  # noqa: S608 - a name of ours
        return int(row[0])

    def _forget(self) -> None:
        self._outcomes.clear()
        self._clients.clear()
        self._rollup_keys.clear()
