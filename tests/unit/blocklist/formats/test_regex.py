"""Regular expressions: one becomes an entry only if that matches the very same names; every other is a pattern."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import (
    EVERY_TYPE,
    LOCAL_DATA,
    MODIFIER,
    QUERYTYPE,
    REGEX,
    Entry,
    Kind,
    NotTakenError,
    Pattern,
    Skipped,
    Types,
)
from safedns.blocklist.formats.regex import parse, whole_name
from tests.unit.blocklist.sample import CROWDED_NAMES, NAMES, naive_match, untimed, well_told

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
def test_an_expression_that_is_an_entry_matches_the_names_that_the_entry_matches(text: str, names: list[str]) -> None:
    try:
        entry = whole_name(text)
    except NotTakenError:
        return
    if entry is None:
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
        assert well_told(item, lines)


@pytest.mark.parametrize(
    "text", ["ads[0-9]", "^Upper\\.example$", "^open\\.example", "dot.example$", "([", "^(.+\\.)+x$"]
)
def test_every_other_expression_is_sought_in_any_letter_case(text: str) -> None:
    assert list(parse(["", text])) == [Pattern(2, text, f"(?i){text}")]


@pytest.mark.parametrize(
    ("options", "types", "inverted"),
    [
        ("querytype=A", Types((1,), others=False), False),
        ("querytype=https,AAAA", Types((28, 65), others=False), False),
        ("querytype=!A,AAAA", Types((1, 28), others=True), False),
        ("invert", EVERY_TYPE, True),
        ("invert;querytype=A", Types((1,), others=False), True),
        ("reply=NODATA", EVERY_TYPE, False),
        ("reply=none;invert", EVERY_TYPE, True),
    ],
)
def test_options_say_for_what_it_counts(options: str, types: Types, inverted: bool) -> None:
    line = f"^a\\.example$;{options}"
    assert list(parse([line])) == [Pattern(1, line, "(?i)^a\\.example$", types=types, inverted=inverted)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a;querytype=", QUERYTYPE),
        ("a;querytype=NONSENSE", QUERYTYPE),
        ("a;reply=192.0.2.1", LOCAL_DATA),
        ("a;reply=ip", LOCAL_DATA),
        ("a;colour=blue", MODIFIER),
        ("a;invert;", MODIFIER),
        ("a{,3}", REGEX),
        ("a{~1}", REGEX),
        ("\\<a", REGEX),
    ],
)
def test_what_pihole_reads_in_another_way_is_refused_with_its_number(line: str, reason: str) -> None:
    assert list(parse(["", line])) == [Skipped(2, line, reason)]


@pytest.mark.parametrize("text", ["a{2}", "a{2,}", "a{2,3}", "a\\{b"])
def test_what_it_reads_in_the_same_way_is_not(text: str) -> None:
    assert list(parse([text])) == [Pattern(1, text, f"(?i){text}")]
