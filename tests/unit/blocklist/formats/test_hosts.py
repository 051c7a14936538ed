"""The hosts format, line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import IS_ADDRESS, NOT_A_NAME, NOT_A_SINK, TOP_LEVEL, Entry, Skipped
from safedns.blocklist.formats.hosts import parse
from tests.unit.blocklist.sample import NAMES, untimed, well_told


def below(*names: str) -> list[Entry | Skipped]:
    return [Entry(name, "below") for name in names]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("0.0.0.0 example.com", ["example.com"]),
        ("127.0.0.1\texample.com", ["example.com"]),
        ("127.9.9.9 example.com", ["example.com"]),
        (":: example.com", ["example.com"]),
        ("::1 example.com", ["example.com"]),
        ("0 example.com", ["example.com"]),
        ("0.1.2.3 example.com", ["example.com"]),
        ("255.255.255.255 example.com", ["example.com"]),
        ("192.0.2.1 example.com", ["example.com"]),
        ("203.0.113.9 example.com", ["example.com"]),
        ("100::1 example.com", ["example.com"]),
        ("2001:db8::1 example.com", ["example.com"]),
        ("  0.0.0.0   a.example  b.example\tc.example  ", ["a.example", "b.example", "c.example"]),
        ("0.0.0.0 EXAMPLE.Com.", ["example.com"]),
        ("0.0.0.0 example.com # why it is here", ["example.com"]),
        ("0.0.0.0 example.com\r\n", ["example.com"]),
        ("\ufeff0.0.0.0 example.com", ["example.com"]),
        ("0.0.0.0 _dmarc.example.com", ["_dmarc.example.com"]),
        ("0.0.0.0 tiếngviệt.vn", ["xn--tingvit-5t4cyc.vn"]),
        ("example.com", ["example.com"]),
        ("example.com other.example", ["example.com", "other.example"]),
    ],
)
def test_a_line_blocks_each_of_its_names_and_all_below_them(line: str, names: list[str]) -> None:
    assert list(parse([line])) == below(*names)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   \t\x1f",
        "# a comment",
        "  # an indented comment",
        "127.0.0.1 localhost localhost.localdomain local",
        "255.255.255.255 broadcasthost",
        "fe80::1%lo0 localhost",
        "::1 ip6-localhost ip6-loopback",
        "ff02::1 ip6-allnodes",
        "0.0.0.0 0.0.0.0",
        "0.0.0.0",
    ],
)
def test_comments_and_the_machines_own_names_are_passed_over_in_silence(line: str) -> None:
    assert list(parse([line])) == []


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        ("192.168.1.5 nas.lan", "192.168.1.5 nas.lan", NOT_A_SINK),
        ("216.239.38.120 www.google.com", "216.239.38.120 www.google.com", NOT_A_SINK),
        ("2001:4860::1 example.com", "2001:4860::1 example.com", NOT_A_SINK),
        ("8.8.8.8", "8.8.8.8", IS_ADDRESS),
        ("0.0.0.0 1.2.3.4", "1.2.3.4", IS_ADDRESS),
        ("0.0.0.0 2001:db8::1", "2001:db8::1", IS_ADDRESS),
        ("0.0.0.0 intranet", "intranet", TOP_LEVEL),
        ("0.0.0.0 a..b", "a..b", NOT_A_NAME),
        ("0.0.0.0 http://example.com/", "http://example.com/", NOT_A_NAME),
        ("0.0.0.0 " + "x" * 64 + ".com", "x" * 64 + ".com", NOT_A_NAME),
        ("0.0.0.0 *.example.com", "*.example.com", NOT_A_NAME),
        (r"0.0.0.0 a\046b.com", r"a\046b.com", NOT_A_NAME),
    ],
)
def test_what_blocks_nothing_is_refused_with_its_reason(line: str, text: str, reason: str) -> None:
    assert list(parse(["# first", line])) == [Skipped(2, text, reason)]


def test_a_bad_name_does_not_take_its_neighbours_with_it() -> None:
    found = list(parse(["0.0.0.0 a.example bad..name c.example"]))
    assert found == [Entry("a.example", "below"), Skipped(1, "bad..name", NOT_A_NAME), Entry("c.example", "below")]


def test_a_refused_line_cannot_move_the_cursor_of_who_reads_it() -> None:
    [skipped] = parse(["0.0.0.0 \x1b[2Jcleared"])
    assert isinstance(skipped, Skipped)
    assert skipped.text == "\ufffd[2Jcleared"


def test_a_refused_line_is_kept_at_a_length_that_can_be_shown() -> None:
    [skipped] = parse(["0.0.0.0 " + "x" * 10_000])
    assert isinstance(skipped, Skipped)
    assert skipped.text == "x" * 200 + "..."


@untimed
@given(st.lists(NAMES), st.sampled_from(["0.0.0.0", "127.0.0.1", "::"]))
def test_what_is_written_as_hosts_is_read_back(names: list[str], sink: str) -> None:
    assert list(parse(f"{sink} {name}\n" for name in names)) == below(*names)


@untimed
@given(st.lists(st.text()))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
