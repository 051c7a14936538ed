"""Tables: alignment by what a terminal shows, headings once, nothing that moves the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import click

from safedns.cli.table import Table


def lines(table: Table, *rows: Sequence[str]) -> list[str]:
    return list(table.render([(row, None) for row in rows]))


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert lines(Table(("a", "name", "c")), ("1", "x", "end"), ("222", "long name", "")) == [
        "a    name       c",
        "1    x          end",
        "222  long name",
    ]


def test_headings_come_once_and_columns_only_widen() -> None:
    table = Table(("a", "b"))
    assert lines(table) == []
    assert lines(table, ("long", "1")) == ["a     b", "long  1"]
    assert lines(table, ("x", "2")) == ["x     2"]


def test_wide_letters_and_combining_marks_are_measured_as_they_are_shown() -> None:
    assert lines(Table(("a", "b")), ("日本", "1"), ("Bình", "2"), ("Bi\u0300nh", "3"))[1:] == [
        "日本  1",
        "Bình  2",
        "Bi\u0300nh  3",
    ]


def test_control_characters_and_text_direction_marks_are_replaced() -> None:
    assert lines(Table(("a",)), ("x\x1b[31my\u202ez\n",))[1:] == ["x\ufffd[31my\ufffdz\ufffd"]


def test_a_line_may_have_a_colour() -> None:
    (_, line) = Table(("a",)).render([(("x",), "red")])
    assert line == click.style("x", fg="red")
