"""The Unbound format: what the golden list does not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import LOCAL_DATA, NOT_A_SINK, SETTING, Entry, Kind, Skipped
from safedns.blocklist.formats.unbound import parse
from tests.unit.blocklist.sample import NAMES, untimed, well_told


def told(*lines: str) -> list[object]:
    """What is taken, and the reasons of what is refused."""
    return [item.reason if isinstance(item, Skipped) else item for item in parse(lines)]


@pytest.mark.parametrize(
    "line", ["", "# comment", "\ufeffserver:", "server:  # comment", 'local-zone: "localhost" static']
)
def test_comments_the_servers_clause_and_the_machine_itself_are_passed_over_in_silence(line: str) -> None:
    assert told(line) == []


@pytest.mark.parametrize("zone_type", ["static", "refuse", "deny", "redirect", "inform_deny", "inform_redirect"])
@pytest.mark.parametrize(
    "data", ["www.a.example A 192.168.2.1", "a.example AAAA fd00:db8::1", "a.example CNAME b.example."]
)
def test_a_zone_that_answers_with_something_real_blocks_nothing_wherever_the_data_stand(
    zone_type: str, data: str
) -> None:
    zone, answer = f'local-zone: "a.example" {zone_type}', f'local-data: "{data}"'
    reason = LOCAL_DATA if "CNAME" in data else NOT_A_SINK
    assert told(zone, answer) == [NOT_A_SINK, reason]
    assert told(answer, zone) == [reason, NOT_A_SINK]


@pytest.mark.parametrize(
    "zone_type", ["always_nxdomain", "always_nodata", "always_null", "always_refuse", "always_deny"]
)
def test_a_zone_that_always_blocks_does_not_look_at_data(zone_type: str) -> None:
    found = told('local-data: "a.example A 192.168.2.1"', f'local-zone: "a.example" {zone_type}')
    assert found == [NOT_A_SINK, Entry("a.example", "below")]


def test_data_outside_a_zone_do_not_open_it() -> None:
    found = told('local-data: "b.example A 192.168.2.1"', 'local-zone: "a.example" static')
    assert found == [NOT_A_SINK, Entry("a.example", "below")]


def test_a_transparent_zone_with_an_answer_of_its_own_is_no_exception() -> None:
    found = told('local-zone: "a.example" transparent', 'local-data: "a.example A 0.0.0.0"')
    assert found == [Entry("a.example", "exact"), LOCAL_DATA]


def test_zones_of_another_clause_are_for_some_devices_only() -> None:
    zone = 'local-zone: "a.example" always_null'
    assert told("view:", zone, "server:", zone) == [SETTING, SETTING, Entry("a.example", "below")]


def test_a_refused_line_is_told_with_its_number() -> None:
    assert list(parse(["", "port: 53"])) == [Skipped(2, "port: 53", SETTING)]


SHAPES: list[tuple[str, Kind]] = [
    ('local-zone: "{}" always_null', "below"),
    ('local-zone: "{}." static\r\n', "below"),
    ("local-zone: {} refuse", "below"),
    ('local-data: "{} A 0.0.0.0"', "exact"),
    ("local-data: '{}. 60 IN AAAA ::'", "exact"),
    ('local-zone: "{}" always_transparent', "allow"),
]


@untimed
@given(st.lists(NAMES), st.sampled_from(SHAPES))
def test_what_is_written_as_zones_and_data_is_read_back(names: list[str], shape: tuple[str, Kind]) -> None:
    line, kind = shape
    assert list(parse(line.format(name) for name in names)) == [Entry(name, kind) for name in names]


ZONES = st.text("\"' .:ab_static", max_size=20).map("local-zone:".__add__)
DATA = st.text("\"' .:ab0AINCME", max_size=20).map("local-data: ".__add__)


@untimed
@given(st.lists(st.text() | ZONES | DATA | st.just("view:")))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
