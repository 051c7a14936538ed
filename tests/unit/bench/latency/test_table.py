"""Percentiles, and what is said of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.latency.load import Load
from tests.bench.latency.table import (
    COMPILE_AND_READ,
    QUIET,
    Case,
    added,
    cell,
    lateness,
    overdue,
    percentile,
    render,
    rows,
)


def load(*micros: float, lost: int = 0, first: bool = True) -> Load:
    return Load(micros, [2.0] * len(micros), lost, {"0": len(micros)}, first)


@pytest.mark.parametrize(("share", "micros"), [(0.5, 50.0), (0.99, 99.0), (0.999, 100.0), (1.0, 100.0)])
def test_a_percentile_is_a_time_that_was_measured(share: float, micros: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], 0, share) == micros


def test_a_lost_query_is_slower_than_every_answer() -> None:
    assert percentile([1.0] * 98, 2, 0.98) == 1.0
    assert percentile([1.0] * 98, 2, 0.99) == math.inf


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(0, 5), st.floats(0.01, 1))
def test_so_many_answers_as_the_share_says_are_not_slower(micros: list[float], lost: int, share: float) -> None:
    limit = percentile(micros, lost, share)
    within = len(micros) + lost if math.isinf(limit) else sum(micro <= limit for micro in micros)
    assert within >= share * (len(micros) + lost)


def test_a_cell_is_in_milliseconds_and_says_where_answers_were_lost() -> None:
    assert cell(load(*[100.0] * 990, *[2500.0] * 9, lost=1)) == "0.10 / 0.10 / 2.50 / >2000"


def test_what_was_not_measured_is_a_dash() -> None:
    loads = {Case(1000, "safedns", "cached", QUIET): load(1000.0)}
    assert rows(loads, 1000)[1] == ["safedns, cached", "1.00 / 1.00 / 1.00 / 1.00", "-", "-"]


@pytest.fixture
def loads() -> dict[Case, Load]:
    quiet = Case(1000, "safedns", "cached", QUIET)
    return {quiet: load(1000.0), quiet._replace(situation=COMPILE_AND_READ): load(3500.0)}


def test_what_the_other_work_adds_is_told(loads: dict[Case, Load]) -> None:
    assert added(loads) == ["safedns, cached at 1000 a second: the other work adds 2.50 ms to the 99 %"]


def test_nothing_is_said_of_what_other_work_adds_where_answers_were_lost(loads: dict[Case, Load]) -> None:
    lossy = {case: load(1000.0, lost=9) for case in loads}
    assert added(lossy) == []


@pytest.mark.parametrize(("first", "told"), [(True, "before everything else"), (False, "like any other program")])
def test_how_the_load_ran_and_how_late_it_was_is_told(first: bool, told: str) -> None:
    (line,) = lateness({Case(1000, "safedns", "cached", QUIET): load(5.0, first=first)})
    assert told in line
    assert "50.0% 0.00" in line


@pytest.mark.parametrize(("micros", "remarks"), [(20.0, 0), (5000.0, 1)])
def test_a_load_that_was_late_is_remarked_on(micros: float, remarks: int) -> None:
    late = Load([1.0] * 100, [micros] * 100, 0, {"0": 100}, first=False)
    assert len(overdue({Case(1000, "safedns", "cached", QUIET): late})) == remarks


@pytest.mark.parametrize("markdown", [True, False])
def test_each_rate_has_a_table_with_facts_and_remarks_below(loads: dict[Case, Load], markdown: bool) -> None:
    slow = {case._replace(rate=50): load for case, load in loads.items()}
    text = render({**loads, **slow}, ["machine: a small one"], ["odd"], markdown=markdown)
    for wanted in ("at 1000 queries a second", "at 50 queries a second", "machine: a small one", "odd"):
        assert wanted in text
