"""Balancing the books: what the clients know, what ``/metrics`` counted, and what the query log holds.

    ledger: answered by profile, protocol, name, rcode    must be the same as
    metrics: safedns_queries_total by profile, protocol   and, but for profiles without a log,
    log: rows (log: full) + rollup (summary) + dropped

What a killed process took with it is told apart, and bounded by what was answered in the moments before.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Literal, NamedTuple, TypeVar

from safedns.record.schema import QUERY_LOG, open_reader
from tests.bench.soak import home as homes
from tests.bench.soak.home import Home
from tests.bench.soak.ledger import CLOCK, Line, Period

Death = Literal["", "resolver", "recorder"]
"""Whose death a period saw."""
SETTLE = 5.0
"""Seconds within which everything must have arrived."""
_PAUSE = 0.1
Key = TypeVar("Key")
_ROWS = """SELECT o.profile, c.address, o.name, o.protocol, o.rcode, count(*) FROM query q
           JOIN outcome o ON o.id = q.outcome_id JOIN client c ON c.id = q.client_id
           WHERE q.id > ? GROUP BY 1, 2, 3, 4, 5"""
_ROLLUP = "SELECT profile, sum(count) FROM rollup GROUP BY profile"
_DROPPED = ("safedns_events_dropped_total", "safedns_log_rows_dropped_total")


class Balance(NamedTuple):
    """One period's books."""

    trouble: str
    death: Death
    answered: int
    """Queries that were answered or refused, and packets that deserved no reply."""
    rows: int
    """Rows of the log, and queries counted there without a row."""
    not_logged: int
    dropped: int
    lost_rows: int
    """Answered queries that should be in the log and are neither there nor among the dropped."""
    lost_counts: int
    """Answered queries that no metric counted."""
    bound: int
    """How many of each a death may have cost: what was answered in its last moment, or since the last scrape."""
    problems: tuple[str, ...]
    """What must not be."""


class Log(NamedTuple):
    """One look at the query log."""

    rows: Counter[Line]
    """Those since the last balance."""
    rollup: Counter[str]
    """Queries by profile since the log began."""
    last: int
    """The newest row."""


