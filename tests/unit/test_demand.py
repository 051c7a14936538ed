"""``docs/demand.md`` and the scenarios of ``tests/scenarios/demand`` say the same: what is done is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "demand.md"
FOLDER = ROOT / "tests" / "scenarios" / "demand"
SCENARIOS = sorted(file.name for file in FOLDER.iterdir())


class Row(NamedTuple):
    """A wish, and what became of it."""

    number: int
    wish: str
    threads: str
    status: str
    how: str

    @property
    def scenarios(self) -> list[str]:
        """Files that it links to."""
        return re.findall(r"\]\(\.\./tests/scenarios/demand/([^)]+)\)", self.how)

    @property
    def shown(self) -> list[str]:
        """What it links to among the tests: its scenario, or a test that makes a network."""
        return re.findall(r"\]\(\.\./(tests/(?:scenarios/demand|e2e)/[^)]+)\)", self.how)


def rows() -> list[Row]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d+ \|", line)]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [Row(int(number), *others) for number, *others in cells]


ROWS = rows()


def test_all_fifty_are_there_in_order() -> None:
    assert [row.number for row in ROWS] == list(range(1, 51))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_a_wish_says_what_where_and_what_became_of_it(row: Row) -> None:
    assert row.wish
    assert all(re.fullmatch(r"[\w.-]+(/[\w.-]+)?#\d+", thread) for thread in row.threads.split(", "))
    assert row.status in {"done", "partly", "not DNS's job"}
    assert row.how


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_what_is_done_is_shown_and_what_is_not_dns_says_what_to_use(row: Row) -> None:
    counts = {"done": {1}, "partly": {0, 1}, "not DNS's job": {0}}
    assert len(row.shown) in counts[row.status]
    assert all((ROOT / file).is_file() for file in row.shown)
    if row.status != "done":
        words = re.sub(r"\[scenario\]\([^)]*\)", "", row.how)
        assert len(words.split()) >= 8, "why, and what to do instead, takes more words"


def test_each_scenario_is_linked_by_the_wish_whose_number_it_bears() -> None:
    linked = {file: row.number for row in ROWS for file in row.scenarios}
    assert linked == {file: int(file[:2]) for file in SCENARIOS}


@pytest.mark.parametrize("file", SCENARIOS)
def test_the_title_of_a_scenario_is_a_sentence_without_jargon(file: str) -> None:
    title = (FOLDER / file).read_text(encoding="utf-8").splitlines()[0].removeprefix("title: ")
    assert re.fullmatch(r"\d\d(-[a-z0-9]+)+\.yaml", file)
    assert len(title.split()) >= 8
    assert not re.search(r"\b(TTL|NXDOMAIN|EDE|profile|upstream|CNAME|qname|rcode)\b", title)
