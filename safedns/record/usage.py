"""Counts minutes of use: events of names that limits are about -> spans and evidence in ``state.db``.

::

    add(events) -> new minutes by profile and target -> commit: joined with the spans that are near, 1 transaction

The resolver says which targets an event counts for (``Outcome.meters``); a minute counts once, over all devices of a
profile and in whatever order batches come. Only the recorder process uses it. Nothing here raises for bad events, a
full disk or a broken file; what cannot be written yet waits, within bounds, for the next commit.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from safedns.clock import Clock
from safedns.record.event import Outcome
from safedns.record.link import EventRow
from safedns.record.minutes import BRIDGE, join
from safedns.record.schema import STATE
from safedns.record.steady import SteadyDatabase

log = logging.getLogger(__name__)

AUDIT = 366 * 86_400
"""Seconds that overrides and extra time stay in the audit trail once they are over."""
NAMES_A_MINUTE = 20
"""Names that are kept as evidence of one minute."""
MAX_WAITING = 20_000
"""Names that wait for a commit; minutes are few and always wait."""
PURGE_ROWS = 2000
"""Rows that one slice of a purge deletes: a few milliseconds."""

Key = tuple[str, str, str]
"""Profile, kind of target, target."""

_LATEST = 1 << 40
_METERS = Outcome._fields.index("meters")
_BAD_EVENT = (ValueError, TypeError, IndexError, OverflowError, AttributeError)

_OF = "profile = ? AND target_kind = ? AND target = ?"
_NEAR = f"SELECT first, last FROM usage WHERE {_OF} AND last >= ? AND first <= ? ORDER BY first"  # noqa: S608 - names of columns
_FENCES = f"SELECT made_at FROM bonus WHERE {_OF} AND made_at >= ? AND made_at < ?"  # noqa: S608 - likewise
_DELETE = f"DELETE FROM usage WHERE {_OF} AND first = ?"  # noqa: S608 - likewise
_INSERT = "INSERT INTO usage (profile, target_kind, target, first, last) VALUES (?, ?, ?, ?, ?)"
_NAME = "INSERT OR IGNORE INTO usage_name (profile, target_kind, target, minute, name) VALUES (?, ?, ?, ?, ?)"

_ROW = "profile, target_kind, target"
_PURGES = (
    f"DELETE FROM usage WHERE ({_ROW}, first) IN (SELECT {_ROW}, first FROM usage WHERE last < :minute LIMIT :slice)",  # noqa: S608 - names of columns
    f"""DELETE FROM usage_name WHERE ({_ROW}, minute, name) IN
        (SELECT {_ROW}, minute, name FROM usage_name WHERE minute < :minute LIMIT :slice)""",  # noqa: S608 - likewise
    "DELETE FROM override WHERE number IN (SELECT number FROM override WHERE until < :audit LIMIT :slice)",
    "DELETE FROM bonus WHERE number IN (SELECT number FROM bonus WHERE made_at < :audit LIMIT :slice)",
)


class Meter:
    """Owns the recorder's connection to ``state.db``. Raises ``StorageError`` at construction for a newer version."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._newest = 0
        self._known: set[tuple[Key, int, str]] = set()
        """What was noted since the newest minute began; later comers of earlier ones only cost a look-up more."""
        self._named: Counter[tuple[Key, int]] = Counter()
        self._minutes: defaultdict[Key, set[int]] = defaultdict(set)
        self._names: list[tuple[str, str, str, int, str]] = []
        self._file = SteadyDatabase(STATE, path, clock, self._forget)
        self._file.check()

    def add(self, events: Iterable[EventRow]) -> None:
        """Take events; those without meters cost a look."""
        for event in events:
            try:
                if event[4][_METERS]:
                    self._note(event[0], Outcome(*event[4]))
            except _BAD_EVENT as error:
                log.warning("an event cannot be counted: %s", error)

    def commit(self) -> bool:
        """Write what came in; True if minutes are new, so that a limit may be used up."""
        if not self._minutes:
            return False
        if (db := self._file.connection()) is None:
            return False
        try:
            with self._file.transaction(db):
                grown = [_extend(db, key, minutes) for key, minutes in self._minutes.items()]
                db.executemany(_NAME, self._names)
        except sqlite3.Error as error:
            # A broken file was set aside, so the new one is tried; anything else is tried again with the next commit.
            return self._file.failed(error) and self.commit()
        self._minutes.clear()
        self._names.clear()
        self._file.recovered()
        return any(grown)

    def purge(self, keep: float) -> bool:
        """Delete a slice of what is older than ``keep`` seconds (decisions: than a year); True while there is more."""
        now = self._clock.wall()
        limits = {"minute": int((now - keep) // 60), "audit": int(now - AUDIT), "slice": PURGE_ROWS}
        return self._file.purge(_PURGES, limits, keep)

    def close(self) -> None:
        """Commit and close."""
        self.commit()
        self._file.close()

    def _note(self, at: float, outcome: Outcome) -> None:
        minute = int(at // 60)
        if not 0 <= minute < _LATEST:
            raise ValueError(f"there is no time {at}")
        if minute > self._newest:
            self._newest = minute
            self._forget()
        name = outcome.name if outcome.log == "full" else ""
        for kind, target in outcome.meters:
            key = (outcome.profile, kind, target)
            mark = (key, minute, name)
            if mark in self._known:
                continue
            "".join((*key, name)).encode()  # what cannot be stored must not spoil a whole commit
            self._known.add(mark)
            self._minutes[key].add(minute)
            if name and self._named[key, minute] < NAMES_A_MINUTE and len(self._names) < MAX_WAITING:
                self._named[key, minute] += 1
                self._names.append((*key, minute, name))

    def _forget(self) -> None:
        self._known.clear()
        self._named.clear()


def _extend(db: sqlite3.Connection, key: Key, minutes: set[int]) -> bool:
    """Join ``minutes`` with the spans that are there; whether that made any difference."""
    first, last = min(minutes) - BRIDGE - 1, max(minutes) + BRIDGE + 1
    near = db.execute(_NEAR, (*key, first, last)).fetchall()
    fences = {int(at // 60) for (at,) in db.execute(_FENCES, (*key, first * 60, (last + 1) * 60))}
    joined = join([*near, *((minute, minute) for minute in minutes)], fences)
    if joined == near:
        return False
    db.executemany(_DELETE, [(*key, first) for first, _ in near])
    db.executemany(_INSERT, [(*key, *span) for span in joined])
    return True
