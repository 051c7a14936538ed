"""The format of v2fly's lists: what the golden list does not show."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import INCLUDE, NOT_A_NAME, NOT_ONE_WORD, Entry, Item, Kind, Pattern, Skipped
from safedns.blocklist.formats.v2fly import parse
from safedns.blocklist.lines import Lines
from tests.unit.blocklist.sample import NAMES, untimed, well_told


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
        ("keyword:", NOT_A_NAME),
        ("a.example ads", NOT_ONE_WORD),
    ],
)
def test_what_is_more_than_one_name_is_refused_with_its_reason(line: str, reason: str) -> None:
    assert list(parse(["", line])) == [Skipped(2, line, reason)]


@pytest.mark.parametrize(
    ("line", "expression"),
    [("keyword:Ad-s", r"ad\-s"), ("regexp:^Ads[0-9]", "^Ads[0-9]"), ("regexp:a @ads", "a")],
)
def test_a_keyword_or_an_expression_is_sought_in_names(line: str, expression: str) -> None:
    assert list(parse([line])) == [Pattern(1, line.split()[0], expression)]


class TestInclude:
    """A file that says what the files beside it say."""

    def read(self, folder: Path, **files: str) -> list[Item]:
        for name, text in files.items():
            (folder / name.replace("_", "-")).write_text(text)
        return list(parse(Lines(folder / "list")))

    def test_it_is_read_where_it_is_included(self, tmp_path: Path) -> None:
        found = self.read(tmp_path, list="a.example\ninclude:other-1\nc.example\n", other_1="b.example\nkeyword:b\n")
        assert found == [
            Entry("a.example", "below"),
            Entry("b.example", "below"),
            Pattern(2, "keyword:b", "b"),
            Entry("c.example", "below"),
        ]

    @pytest.mark.parametrize(
        ("attributes", "names"),
        [
            ("", ["a.example", "b.example", "c.example"]),
            ("@ads", ["a.example", "b.example"]),
            ("@-ads", ["c.example"]),
            ("@ads @-cn", ["a.example"]),
            ("@!cn", []),
        ],
    )
    def test_attributes_say_which_of_its_lines(self, tmp_path: Path, attributes: str, names: list[str]) -> None:
        other = "a.example @ads\nb.example @cn @ads\nc.example\n"
        found = self.read(tmp_path, list=f"include:other {attributes}\n", other=other)
        assert found == [Entry(name, "below") for name in names]

    def test_attributes_count_for_what_is_included_further_down_too(self, tmp_path: Path) -> None:
        found = self.read(tmp_path, list="include:b @ads", b="include:c @cn", c="a.example @ads\nb.example @ads @cn\n")
        assert found == [Entry("b.example", "below")]

    def test_files_that_include_each_other_are_read_once(self, tmp_path: Path) -> None:
        found = self.read(tmp_path, list="include:b\ninclude:b\n", b="b.example\ninclude:c\n", c="include:b\n")
        assert found == [Entry("b.example", "below")]

    def test_a_chain_of_more_files_than_anybody_makes_ends(self, tmp_path: Path) -> None:
        files = {f"n{number}": f"include:n{number + 1}\n{number}.example\n" for number in range(60)}
        found = self.read(tmp_path, list="include:n0", **files)
        assert Entry("0.example", "below") in found
        assert Skipped(1, "include:n20", INCLUDE) in found

    @pytest.mark.parametrize("name", ["nothing", "..", "../list", "a/b", "", ".hidden"])
    def test_what_is_no_file_beside_it_is_refused(self, tmp_path: Path, name: str) -> None:
        (tmp_path / ".hidden").write_text("a.example")
        assert self.read(tmp_path, list=f"include:{name}") == [Skipped(1, f"include:{name}", INCLUDE)]

    def test_what_is_wrong_in_it_is_told_by_the_line_that_includes(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, list="\ninclude:b", b="\n\na..b\n") == [Skipped(2, "a..b", NOT_A_NAME)]

    def test_lines_that_are_no_file_have_no_files_beside_them(self) -> None:
        assert list(parse(["include:list"])) == [Skipped(1, "include:list", INCLUDE)]


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
    "{}:{}".format,
    st.sampled_from(["full", "domain", "regexp", "keyword", "include", "", "x"]),
    st.text("@#:. ab^$\\", max_size=9),
)


@untimed
@given(st.lists(st.text() | RULES))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
