"""The database files: opening one for reading or writing, its schema versions, setting a broken one aside.

Versions are the files ``migrations/FOLDER/NNNN_*.sql``, applied in order, and counted in ``PRAGMA user_version``.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from safedns.errors import StorageError

BUSY_TIMEOUT = 1.0
"""Seconds a connection waits for another's lock."""
_PAUSE = 0.02
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_COMPANIONS = ("-wal", "-shm")


class Kind(NamedTuple):
    """One kind of database, and how messages speak of it."""

    name: str
    """File name inside the state folder."""
    folder: str
    """Where its migrations are."""
    synchronous: str
    """``FULL`` where what was written must outlive a power cut, ``NORMAL`` where the last of it may be lost."""
    called: str
    """``log``: as in "a new log begins"."""
    absent: str
    """What it means that there is none."""
    idle: str
    """What goes on while it cannot be written."""
    back: str
    """What is so again once it can."""


QUERY_LOG = Kind(
    name="querylog.db",
    folder="querylog",
    synchronous="NORMAL",
    called="log",
    absent="there is no query log yet; it begins with the first query that safedns answers",
    idle="queries are answered but not logged",
    back="queries are logged again",
)
STATE = Kind(
    name="state.db",
    folder="state",
    synchronous="FULL",
    called="state",
    absent="nothing was decided and no minute was counted yet",
    idle="minutes of use are not counted",
    back="minutes of use are counted again",
)


def migrations(kind: Kind) -> list[str]:
    """The SQL of each schema version, the first first."""
    folder = resources.files("safedns.record") / "migrations" / kind.folder
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name)
    return [item.read_text(encoding="utf-8") for item in files]


def open_writer(kind: Kind, path: Path) -> sqlite3.Connection:
    """The database at ``path`` for writing, made or brought up to date where needed; readable by the owner only.

    Raises ``StorageError`` for one of a newer version, ``OSError`` or ``sqlite3.Error`` where it cannot be opened.
    """
    _make(path)
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        # Pages of deleted rows are overwritten and given back: a name must not outlive its row on the disk.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA secure_delete = ON")
        _write_ahead(db)
        db.execute(f"PRAGMA synchronous = {kind.synchronous}")
        _migrate(db, kind, path)
    except BaseException:
        db.close()
        raise
    return db


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. SQLite does not wait here while another connection does the same to a new file."""
    for _ in range(int(BUSY_TIMEOUT / _PAUSE)):
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_PAUSE)
        else:
            return
    db.execute("PRAGMA journal_mode = WAL")


def open_reader(kind: Kind, path: Path) -> sqlite3.Connection:
    """The database at ``path``, read-only. Raises ``StorageError`` where it is absent, unreadable or not ours."""
    if not path.is_file():
        raise StorageError(f"{path}: {kind.absent}")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    try:
        found = _version(db)
    except sqlite3.Error as error:
        db.close()
        raise unreadable(path, error) from error
    if found != (known := len(migrations(kind))):
        db.close()
        raise _newer(kind, path, found, known) if found > known else _older(kind, path)
    return db


def unreadable(path: Path, error: sqlite3.Error) -> StorageError:
    """What to tell a person whose read failed."""
    return StorageError(f"{path}: cannot be read ({error}); run this as root or as the user that runs safedns")


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether ``error`` says that the file itself is broken, as against busy, full or forbidden."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def set_aside(path: Path, now: float) -> Path:
    """Rename a broken database to ``NAME.corrupt-<seconds>`` so that a new one can begin; its new path."""
    aside = path.with_name(f"{path.name}.corrupt-{int(now)}")
    path.replace(aside)
    for suffix in _COMPANIONS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def files_set_aside(path: Path) -> Iterator[tuple[Path, float]]:
    """Each broken database that was set aside, with when that was (seconds since the epoch)."""
    prefix = f"{path.name}.corrupt-"
    for aside in path.parent.glob(f"{prefix}*"):
        stamp = aside.name.removeprefix(prefix)
        if stamp.isascii() and stamp.isdigit():
            yield aside, float(stamp)


def _make(path: Path) -> None:
    """See that the file is there and may be written; one that root begins belongs to the owner of its folder."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        os.close(os.open(path, os.O_RDWR))
        return
    try:
        if os.geteuid() == 0:
            folder = path.parent.stat()
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
    finally:
        os.close(descriptor)


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrate(db: sqlite3.Connection, kind: Kind, path: Path) -> None:
    steps = migrations(kind)
    found = _version(db)
    if found > len(steps):
        raise _newer(kind, path, found, len(steps))
    for number, sql in enumerate(steps[found:], start=found + 1):
        # One transaction a version: a crash in between leaves the version before, whole.
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            if _version(db) < number:  # else another process did it while this one waited
                raise


def _newer(kind: Kind, path: Path, found: int, known: int) -> StorageError:
    return StorageError(
        f"{path}: was written by a newer safedns ({kind.called} version {found}, this one knows {known}); "
        f"update safedns, or move the file away to begin a new {kind.called}"
    )


def _older(kind: Kind, path: Path) -> StorageError:
    return StorageError(f"{path}: is of an older {kind.called} version; start safedns once to bring it up to date")
