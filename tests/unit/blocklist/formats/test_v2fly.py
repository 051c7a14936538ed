"""The format of v2fly's lists: what the golden list does not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import INCLUDE, KEYWORD, NOT_ONE_WORD, Entry, Kind, Skipped
from safedns.blocklist.formats.v2fly import parse
from tests.unit.blocklist.sample import NAMES, untimed


@pytest.mark.parametrize("line", ["", " ", "# comment", "\ufeff# comment"])
def test_blank_lines_and_comments_say_nothing(line: str) -> None:
    assert list(parse([line])) == []


@pytest.mark.parametrize("attributes", ["", " @cn", " @!cn", " @-!cn", " @ads @cn &other", "  @ads # why", "\r\n"])
def test_the_lines_of_every_part_of_a_list_are_taken(attributes: str) -> None:
    assert list(parse([f"full:a.example{attributes}"])) == [Entry("a.example", "exact")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("include:other", INCLUDE),
        ("include:other @ads", INCLUDE),
        ("keyword:ads", KEYWORD),
        ("a.example ads", NOT_ONE_WORD),
    ],
)
def test_what_is_more_than_one_name_is_refused_with_its_reason(line: str, reason: str) -> None:
    assert list(parse(["", line])) == [Skipped(2, line, reason)]


SHAPES: list[tuple[str, Kind]] = [
    ("{}", "below"),
    ("domain:{}", "below"),
    ("full:{}", "exact"),
    ("{} @ads", "below"),
]


@untimed
@given(st.lists(NAMES), st.sampled_from(SHAPES))
def test_what_is_written_as_a_v2fly_list_is_read_back(names: list[str], shape: tuple[str, Kind]) -> None:
    line, kind = shape
    assert list(parse(line.format(name) for name in names)) == [Entry(name, kind) for name in names]


RULES = st.builds(
    "{}:{}".format, st.sampled_from(["full", "domain", "regexp", "", "x"]), st.text("@#:. ab^$\\", max_size=9)
)


@untimed
@given(st.lists(st.text() | RULES))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert isinstance(item, Entry) or 1 <= item.line <= len(lines)
