"""The table of real lists: what it counts, how it is shown, and that the page has what comes out today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lists_table import UNREADABLE, Row, markdown, rows_of, total
from tests.realdata import real_data

PAGE = Path(__file__).resolve().parents[3] / "docs" / "lists.md"
MEASURED = 2
"""The last columns, bytes and seconds, which may differ from machine to machine."""


def written(folder: Path, **lists: str) -> Path:
    """A folder with lists; ``__`` in a name stands for a folder's slash."""
    for name, text in lists.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def by_title(folder: Path) -> dict[str, Row]:
    return {row.title: row for row in rows_of(folder)}


def test_a_list_is_a_row_with_what_was_read_kept_and_refused(tmp_path: Path) -> None:
    rows = by_title(written(tmp_path, maker__ads="a.example\nwww.a.example\nb.example\nb.example\n192.0.2.1\n"))
    row = rows["maker/ads"]
    assert (dict(row.formats), row.read, row.kept, row.needless) == ({"domains": 1}, 4, 2, 2)
    assert dict(row.skipped) == {"an address, not a name": 1}
    assert row.size > 0


def test_a_file_that_is_no_list_is_a_row_that_says_so(tmp_path: Path) -> None:
    row = by_title(written(tmp_path, maker__page="<html>\n"))["maker/page"]
    assert (dict(row.formats), row.read, dict(row.skipped)) == ({}, 0, {UNREADABLE: 1})


def test_what_is_about_the_lists_is_none(tmp_path: Path) -> None:
    assert by_title(written(tmp_path, maker__LICENSE="example.com\n", maker__ads="a.example\n")).keys() == {"maker/ads"}


def test_a_folder_of_many_small_lists_is_one_row_with_the_totals(tmp_path: Path) -> None:
    folder = written(tmp_path, v2fly__data__one="full:a.example\ninclude:two\n", v2fly__data__two="b.example\n")
    row = by_title(folder)["v2fly/data/* (2 lists)"]
    assert (dict(row.formats), row.read, row.kept) == ({"v2fly": 1, "domains": 1}, 3, 3)
    assert sum(row.skipped.values()) == 0


def test_the_total_is_the_sum_of_its_rows(tmp_path: Path) -> None:
    folder = written(tmp_path, one="a.example\n", two="0.0.0.0 b.example\n0.0.0.0 c.example\n")
    whole = total("all", rows_of(folder))
    assert (whole.title, dict(whole.formats), whole.read) == ("all", {"domains": 1, "hosts": 1}, 3)


def test_a_row_reads_well_in_markdown(tmp_path: Path) -> None:
    names = "".join(f"n{number}.example\n" for number in range(1234))
    heading, rule, line = markdown(rows_of(written(tmp_path, ads=names)))
    assert heading.startswith("| list | format found | names read | kept | needless | skipped |")
    assert rule.count("|") == heading.count("|") == line.count("|")
    assert line.startswith("| `ads` | `domains` | 1 234 | 1 234 | 0 | - | ")


def cells_by_title(lines: list[str]) -> dict[str, list[str]]:
    """The rows of a Markdown table without the measured columns."""
    rows = (line.strip("| ").split(" | ") for line in lines if line.startswith("| `"))
    return {title: cells[:-MEASURED] for title, *cells in rows}


@pytest.mark.realdata
def test_the_page_shows_what_the_real_lists_give_today() -> None:
    rows = list(rows_of(real_data() / "lists"))
    page = PAGE.read_text(encoding="utf-8").partition("\n## Real lists read\n")[2]
    today = cells_by_title(list(markdown([*rows, total("all together", rows)])))
    assert cells_by_title(page.splitlines()) == today
