"""The report."""

from __future__ import annotations

import pytest

from tests.bench.compare.table import MEMORY, START, Result, as_markdown, as_text, cell, render, rows


@pytest.mark.parametrize(
    ("values", "digits", "text"),
    [([], 1, "-"), ([12.34], 1, "12.3"), ([9.0, 12.0, 10.0], 1, "10.0 (9.0-12.0)"), ([46.4, 46.4], 0, "46 (46-46)")],
)
def test_a_cell_shows_the_median_and_its_spread(values: list[float], digits: int, text: str) -> None:
    assert cell(values, digits) == text


def test_text_columns_are_aligned() -> None:
    assert as_text([["system", "miss"], ["a", "1.0"], ["longer-name", "10.0"]]) == (
        "system       miss\n"
        "a             1.0\n"
        "longer-name  10.0"
    )  # fmt: skip


def test_markdown_has_a_rule_below_its_heading() -> None:
    assert as_markdown([["system", "miss"], ["a", "1.0"]]) == "| system | miss |\n| --- | ---: |\n| a | 1.0 |"


def test_what_was_not_measured_is_a_dash() -> None:
    assert rows(["a", "b"], {"miss": 1}, {("a", "miss"): [2.0]}) == [["system", "miss"], ["a", "2.0"], ["b", "-"]]


@pytest.fixture
def result() -> Result:
    found = Result(["safedns", "peer"], ["cached", "miss"], facts=["machine: a small one"])
    found.cpu["safedns", "cached"].extend([12.0, 14.0, 13.0])
    found.other["safedns", MEMORY].append(99.6)
    found.other["safedns", START].append(0.456)
    found.fail("peer", "it ended with 1")
    return found


@pytest.mark.parametrize("markdown", [False, True])
def test_the_report_holds_figures_facts_and_what_went_wrong(result: Result, markdown: bool) -> None:
    text = render(result, markdown=markdown)
    for wanted in ("13.0 (12.0-14.0)", "100", "0.46", "machine: a small one", "peer failed: it ended with 1"):
        assert wanted in text


def test_a_result_is_printed_without_anything_measured() -> None:
    assert "safedns" in render(Result(["safedns"], ["cached"]), markdown=False)


def test_full_speed_has_a_table_of_its_own_only_when_it_was_measured(result: Result) -> None:
    assert "at full speed" not in render(result, markdown=False)
    result.speed["safedns", "cached, full speed"].append(70_000.4)
    assert "70000" in render(result, markdown=False)


def test_a_remark_is_kept_once() -> None:
    found = Result([], [])
    found.remark("odd")
    found.remark("odd")
    assert found.remarks == ["odd"]
