"""The dnsmasq format: what the golden list does not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.dnsmasq import parse
from safedns.blocklist.formats.entry import NOT_A_NAME, NOT_A_SINK, Entry, Kind, Skipped
from tests.unit.blocklist.sample import NAMES, untimed, well_told


@pytest.mark.parametrize(
    "line", ["", "  ", "# comment", "\ufeff# comment", "address=/localhost/127.0.0.1", "local=/local/"]
)
def test_comments_and_the_machines_own_names_are_passed_over_in_silence(line: str) -> None:
    assert list(parse([line])) == []


def test_a_setting_that_leads_somewhere_is_refused_once_for_all_its_names() -> None:
    line = "address=/a.example/b.example/192.168.2.1"
    assert list(parse([line])) == [Skipped(1, line, NOT_A_SINK)]


def test_a_bad_name_does_not_take_its_neighbours_with_it() -> None:
    found = list(parse(["server=/a.example/bad..name/c.example/"]))
    assert found == [Entry("a.example", "below"), Skipped(1, "bad..name", NOT_A_NAME), Entry("c.example", "below")]


@pytest.mark.parametrize(
    "line", ["address=/a.example/#\r\n", "\ufeffaddress=/a.example/#", "address=/A.Example./#  # why"]
)
def test_line_ends_marks_and_letter_case_do_not_matter(line: str) -> None:
    assert list(parse([line])) == [Entry("a.example", "below")]


SHAPES: list[tuple[str, Kind]] = [
    ("address=/{}/", "below"),
    ("address=/{}/#", "below"),
    ("address=/{}/0.0.0.0", "below"),
    ("address=/{}/::", "below"),
    ("local=/{}/", "below"),
    ("server=/{}/", "below"),
    ("server=/{}/#", "allow"),
]


@untimed
@given(st.lists(NAMES, min_size=1), st.sampled_from(SHAPES))
def test_what_is_written_as_settings_is_read_back_alone_or_several_a_line(
    names: list[str], shape: tuple[str, Kind]
) -> None:
    line, kind = shape
    expected = [Entry(name, kind) for name in names]
    assert list(parse(line.format(name) for name in names)) == expected
    assert list(parse([line.format("/".join(names))])) == expected


SETTINGS = st.text("=/#*. abserv1:0@", max_size=20).map("address=/".__add__) | st.text("=/# servlocal.", max_size=20)


@untimed
@given(st.lists(st.text() | SETTINGS))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