class Metrics:
    """``/metrics`` as Prometheus sees it: summed over restarts of the recorder, which begins at nought."""

    def __init__(self, scrape: Callable[[], dict[tuple[str, tuple[str, ...]], float]]) -> None:
        self._scrape = scrape
        self._before: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._last: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.scrapes = 0
        self.resets = 0

    def look(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """Every counter's whole sum now."""
        found = {key: value for key, value in self._scrape().items() if key[0].endswith("_total")}
        self.scrapes += 1
        if any(found.get(key, 0.0) < value for key, value in self._last.items()):
            self.resets += 1
            self._before.update(self._last)
        self._last = Counter({key: int(value) for key, value in found.items()})
        return self._before + self._last


class Books:
    """Compares period after period."""

    def __init__(self, home: Home, metrics: Metrics) -> None:
        self._home = home
        self.metrics = metrics
        self._counted = metrics.look()
        self._abandoned: Counter[str] = Counter()
        """Names whose askers left at once, and which have not been seen in the log."""
        self._last_row, self._rollup = 0, Counter[str]()
        self._log = self._read_log()
        self._turn()
        self.balances: list[Balance] = []

    def balance(self, trouble: str, period: Period, death: Death = "", bound: int = 0) -> Balance:
        """The balance of a period in which ``trouble`` happened; what is on its way to the log has time to arrive."""
        deadline = CLOCK.monotonic() + SETTLE
        while True:
            time.sleep(_PAUSE)
            balance = self._compare(trouble, period, death, bound)
            if (not balance.problems and not balance.lost_rows) or CLOCK.monotonic() > deadline:
                break
        self._counted = self._now
        self._abandoned = self._abandoned + period.abandoned - self._read
        self._turn()
        self.balances.append(balance)
        return balance

    def _turn(self) -> None:
        """What the log held at the last look belongs to the past."""
        self._last_row, self._rollup = self._log.last, self._log.rollup

    def _compare(self, trouble: str, period: Period, death: Death, bound: int) -> Balance:
        problems: list[str] = []
        self._now = self.metrics.look()
        counted, dropped = _counts(self._now - self._counted)
        self._log = self._read_log()
        rows = self._log.rows.copy()
        rollup = Counter(self._log.rollup)
        rollup.subtract(self._rollup)
        read = self._read = _take_visitors(rows, counted, self._abandoned + period.abandoned, problems)
        expected = _expected(period)
        lost_counts = _missing("/metrics", expected, counted, problems)
        logged = Counter({line: count for line, count in period.answered.items() if line.profile in homes.FULL})
        lost_rows = _missing("the log", logged, rows, problems)
        for profile in homes.COUNTED:
            if profile != "visitor":
                answered = sum(count for line, count in period.answered.items() if line.profile == profile)
                lost = answered - rollup[profile]
                lost_rows += lost if profile not in homes.FULL else 0
                if lost < 0:
                    problems.append(f"{-lost} queries of {profile} too many in the rollup")
        lost_rows -= dropped
        unlogged = sum(count for line, count in period.answered.items() if line.profile == "guests")
        problems += _objections(death, bound, lost_rows, lost_counts)
        return Balance(
            trouble,
            death,
            expected.total() + read.total(),
            rows.total() + read.total() + rollup["chi"],
            unlogged + period.refused.total() + period.silent.total(),
            dropped,
            lost_rows,
            lost_counts,
            bound,
            tuple(problems),
        )

    def _read_log(self) -> Log:
        with closing(self._open()) as db:
            db.execute("BEGIN")
            rows = Counter({Line(*key): count for *key, count in db.execute(_ROWS, (self._last_row,))})
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM query").fetchone()
            return Log(rows, Counter(dict(db.execute(_ROLLUP))), last)

    def old_rows(self) -> int:
        """Rows older than the log may keep them."""
        with closing(self._open()) as db:
            limit = int((CLOCK.wall() - 31 * 86_400) * 1000)
            return int(db.execute("SELECT count(*) FROM query WHERE at_ms < ?", (limit,)).fetchone()[0])

    def _open(self) -> sqlite3.Connection:
        return open_reader(QUERY_LOG, self._home.house.state / QUERY_LOG.name)


def _counts(counters: Counter[tuple[str, tuple[str, ...]]]) -> tuple[Counter[tuple[str, str]], int]:
    """Queries by profile (``-`` for packets that deserved no reply) and protocol; events and rows that were dropped."""
    found: Counter[tuple[str, str]] = Counter()
    for (name, labels), count in counters.items():
        if name == "safedns_queries_total":
            decision, profile, protocol, _reason = labels
            found["-" if decision == "dropped" else profile, protocol] += count
    return found, sum(counters[name, ()] for name in _DROPPED)


def _take_visitors(
    rows: Counter[Line], counted: Counter[tuple[str, str]], abandoned: Counter[str], problems: list[str]
) -> Counter[str]:
    """Whoever left at once was read or not, now or later: log and metrics must only agree; the names that were read."""
    visitors = Counter({line: count for line, count in rows.items() if line.profile == "visitor"})
    rows -= visitors
    read = Counter(line.name for line in visitors.elements())
    if read - abandoned:
        problems.append("the log holds queries of visitors that were never asked")
    for protocol in ("tcp", "tls"):
        logged = sum(count for line, count in visitors.items() if line.protocol == protocol)
        if (known := counted.pop(("visitor", protocol), 0)) != logged:
            problems.append(f"visitors over {protocol}: {known} by /metrics, {logged} in the log")
    return read


def _expected(period: Period) -> Counter[tuple[str, str]]:
    expected: Counter[tuple[str, str]] = Counter()
    for line, count in period.answered.items():
        expected[line.profile, line.protocol] += count
    for profile, found in (("none", period.refused), ("-", period.silent)):
        expected.update({(profile, protocol): count for protocol, count in found.items()})
    return expected


def _missing(where: str, expected: Counter[Key], found: Counter[Key], problems: list[str]) -> int:
    """How many are missing; those that are too many are a problem."""
    surplus = found - expected
    if surplus:
        problems.append(f"{surplus.total()} too many in {where}, such as {next(iter(surplus))}")
    return (expected - found).total()


def _objections(death: Death, bound: int, lost_rows: int, lost_counts: int) -> list[str]:
    found = []
    if lost_rows < 0:
        found.append(f"{-lost_rows} more counted as dropped than are missing")
    if lost_rows > (bound if death == "resolver" else 0):
        found.append(f"{lost_rows} rows are missing and were not counted as dropped")
    if lost_counts > (bound if death else 0):
        found.append(f"{lost_counts} queries are missing in /metrics")
    return found
