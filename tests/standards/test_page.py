"""The page is what the tests say, and each test says where its demand stands."""

from __future__ import annotations

import pytest

from tests.standards.demands import PAGE, Demand, Standard, page, standards

STANDARDS = standards()
DEMANDS = [demand for standard in STANDARDS for demand in standard.demands]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make standards"


@pytest.mark.parametrize("standard", STANDARDS, ids=lambda standard: standard.title)
def test_a_file_is_about_one_rfc_and_says_its_title(standard: Standard) -> None:
    (number,) = {demand.rfc for demand in standard.demands}
    assert standard.title.startswith(f"RFC {number}: ")
    assert {demand.file for demand in standard.demands} == {f"test_rfc{number}"}


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda demand: f"{demand.rfc}-{demand.test}")
def test_a_demand_is_one_sentence_and_its_test_is_named_after_the_section(demand: Demand) -> None:
    assert demand.test.startswith(f"test_section_{demand.section.replace('.', '_').lower()}_")
    assert demand.words.endswith(".")
    assert "\n\n" not in demand.words
    assert "|" not in demand.words
