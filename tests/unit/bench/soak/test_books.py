"""The books find what is missing, what is too many, and what a death explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from safedns.record.counters import Counters
from safedns.record.schema import QUERY_LOG
from safedns.record.writer import LogWriter
from tests.bench.soak import books as module
from tests.bench.soak.books import Books, Metrics
from tests.bench.soak.home import Home
from tests.bench.soak.ledger import Line, Period
from tests.fakes import FakeClock
from tests.unit.record.samples import event

AN = Line("an", "127.0.1.1", "www.example", "udp", 0)
CHI = AN._replace(profile="chi")
GUEST = AN._replace(profile="guests")
VISITOR = AN._replace(profile="visitor", name="a1.gone.example", protocol="tcp")


class Household:
    """A log and counters that a test fills."""

    def __init__(self, folder: Path) -> None:
        self.counters: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._writer = LogWriter(folder / QUERY_LOG.name, FakeClock(), Counters())
        house = SimpleNamespace(house=SimpleNamespace(state=folder))
        self.books = Books(cast("Home", house), Metrics(lambda: cast("dict[Any, float]", dict(self.counters))))
        self.period = Period()

    def log(self, line: Line, times: int = 1) -> None:
        profile, client, name, protocol, rcode = line
        level = "summary" if profile == "chi" else "full"
        logged = event(client=client, profile=profile, name=name, protocol=protocol, rcode=rcode, log=level)
        self._writer.add([logged] * times)
        self._writer.commit()

    def count(self, line: Line, times: int = 1) -> None:
        self.counters["safedns_queries_total", ("allowed", line.profile, line.protocol, "default")] += times

    def all_of(self, line: Line, times: int = 1) -> None:
        """Answered, counted and logged."""
        self.period.answered[line] += times
        self.count(line, times)
        if line is not GUEST:
            self.log(line, times)

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def household(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    monkeypatch.setattr(module, "SETTLE", 0.0)
    household = Household(tmp_path)
    yield household
    household.close()


def test_what_was_answered_counted_and_logged_balances_period_after_period(household: Household) -> None:
    for times in (3, 4):
        household.period = Period()
        for line in (AN, CHI, GUEST):
            household.all_of(line, times)
        balance = household.books.balance("nothing", household.period)
        assert (balance.problems, balance.answered, balance.rows, balance.not_logged) == (
            (),
            3 * times,
            2 * times,
            times,
        )


def test_a_query_that_no_metric_counted_is_found(household: Household) -> None:
    household.period.answered[GUEST] += 1
    assert household.books.balance("nothing", household.period).problems == ("1 queries are missing in /metrics",)


@pytest.mark.parametrize("line", [AN, CHI])
def test_a_row_that_is_missing_is_found_and_excused_only_by_the_death_of_a_resolver(
    household: Household, line: Line
) -> None:
    household.period.answered[line] += 1
    household.count(line)
    missing = household.books.balance("nothing", household.period)
    assert missing.problems == ("1 rows are missing and were not counted as dropped",)
    household.count(line)
    assert household.books.balance("a death", household.period, "resolver", bound=1).problems == ()
    household.count(line)
    assert household.books.balance("a death", household.period, "resolver", bound=0).problems


def test_a_row_that_was_dropped_and_counted_balances_and_one_that_is_there_all_the_same_does_not(
    household: Household,
) -> None:
    household.period.answered[AN] += 1
    household.count(AN)
    household.counters["safedns_log_rows_dropped_total", ()] += 1
    balance = household.books.balance("a death", household.period, "recorder")
    assert (balance.problems, balance.dropped) == ((), 1)
    household.period = Period()
    household.all_of(AN)
    household.counters["safedns_log_rows_dropped_total", ()] += 1
    assert household.books.balance("nothing", household.period).problems == (
        "1 more counted as dropped than are missing",
    )


def test_a_row_that_nobody_asked_for_or_with_another_answer_is_found(household: Household) -> None:
    household.all_of(AN)
    household.log(AN._replace(rcode=3))
    assert any("too many in the log" in each for each in household.books.balance("x", household.period).problems)


def test_a_visitor_who_left_may_be_read_later_or_never_but_counted_and_logged_alike(household: Household) -> None:
    household.period.abandoned[VISITOR.name] += 1
    assert household.books.balance("nothing", household.period).problems == ()
    household.log(VISITOR)
    household.count(VISITOR)
    assert household.books.balance("nothing", Period()).problems == ()
    household.log(VISITOR)
    household.count(VISITOR)
    assert "never asked" in household.books.balance("nothing", Period()).problems[0]
    household.count(VISITOR)
    assert household.books.balance("nothing", Period()).problems == ("visitors over tcp: 1 by /metrics, 0 in the log",)


def test_counters_of_a_recorder_that_began_anew_are_added_to_what_was_before() -> None:
    seen: list[dict[tuple[str, tuple[str, ...]], float]] = [
        {("a_total", ()): 5.0, ("gauge", ()): 1.0},
        {("a_total", ()): 2.0},
        {("a_total", ()): 4.0},
    ]
    metrics = Metrics(lambda: seen.pop(0))
    assert [metrics.look()["a_total", ()] for _ in range(3)] == [5, 7, 9]
    assert metrics.resets == 1
