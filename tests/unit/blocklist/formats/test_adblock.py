"""The adblock format: which rules speak of whole names, and that every other is dropped whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.adblock import parse
from safedns.blocklist.formats.entry import (
    COSMETIC,
    EXACT_ALLOW,
    IS_ADDRESS,
    MODIFIER,
    NOT_A_NAME,
    NOT_A_SINK,
    NOT_ANCHORED,
    OVERRULED,
    PATH,
    REGEX,
    TOP_LEVEL,
    WILDCARD,
    Entry,
    Kind,
    Skipped,
)
from tests.unit.blocklist.sample import NAMES, untimed


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    [
        ("||example.com^", "example.com", "below"),
        ("||example.com^|", "example.com", "below"),
        ("||example.com|", "example.com", "below"),
        ("||example.com^$important", "example.com", "below"),
        ("||Example.COM^\r\n", "example.com", "below"),
        ("||zip^", "zip", "below"),
        ("||bücher.example^", "xn--bcher-kva.example", "below"),
        ("||example.com^ # why", "example.com", "below"),
        ("example.com", "example.com", "exact"),
        ("|example.com^", "example.com", "exact"),
        ("|example.com|", "example.com", "exact"),
        ("example.com$important", "example.com", "exact"),
        ("0.0.0.0 example.com", "example.com", "exact"),
        ("@@||example.com^", "example.com", "allow"),
        ("@@||example.com^|", "example.com", "allow"),
        ("@@||example.com^$important", "example.com", "allow"),
    ],
)
def test_a_rule_about_a_whole_name_is_taken(line: str, name: str, kind: Kind) -> None:
    assert list(parse([line])) == [Entry(name, kind)]


@pytest.mark.parametrize(
    "line", ["", "  ", "! Title: x", "# comment", "[Adblock Plus 2.0]", "##.banner", "\ufeff! x", "\x1f"]
)
def test_blank_lines_comments_and_the_header_say_nothing(line: str) -> None:
    assert list(parse([line])) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("||example.com^$third-party", MODIFIER),
        ("||example.com^$important,dnstype=A", MODIFIER),
        ("||example.com^$", MODIFIER),
        ("||example.com^$dnsrewrite=1.2.3.4", MODIFIER),
        ("||example.com^$client=kid", MODIFIER),
        ("@@||example.com^$denyallow=x.com", MODIFIER),
        ("||example.com^$badfilter", MODIFIER),
        ("/^ads[0-9]+\\./", REGEX),
        ("/banner/", REGEX),
        ("||ads.*^", WILDCARD),
        ("||*.example.com^", WILDCARD),
        ("*", WILDCARD),
        ("||example.com/ads", PATH),
        ("|https://example.com^", PATH),
        ("||example.com", NOT_ANCHORED),
        ("|example.com", NOT_ANCHORED),
        ("example.com^", NOT_ANCHORED),
        ("^", NOT_ANCHORED),
        ("@@", NOT_ANCHORED),
        ("@@example.com", EXACT_ALLOW),
        ("@@|example.com^", EXACT_ALLOW),
        ("example.com##.banner", COSMETIC),
        ("example.com#@#.banner", COSMETIC),
        ("example.com#$#body { margin: 0 }", COSMETIC),
        ("||1.2.3.4^", IS_ADDRESS),
        ("1.2.3.4", IS_ADDRESS),
        ("192.168.1.5 nas.lan", NOT_A_SINK),
        ("||a..b^", NOT_A_NAME),
        ("||example.com^^", NOT_ANCHORED),
        ("ads", TOP_LEVEL),
    ],
)
def test_every_other_rule_is_dropped_whole_with_its_reason(line: str, reason: str) -> None:
    assert list(parse(["! first", line])) == [Skipped(2, line, reason)]


def test_an_important_rule_overrules_plain_exceptions_for_it_and_below_it() -> None:
    lines = ["@@||example.com^", "@@||www.example.com^", "@@||other.example^", "||example.com^$important"]
    assert list(parse(lines)) == [
        Entry("example.com", "below"),
        Skipped(1, "@@||example.com^", OVERRULED),
        Skipped(2, "@@||www.example.com^", OVERRULED),
        Entry("other.example", "allow"),
    ]


def test_an_important_exception_stands_against_an_important_rule() -> None:
    lines = ["||example.com^$important", "@@||www.example.com^$important"]
    assert list(parse(lines)) == [Entry("example.com", "below"), Entry("www.example.com", "allow")]


def render(entry: Entry) -> str:
    return {"below": "||{}^", "exact": "{}", "allow": "@@||{}^"}[entry.kind].format(entry.name)


@untimed
@given(st.lists(st.builds(Entry, NAMES, st.sampled_from(["below", "exact", "allow"]))))
def test_what_is_written_as_rules_is_read_back_with_the_exceptions_last(entries: list[Entry]) -> None:
    expected = sorted(entries, key=lambda entry: entry.kind == "allow")
    assert list(parse(map(render, entries))) == expected


RULES = st.text("|@^$*/#!.ab,=[] \t0:~", max_size=20)


@untimed
@given(st.lists(st.text() | RULES))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert isinstance(item, Entry) or 1 <= item.line <= len(lines)
