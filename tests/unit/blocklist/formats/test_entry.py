"""Cutting comments off, and which text a list may hold as a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import NotTakenError, entry_name, without_comment
from safedns.wire.names import parse_name
from tests.unit.blocklist.sample import untimed


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("a.example # b", "a.example"),
        ("a.example\t#b", "a.example"),
        ("a.example#b", "a.example#b"),
        ("a#b #c", "a#b"),
        ("# a", ""),
        ("\ufeff # a", ""),
        ("\u00a0a.example\u00a0", "a.example"),
    ],
)
def test_a_comment_starts_the_line_or_follows_a_space(line: str, text: str) -> None:
    assert without_comment(line) == text


@untimed
@given(st.text())
def test_a_name_that_is_taken_is_canonical_and_plain(text: str) -> None:
    try:
        name = entry_name(text)
    except NotTakenError:
        return
    assert parse_name(name) == name
    assert "." in name
    assert "\\" not in name
    assert not name.rpartition(".")[2].isdigit()
