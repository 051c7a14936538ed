"""The plain format, line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.domains import parse
from safedns.blocklist.formats.entry import (
    IS_ADDRESS,
    NOT_A_NAME,
    NOT_ONE_WORD,
    TOO_WIDE,
    TOP_LEVEL,
    Entry,
    Pattern,
    Skipped,
)
from tests.unit.blocklist.sample import NAMES, untimed, well_told


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("example.com", "example.com"),
        ("*.example.com", "example.com"),
        (".example.com", "example.com"),
        ("*.zip", "zip"),
        (".xxx", "xxx"),
        ("Example.COM.", "example.com"),
        ("\ufeffexample.com\r\n", "example.com"),
        ("  example.com\t# why", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_sip._tcp.example.com", "_sip._tcp.example.com"),
        ("-odd-.example.com", "-odd-.example.com"),
        ("123.example", "123.example"),
        ("1.2.3.4.example", "1.2.3.4.example"),
    ],
)
def test_a_line_blocks_its_name_and_all_below_it(line: str, name: str) -> None:
    assert list(parse([line])) == [Entry(name, "below")]


@pytest.mark.parametrize(
    ("line", "name"), [("=example.com", "example.com"), ("=Bücher.example", "xn--bcher-kva.example")]
)
def test_an_equals_sign_means_the_name_alone(line: str, name: str) -> None:
    assert list(parse([line])) == [Entry(name, "exact")]


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("ads*.Example.com", r"^ads.*\.example\.com$"),
        ("ads.*", r"^ads\..*$"),
        ("*ads*", r"^.*ads.*$"),
        ("*.*.example.com", r"^.*\..*\.example\.com$"),
        ("*example.com", r"^.*example\.com$"),
    ],
)
def test_stars_elsewhere_make_a_pattern_of_the_whole_name(line: str, expression: str) -> None:
    assert list(parse([line])) == [Pattern(1, line, expression)]


@pytest.mark.parametrize("line", ["", " \t\r\n", "# comment", "! comment", "#example.com", "\ufeff", "\x1f"])
def test_blank_lines_and_comments_say_nothing(line: str) -> None:
    assert list(parse([line])) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("com", TOP_LEVEL),
        ("localhost", TOP_LEVEL),
        ("1.2.3.4", IS_ADDRESS),
        ("2001:db8::1", IS_ADDRESS),
        ("*", TOO_WIDE),
        ("*.*", TOO_WIDE),
        ("a*b c", NOT_A_NAME),
        ("=com", TOP_LEVEL),
        (".", NOT_ONE_WORD),
        ("example.com other.example", NOT_ONE_WORD),
        ("example.com/path", NOT_A_NAME),
        ("https://example.com", NOT_A_NAME),
        ("a..b", NOT_A_NAME),
        ("..a.b", NOT_A_NAME),
        ("a" * 64 + ".example", NOT_A_NAME),
        ("abcd." * 25 + "x" * 64 + ".example", NOT_A_NAME),
        ("\u3002", NOT_A_NAME),
    ],
)
def test_what_is_no_name_is_refused_with_its_reason(line: str, reason: str) -> None:
    assert list(parse(["", line])) == [Skipped(2, line, reason)]


def test_a_name_of_more_than_253_characters_is_refused() -> None:
    [longest] = parse(["abc." * 61 + "abcdefghi"])
    assert longest == Entry("abc." * 61 + "abcdefghi", "below")
    [skipped] = parse(["abc." * 61 + "abcdefghij"])
    assert isinstance(skipped, Skipped)
    assert skipped.reason == NOT_A_NAME


@untimed
@given(st.lists(NAMES), st.sampled_from(["", "*.", "."]))
def test_what_is_written_plainly_is_read_back(names: list[str], prefix: str) -> None:
    assert list(parse(prefix + name for name in names)) == [Entry(name, "below") for name in names]


@untimed
@given(st.lists(st.text()))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
