"""What holds only for now, in ``state.db``: parents' overrides, extra minutes, minutes of use. Read here, decided here.

Commands and resolvers open it for a moment; the recorder's ``Meter`` writes the minutes. A target is a pair: a kind
(internet, service, category, name) and its id or canonical name. Must not judge what an override means: that is policy.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from safedns.errors import StorageError
from safedns.record import schema
from safedns.record.minutes import Span
from safedns.record.schema import STATE

Target = tuple[str, str]
"""Kind and value; the value of ``internet`` is empty."""


class OverrideRow(NamedTuple):
    """A parent's temporary exception: half-open, seconds since the epoch."""

    number: int
    profile: str
    kind: str
    """pause | grant | block."""
    target: Target
    start: float
    """When it was made."""
    until: float
    made_by: str
    why: str
    ended_at: float | None
    """When it was ended before its time."""
    ended_by: str


class BonusRow(NamedTuple):
    """Extra time for one limit on one day."""

    number: int
    profile: str
    target: Target
    day: str
    """The child's local day, YYYY-MM-DD."""
    seconds: int
    made_at: float
    made_by: str
    why: str


class Use(NamedTuple):
    """Minutes in which something that a limit is about was used."""

    profile: str
    target: Target
    span: Span


class Evidence(NamedTuple):
    """A name that made a minute count."""

    minute: int
    name: str


class StateReader(AbstractContextManager["StateReader"]):
    """Reads ``state.db``; one that does not exist yet is empty. Everything raises ``StorageError`` where it cannot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = schema.open_reader(STATE, path) if path.exists() else _empty()

    def overrides(self, profile: str | None = None, *, live_at: float | None = None) -> list[OverrideRow]:
        """Those of one profile or all, the newest first; with ``live_at`` only those not over or ended then."""
        where = """WHERE (:profile IS NULL OR profile = :profile)
                   AND (:live_at IS NULL OR (until > :live_at AND ended_at IS NULL))"""
        rows = self._rows(f"{_OVERRIDES} {where} ORDER BY number DESC", {"profile": profile, "live_at": live_at})
        return [_override(row) for row in rows]

    def bonuses(self, *, first_day: str = "", profile: str | None = None) -> list[BonusRow]:
        """Extra time for ``first_day`` and later days, the newest first."""
        where = "WHERE day >= :day AND (:profile IS NULL OR profile = :profile)"
        rows = self._rows(f"{_BONUSES} {where} ORDER BY number DESC", {"day": first_day, "profile": profile})
        return [BonusRow(number, whose, (kind, value), *rest) for number, whose, kind, value, *rest in rows]

    def uses(self, start: int, end: int, profile: str | None = None) -> Iterator[Use]:
        """Every span that reaches into the minutes ``start`` ... ``end`` (half-open), in order."""
        where = "WHERE last >= :start AND first < :end AND (:profile IS NULL OR profile = :profile)"
        rows = self._rows(f"{_USES} {where} ORDER BY profile, target_kind, target, first",
                          {"start": start, "end": end, "profile": profile})  # fmt: skip
        for whose, kind, value, first, last in rows:
            yield Use(whose, (kind, value), (first, last))

    def evidence(self, profile: str, target: Target, span: Span) -> list[Evidence]:
        """Which names made the minutes of ``span`` count, in order; none of a profile whose log keeps no names."""
        values = {"profile": profile, "kind": target[0], "target": target[1], "first": span[0], "last": span[1]}
        return [Evidence(*row) for row in self._rows(_EVIDENCE, values)]

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, sql: str, values: dict[str, object]) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise schema.unreadable(self._path, error) from error


class StateWriter(AbstractContextManager["StateWriter"]):
    """Writes a parent's decisions down. Every method raises ``StorageError`` where it cannot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._complaining():
            self._db = schema.open_writer(STATE, path)

    def add_override(
        self, profile: str, kind: str, target: Target, *, start: float, until: float, by: str, why: str = ""
    ) -> None:
        """Let an override hold from ``start`` (the present) until ``until``."""
        with self._complaining():
            self._db.execute(_NEW_OVERRIDE, (profile, kind, *target, start, until, by, why))

    def add_bonus(
        self, profile: str, target: Target, *, day: str, seconds: int, at: float, by: str, why: str = ""
    ) -> None:
        """Add extra time to a limit on the child's local ``day``."""
        with self._complaining():
            self._db.execute(_NEW_BONUS, (profile, *target, day, seconds, at, by, why))

    def end_overrides(self, profile: str, *, at: float, by: str) -> list[OverrideRow]:
        """End every live override of a profile; those that were, the newest first."""
        with self._complaining():
            rows = self._db.execute(_END_OVERRIDES, {"profile": profile, "at": at, "by": by}).fetchall()
        return sorted((_override(row) for row in rows), reverse=True)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            message = f"there is no state folder {self._path.parent}; start safedns once, or name it with --state"
            raise StorageError(message) from error
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{self._path}: cannot be written ({error}); {_remedy(error)}") from error


_OVERRIDE_COLUMNS = "number, profile, kind, target_kind, target, start, until, made_by, why, ended_at, ended_by"
_OVERRIDES = f"SELECT {_OVERRIDE_COLUMNS} FROM override"  # noqa: S608 - names of columns
_BONUSES = "SELECT number, profile, target_kind, target, day, seconds, made_at, made_by, why FROM bonus"
_USES = "SELECT profile, target_kind, target, first, last FROM usage"
_EVIDENCE = """SELECT minute, name FROM usage_name
               WHERE profile = :profile AND target_kind = :kind AND target = :target
               AND minute BETWEEN :first AND :last ORDER BY minute, name"""
_NEW_OVERRIDE = """INSERT INTO override (profile, kind, target_kind, target, start, until, made_by, why)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_NEW_BONUS = """INSERT INTO bonus (profile, target_kind, target, day, seconds, made_at, made_by, why)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_END_OVERRIDES = f"""UPDATE override SET ended_at = :at, ended_by = :by
                     WHERE profile = :profile AND until > :at AND ended_at IS NULL
                     RETURNING {_OVERRIDE_COLUMNS}"""  # noqa: S608 - names of columns


def _override(row: tuple[Any, ...]) -> OverrideRow:
    number, profile, kind, target_kind, target, *rest = row
    return OverrideRow(number, profile, kind, (target_kind, target), *rest)


def _empty() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    for sql in schema.migrations(STATE):
        db.executescript(sql)
    return db


def _remedy(error: OSError | sqlite3.Error) -> str:
    """What to do about a failed write."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, sqlite3.Error) and schema.is_damaged(error):
        return "restart safedns, which sets it aside and begins a new one"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "try again"
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) == errno.ENOSPC:
        return "make room on the disk and try again"
    return "run this as root or as the user that runs safedns"
