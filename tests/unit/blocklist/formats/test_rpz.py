"""Response policy zones: what the golden list does not show."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import (
    LOCAL_DATA,
    NOT_A_NETWORK,
    OUT_OF_ZONE,
    UNFINISHED,
    Entry,
    Kind,
    Network,
    Skipped,
)
from safedns.blocklist.formats.rpz import parse
from tests.unit.blocklist.sample import NAMES, untimed, well_told


def told(*lines: str) -> list[object]:
    """What is taken, and the reasons of what is refused."""
    return [item.reason if isinstance(item, Skipped) else item for item in parse(lines)]


HERE = Entry("a.example", "exact")


@pytest.mark.parametrize(
    "lines",
    [
        ["a.example CNAME ."],
        ["A.Example cname ."],
        ["a.example 300 CNAME ."],
        ["a.example IN 1h30m CNAME ."],
        ["\ufeffa.example\tIN\tCNAME\t.\r\n"],
        ["a.example CNAME . ; why (not"],
        ["a.example ( CNAME", "; comment", "", ". )"],
        ["@ SOA ns. root. 1 1 1 1 1", "a.example CNAME ."],
        ["$ORIGIN rpz.", "a.example CNAME ."],
        ["$ORIGIN rpz.", "@ SOA ns. root. 1 1 1 1 1", "a.example.rpz. CNAME ."],
        ["rpz. SOA ns. root. 1 1 1 1 1", "a.example.rpz. CNAME ."],
        ["$ORIGIN .", "rpz SOA ns. root. 1 1 1 1 1", "$ORIGIN example.rpz.", "a CNAME ."],
        ["$ORIGIN rpz.", "$ORIGIN example", "a CNAME ."],
    ],
)
def test_an_owner_is_read_relative_to_its_origin_and_without_the_zone(lines: list[str]) -> None:
    assert [item for item in told(*lines) if isinstance(item, Entry)] == [HERE]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "; comment",
        " \t",
        "$TTL 300",
        "@ NS localhost.",
        '@ TXT "a ; b ( c"',
        " IN NS localhost.",
        "a.example RRSIG CNAME 8",
    ],
)
def test_what_is_about_the_zone_itself_says_nothing(line: str) -> None:
    assert told(line) == []


def test_an_absolute_owner_is_refused_where_the_file_does_not_tell_its_zone() -> None:
    assert told("a.example. CNAME .") == [OUT_OF_ZONE]


def test_a_line_without_owner_is_about_the_owner_before() -> None:
    assert told("a.example TXT x", "  CNAME .")[1:] == [HERE]


def test_a_star_alone_blocks_its_name_too_for_that_is_the_safe_reading() -> None:
    assert told("*.a.example CNAME .") == [Entry("a.example", "below")]


def test_an_exception_opens_what_it_says_and_no_more() -> None:
    assert told("a.example CNAME rpz-passthru.") == [Entry("a.example", "allow-exact")]
    assert told("*.a.example CNAME rpz-passthru.") == [Entry("a.example", "allow-inner")]
    assert told("a.example CNAME a.example.") == [Entry("a.example", "allow-exact")]


@pytest.mark.parametrize(
    ("trigger", "network"),
    [
        ("32.4.2.0.192", "192.0.2.4/32"),
        ("24.0.2.0.192", "192.0.2.0/24"),
        ("0.0.0.0.0", "0.0.0.0/0"),
        ("128.57.zz.102.db8.2001", "2001:db8:102::57/128"),
        ("48.zz.2.2001", "2001:2::/48"),
        ("128.1.zz", "::1/128"),
        ("128.8.7.6.5.4.3.2.1", "1:2:3:4:5:6:7:8/128"),
    ],
)
def test_an_address_is_read_backwards(trigger: str, network: str) -> None:
    assert told(f"{trigger}.rpz-ip CNAME .") == [Network(ip_network(network))]
    assert told("$ORIGIN z.", f"{trigger}.rpz-ip CNAME rpz-passthru.") == [Network(ip_network(network), allow=True)]


@pytest.mark.parametrize(
    "trigger", ["33.4.2.0.192", "24.4.2.0.192", "32.2.0.192", "x", "24", "128.1.zz.2.zz", "a.b.c.d.e"]
)
def test_what_is_no_network_is_refused(trigger: str) -> None:
    assert told(f"{trigger}.rpz-ip CNAME .") == [NOT_A_NETWORK]


def test_a_bracket_that_is_never_closed_takes_the_rest_of_the_file_with_it() -> None:
    found = list(parse(["b.example CNAME .", "a.example ( CNAME", "c.example CNAME ."]))
    assert found == [Entry("b.example", "exact"), Skipped(2, "a.example ( CNAME", UNFINISHED)]


def test_a_long_row_of_digits_does_not_hold_it_up() -> None:
    assert told("a.example " + "1" * 5_000 + "! CNAME .") == [LOCAL_DATA]


SHAPES: list[tuple[str, Kind]] = [
    ("{}.rpz.example. CNAME rpz-passthru.", "allow-exact"),
    ("*.{} CNAME rpz-passthru.", "allow-inner"),
    ("{} CNAME .", "exact"),
    ("{}.rpz.example. IN CNAME *.", "exact"),
    ("*.{} 60 CNAME rpz-drop.", "below"),
]


@untimed
@given(st.lists(NAMES, unique=True), st.sampled_from(SHAPES))
def test_what_is_written_as_a_zone_is_read_back(names: list[str], shape: tuple[str, Kind]) -> None:
    line, kind = shape
    zone = ["$ORIGIN rpz.example.", "@ SOA ns. root. (", "1 1 1 1 1 )"]
    lines = [*zone, *(line.format(name) for name in names)]
    assert list(parse(lines)) == [Entry(name, kind) for name in names]


RECORDS = st.text(' ()";*.@ab1', max_size=15).map(lambda text: f"{text} CNAME .")
DIRECTIVES = st.text(" .@ab", max_size=5).map("$ORIGIN ".__add__)


@untimed
@given(st.lists(st.text() | RECORDS | DIRECTIVES))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
