"""The lines of a list's file."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.lines import LONGEST, Lines, again


def test_they_may_be_read_more_than_once_and_broken_bytes_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"a\r\nb\xff\n")
    lines = Lines(tmp_path / "list")
    assert list(lines) == list(lines) == ["a", "b\N{REPLACEMENT CHARACTER}"]


def test_looking_ahead_in_a_file_tells_no_progress(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a\nb\n")
    told: list[tuple[int, int]] = []
    lines, ahead = again(Lines(tmp_path / "list", lambda done, total: told.append((done, total))))
    assert list(ahead) == ["a", "b"]
    assert told == []
    assert list(lines) == ["a", "b"]
    assert told == [(4, 4)]


def test_lines_that_come_once_are_held_to_look_ahead() -> None:
    lines, ahead = again(iter(["a", "b"]))
    assert list(ahead) == list(lines) == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig"])
def test_utf16_is_told_by_its_mark(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    (tmp_path / "list").write_bytes(mark + "tiếngviệt.example\r\nb.example".encode(encoding))
    assert [line.removeprefix("\ufeff") for line in Lines(tmp_path / "list")] == ["tiếngviệt.example", "b.example"]


def test_a_line_that_is_too_long_reads_as_empty_and_is_counted(tmp_path: Path) -> None:
    long = "x" * (LONGEST + 1)
    endless = "y" * (3 << 20)
    (tmp_path / "list").write_text(f"a\n{long}\nb\n{endless}\n{'z' * LONGEST}\n{endless}")
    lines = Lines(tmp_path / "list")
    assert list(lines) == ["a", "", "b", "", "z" * LONGEST]
    assert {number: text[:1] for number, text in lines.too_long.items()} == {2: "x", 4: "y", 6: "y"}
    assert max(map(len, lines.too_long.values())) == LONGEST


@given(st.text("ab\n\r \x85\u2028", max_size=40))
def test_lines_end_where_python_ends_them(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "list"
    path.write_bytes(text.encode())
    with path.open(encoding="utf-8") as file:
        assert list(Lines(path)) == [line.removesuffix("\n") for line in file]
