"""When a measurement is doubtful, and what a run plans."""

from __future__ import annotations

import pytest

from tests.bench.compare.dnsperf import Report
from tests.bench.compare.measure import Plan, oddities, unlogged
from tests.bench.compare.names import household
from tests.bench.compare.stand import ask
from tests.bench.compare.systems import SYSTEMS
from tests.ports import free_port


def test_a_clean_measurement_has_nothing_odd() -> None:
    assert oddities(Report(1000, 995, {"NOERROR": 990, "SERVFAIL": 5}, 1.0), "NOERROR") == []


def test_lost_queries_are_remarked_on() -> None:
    assert oddities(Report(1000, 900, {"NOERROR": 900}, 1.0), "NOERROR") == ["100 of 1000 queries were not answered"]


def test_an_unfiltered_answer_is_remarked_on() -> None:
    report = Report(1000, 1000, {"NXDOMAIN": 400, "NOERROR": 600}, 1.0)
    assert oddities(report, "NXDOMAIN") == ["NXDOMAIN was expected, the answers were NOERROR 600, NXDOMAIN 400"]


@pytest.mark.parametrize(("entries", "gap"), [(2000, ""), (1990, ""), (1000, "logged 1000 of 2000 answers")])
def test_a_log_that_lacks_answers_is_remarked_on(entries: int, gap: str) -> None:
    assert unlogged(entries, [500, 1500]) == gap


def test_nobody_answers_on_a_free_port() -> None:
    assert ask(free_port(), "example.com") is None


def test_a_measurement_has_time_for_all_its_queries_and_each_client_an_address() -> None:
    plan = Plan(tuple(SYSTEMS.values()), household(2000, [], []), 20_000, 5000, 3, 2, full_speed=False)
    assert plan.seconds > 20_000 / 5000
    assert plan.clients == ("127.0.0.1", "127.0.0.2")
