"""Reading the query log: searched backwards from now, or followed as it grows. Read-only, one connection a reader.

Filters work on the two small tables first (which outcomes, which clients), then walk the rows by time: a row costs
two look-ups in sets of integers, whatever is asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from safedns.record import schema

BLOCKED = "blocked"
"""``policy.decision.Action.BLOCK``, as an outcome carries it (policy is a sibling: a test sees that they agree)."""


class LogFilter(NamedTuple):
    """Which rows are wanted; ``None`` and False mean "any"."""

    profile: str | None = None
    device: str | None = None
    """A client's address, or its device as the policy names it."""
    blocked: bool = False
    since: float | None = None
    """Seconds since the epoch, included."""
    until: float | None = None
    """Seconds since the epoch, not included."""
    name_part: str | None = None
    """Part of a name, canonical or as shown; case does not matter."""
    limit: int | None = None
    """The last so many rows only."""


class LogRow(NamedTuple):
    """One query, as logged. See ``safedns.record.event`` for the fields."""

    id: int
    at: float
    client: str
    device: str
    micros: int
    profile: str
    name: str
    qtype: int
    action: str
    reason: str
    rule: str
    matched: str
    category: str
    rcode: int
    source: str
    upstream: str
    protocol: str


class ClientSeen(NamedTuple):
    """One client under one profile, over a stretch of the log."""

    address: str
    device: str
    profile: str
    last: float
    """Seconds since the epoch."""
    queries: int


_CLIENTS = """
    SELECT client.address, client.device, outcome.profile, max(query.at_ms) / 1000.0, count(*)
    FROM query CROSS JOIN client ON client.id = query.client_id CROSS JOIN outcome ON outcome.id = query.outcome_id
    WHERE query.at_ms >= :since GROUP BY client.id, outcome.profile
"""
_SELECT = f"""
    SELECT query.id, query.at_ms / 1000.0, client.address, client.device, query.micros,
           {", ".join(f"outcome.{column}" for column in LogRow._fields[5:])}
    FROM query CROSS JOIN outcome ON outcome.id = query.outcome_id CROSS JOIN client ON client.id = query.client_id
"""  # noqa: S608 - names of columns


class QueryLog(AbstractContextManager["QueryLog"]):
    """A reader of ``querylog.db``. Raises ``StorageError`` where it is absent, unreadable or of another version."""

    def __init__(self, path: Path, display: Callable[[str], str] = str) -> None:
        """``display`` gives a name as people see it, so that a part of that can be searched for, too."""
        self._path = path
        self._db = schema.open_reader(schema.QUERY_LOG, path)
        self._db.create_function("display", 1, lambda name: display(name).lower(), deterministic=True)

    def search(self, wanted: LogFilter) -> Iterator[LogRow]:
        """The rows that match, the newest last; of equal times, the one that arrived last."""
        where, values = _conditions(wanted)
        if wanted.limit is None:
            return self._rows(f"{_SELECT} {where} ORDER BY query.at_ms, query.id", values)
        newest_first = self._rows(f"{_SELECT} {where} ORDER BY query.at_ms DESC, query.id DESC LIMIT :limit", values)
        return reversed(list(newest_first))

    def follow(self, wanted: LogFilter, after_id: int) -> Iterator[LogRow]:
        """The rows that match among those written after row ``after_id``, in the order of their writing."""
        where, values = _conditions(wanted, "query.id > :after_id")
        return self._rows(f"{_SELECT} {where} ORDER BY query.id", values | {"after_id": after_id})

    def last_id(self) -> int:
        """Id of the row written last; 0 for an empty log. Smaller than before once every row was purged."""
        return int(self._query("SELECT coalesce(max(id), 0) FROM query", {}).fetchone()[0])

    def profiles(self) -> set[str]:
        """Ids of every profile that has a row."""
        return {row[0] for row in self._query("SELECT DISTINCT profile FROM outcome", {})}

    def clients(self, since: float) -> list[ClientSeen]:
        """Who has asked since ``since`` (seconds since the epoch), in no order."""
        try:
            return [ClientSeen._make(row) for row in self._query(_CLIENTS, {"since": round(since * 1000)})]
        except sqlite3.Error as error:
            raise schema.unreadable(self._path, error) from error

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, sql: str, values: dict[str, object]) -> Iterator[LogRow]:
        try:
            yield from map(LogRow._make, self._query(sql, values))
        except sqlite3.Error as error:
            raise schema.unreadable(self._path, error) from error

    def _query(self, sql: str, values: dict[str, object]) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise schema.unreadable(self._path, error) from error


def _conditions(wanted: LogFilter, *more: str) -> tuple[str, dict[str, object]]:
    """The WHERE clause and its values."""
    values: dict[str, object] = {"limit": wanted.limit}
    conditions = list(more)
    outcome = []
    if wanted.since is not None:
        conditions.append("query.at_ms >= :since")
        values["since"] = round(wanted.since * 1000)
    if wanted.until is not None:
        conditions.append("query.at_ms < :until")
        values["until"] = round(wanted.until * 1000)
    if wanted.device is not None:
        conditions.append("query.client_id IN (SELECT id FROM client WHERE :device IN (address, device))")
        values["device"] = wanted.device
    if wanted.profile is not None:
        outcome.append("profile = :profile")
        values["profile"] = wanted.profile
    if wanted.blocked:
        outcome.append("action = :action")
        values["action"] = BLOCKED
    if wanted.name_part is not None:
        outcome.append("(instr(name, :part) OR (instr(name, 'xn--') AND instr(display(name), :part)))")
        values["part"] = wanted.name_part.lower()
    if outcome:
        conditions.append(f"query.outcome_id IN (SELECT id FROM outcome WHERE {' AND '.join(outcome)})")  # noqa: S608 - the pieces above
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), values
