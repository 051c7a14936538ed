"""Which new versions of lists need a parent's consent, by how many everyday names they would block."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.bundled import bundled
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.contents import read_list
from safedns.blocklist.judge import EVERYDAY, MANY, Judge, everyday_names
from tests.unit.blocklist.sample import write_names

NAMES = [f"shop{number}.example" for number in range(MANY + 1)]
JUDGE = Judge({}, dict.fromkeys(NAMES, frozenset({"shopping"})))


def objection(folder: Path, category: str, names: list[str]) -> str:
    return JUDGE.objection(category, read_list(write_names(folder / "list.txt", *names), "domains"), None)


def test_a_list_of_something_harmful_may_hold_a_few_everyday_names_and_not_many(tmp_path: Path) -> None:
    assert objection(tmp_path, "malware", NAMES[:MANY]) == ""
    assert objection(tmp_path, "malware", NAMES) == (
        f"the new version would block {MANY + 1} names that many people use, "
        "such as shop0.example, shop1.example, shop2.example, shop3.example, shop4.example"
    )


@pytest.mark.parametrize("category", ["shopping", "games", "learning"])
def test_a_list_of_what_people_use_every_day_is_full_of_them(tmp_path: Path, category: str) -> None:
    assert objection(tmp_path, category, NAMES) == ""


def test_what_is_everyday_is_read_from_our_services_and_starter_lists() -> None:
    catalogue = load_catalogue(bundled("blocklists"))
    names = everyday_names(catalogue)
    assert len(names) > 2000
    assert names["vnexpress.net"] == {"news"}
    assert "pornhub.com" not in names
    assert frozenset().union(*names.values()) <= EVERYDAY <= catalogue.categories.keys()
