"""Regular expressions: one is taken only if the entry matches the very same names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import REGEX, Entry, Kind, NotTakenError, Skipped
from safedns.blocklist.formats.regex import meaning, parse
from tests.unit.blocklist.sample import CROWDED_NAMES, NAMES, naive_match, untimed

SHAPES: list[tuple[str, Kind]] = [
    (r"^{}$", "exact"),
    (r"(^|\.){}$", "below"),
    (r"(\.|^){}$", "below"),
    (r"(?:^|\.){}$", "below"),
    (r"(?:\.|^){}$", "below"),
    (r"^(.+\.)?{}$", "below"),
    (r"^(.*\.)?{}$", "below"),
    (r"^(.+\.)*{}$", "below"),
    (r"^(?:.*\.)*{}$", "below"),
]


def escaped(name: str) -> str:
    return name.replace(".", r"\.")


@untimed
@given(st.lists(NAMES), st.sampled_from(SHAPES))
def test_what_is_written_as_expressions_is_read_back(names: list[str], shape: tuple[str, Kind]) -> None:
    expression, kind = shape
    assert list(parse(expression.format(escaped(name)) for name in names)) == [Entry(name, kind) for name in names]


PIECES = st.sampled_from(
    ["^", "$", r"\.", ".", "a", "b", r"(^|\.)", r"^(.+\.)?", r"^(.*\.)*", "?", "+", "[ab]", "(a|b)"]
)
WHOLE = st.builds(lambda shape, name: shape[0].format(escaped(name)), st.sampled_from(SHAPES), CROWDED_NAMES)


@untimed
@given(st.lists(PIECES, max_size=8).map("".join) | WHOLE, st.lists(CROWDED_NAMES))
def test_an_expression_that_is_taken_matches_the_names_that_its_entry_matches(text: str, names: list[str]) -> None:
    try:
        entry = meaning(text)
    except NotTakenError:
        return
    expression = re.compile(text)
    for name in (*names, entry.name, f"a.{entry.name}", f"a{entry.name}", f"{entry.name}.a"):
        assert (expression.search(name) is not None) == (naive_match([entry], name) is not None)


@pytest.mark.parametrize("line", ["", "# comment", "\ufeff# comment"])
def test_blank_lines_and_comments_say_nothing(line: str) -> None:
    assert list(parse([line])) == []


@untimed
@given(st.lists(st.text() | st.text(r"^$\.()|?:+*ab;", max_size=15)))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert isinstance(item, Entry) or 1 <= item.line <= len(lines)


def test_a_refused_line_is_told_with_its_number() -> None:
    assert list(parse(["", "ads[0-9]"])) == [Skipped(2, "ads[0-9]", REGEX)]
