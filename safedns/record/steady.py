"""A database that its process writes for as long as it runs, whatever becomes of the file.

A file that cannot be opened is tried again after a while, a broken one is set aside and a new one begins, and each
trouble is logged once. Must not stop its process, and knows nothing of what is stored.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safedns.clock import Clock
from safedns.record import schema
from safedns.record.schema import Kind

log = logging.getLogger(__name__)

REOPEN_AFTER = 10.0
"""Seconds until a file that could not be opened is tried again."""
PURGE_PAGES = 2000
"""Pages that one slice of a purge gives back: a few milliseconds."""


class SteadyDatabase:
    """One connection for writing. Raises ``StorageError`` at construction for a file of a newer version."""

    def __init__(self, kind: Kind, path: Path, clock: Clock, void: Callable[[], None]) -> None:
        """``void`` is called when ids that were read or handed out no longer hold."""
        self._kind = kind
        self._path = path
        self._clock = clock
        self._void = void
        self._failing = False
        self._retry_at = 0.0
        self._db: sqlite3.Connection | None = None
        self._open()

    def connection(self) -> sqlite3.Connection | None:
        """The open database; ``None`` while it cannot be had."""
        if self._db is None and self._clock.monotonic() >= self._retry_at:
            self._open()
        return self._db

    def check(self) -> None:
        """Look the whole file over, so that damage which reading would meet is found at once; for small files."""
        if (db := self.connection()) is None:
            return
        try:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            self.failed(error)
            return
        if verdict != "ok":
            self._begin_anew(verdict)

    @contextmanager
    def transaction(self, db: sqlite3.Connection) -> Iterator[None]:
        """All of the block, or nothing of it."""
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            self._void()
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def failed(self, error: OSError | sqlite3.Error) -> bool:
        """Take note of a failure; True if the file was broken and a new one has begun."""
        if isinstance(error, sqlite3.Error) and schema.is_damaged(error):
            return self._begin_anew(error)
        if not self._failing:
            log.error("%s: %s: %s", self._path, self._kind.idle, error)
        self._failing = True
        if self._db is None:
            self._retry_at = self._clock.monotonic() + REOPEN_AFTER
        return False

    def recovered(self) -> None:
        """Something could be written."""
        if self._failing:
            log.warning("%s: %s", self._path, self._kind.back)
            self._failing = False

    def purge(self, statements: Iterable[str], values: Mapping[str, int], keep: float) -> bool:
        """Run the first of the ``statements`` that deletes rows, or give back pages that are free.

        True while there is more to do. Broken files that were set aside go after ``keep`` seconds.
        """
        for aside, since in schema.files_set_aside(self._path):
            if since < self._clock.wall() - keep:
                aside.unlink(missing_ok=True)
        if (db := self.connection()) is None:
            return False
        try:
            return _purge_slice(db, statements, values)
        except sqlite3.Error as error:
            self.failed(error)
            return False

    def close(self) -> None:
        """Close; the next ``connection`` opens it again."""
        self._void()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> None:
        try:
            self._db = schema.open_writer(self._kind, self._path)
        except (OSError, sqlite3.Error) as error:
            self.failed(error)

    def _begin_anew(self, error: sqlite3.Error | str) -> bool:
        self.close()
        self._retry_at = self._clock.monotonic() + REOPEN_AFTER
        try:
            aside = schema.set_aside(self._path, self._clock.wall())
            self._db = schema.open_writer(self._kind, self._path)
        except (OSError, sqlite3.Error) as second:
            log.error("%s: is broken (%s) and cannot be replaced: %s", self._path, error, second)  # noqa: TRY400 - the line says it all
            return False
        log.error(
            "%s: is broken (%s); set aside as %s, a new %s begins", self._path, error, aside.name, self._kind.called
        )
        return True


def _purge_slice(db: sqlite3.Connection, statements: Iterable[str], values: Mapping[str, int]) -> bool:
    for statement in statements:
        if db.execute(statement, values).rowcount > 0:
            return True
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    if free:
        db.execute(f"PRAGMA incremental_vacuum({PURGE_PAGES})").fetchall()
        return True
    # The write-ahead log still holds the pages as they were before.
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return False
