"""The lines of a list's file."""

from __future__ import annotations

from pathlib import Path

from safedns.blocklist.lines import Lines, again


def test_they_may_be_read_more_than_once_and_broken_bytes_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"a\r\nb\xff\n")
    lines = Lines(tmp_path / "list")
    assert list(lines) == list(lines) == ["a\n", "b\N{REPLACEMENT CHARACTER}\n"]


def test_looking_ahead_in_a_file_tells_no_progress(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a\nb\n")
    told: list[tuple[int, int]] = []
    lines, ahead = again(Lines(tmp_path / "list", lambda done, total: told.append((done, total))))
    assert list(ahead) == ["a\n", "b\n"]
    assert told == []
    assert list(lines) == ["a\n", "b\n"]
    assert told == [(4, 4)]


def test_lines_that_come_once_are_held_to_look_ahead() -> None:
    lines, ahead = again(iter(["a", "b"]))
    assert list(ahead) == list(lines) == ["a", "b"]
