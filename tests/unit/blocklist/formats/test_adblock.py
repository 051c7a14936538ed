"""The adblock format: which rules speak of whole names, and that every other is dropped whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats.adblock import parse
from safedns.blocklist.formats.entry import (
    CLIENT,
    COSMETIC,
    CTAG,
    DENYALLOW,
    DISABLED,
    DNSREWRITE,
    DNSTYPE,
    EXACT_ALLOW,
    IS_ADDRESS,
    MODIFIER,
    NOT_A_NAME,
    NOT_A_SINK,
    NOT_ANCHORED,
    NOTHING_TO_DISABLE,
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
        ("||example.com^$important,dnstype=A", DNSTYPE),
        ("||example.com^$dnstype=~A,third-party", DNSTYPE),
        ("||example.com^$ctag=device_phone", CTAG),
        ("||example.com^$", MODIFIER),
        ("||example.com^$dnsrewrite=1.2.3.4", DNSREWRITE),
        ("||example.com^$client=kid", CLIENT),
        ("@@||example.com^$denyallow=x.com", DENYALLOW),
        ("||example.com^$badfilter", NOTHING_TO_DISABLE),
        ("/^ads[0-9]+\\./", REGEX),
        ("/banner/", REGEX),
        ("/banner/$important", REGEX),
        (r"@@/^example\.com$/", EXACT_ALLOW),
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


@pytest.mark.parametrize(
    ("rule", "badfilter"),
    [
        ("||example.com^", "||example.com^$badfilter"),
        ("||example.com^$important", "||example.com^$important,badfilter"),
        ("||example.com^$important", "||example.com^$badfilter,important"),
        ("@@||example.com^", "@@||example.com^$badfilter"),
        ("|example.com^", "|example.com^$badfilter"),
        (r"/^example\.com$/", r"/^example\.com$/$badfilter"),
        ("||example.com^$client=kid", "||example.com^$client=kid,badfilter"),
    ],
)
def test_a_badfilter_rule_disables_its_equal_wherever_it_stands(rule: str, badfilter: str) -> None:
    assert list(parse([rule, badfilter])) == [Skipped(1, rule, DISABLED)]
    assert list(parse([badfilter, rule])) == [Skipped(2, rule, DISABLED)]


@pytest.mark.parametrize(
    ("line", "kind", "badfilter"),
    [
        ("||example.com^", "below", "||example.com^$important,badfilter"),
        ("||example.com^", "below", "||www.example.com^$badfilter"),
        ("||example.com^", "below", "@@||example.com^$badfilter"),
        ("example.com", "exact", "example.com$badfilter"),
        ("0.0.0.0 example.com", "exact", "0.0.0.0 example.com$badfilter"),
    ],
)
def test_a_badfilter_rule_leaves_other_rules_and_the_lines_of_a_hosts_file_alone(
    line: str, kind: Kind, badfilter: str
) -> None:
    found = list(parse([line, badfilter]))
    assert found[0] == Entry("example.com", kind)
    assert isinstance(found[1], Skipped)


def render(entry: Entry) -> str:
    return {"below": "||{}^", "exact": "{}", "allow": "@@||{}^"}[entry.kind].format(entry.name)


@untimed
@given(st.lists(st.builds(Entry, NAMES, st.sampled_from(["below", "exact", "allow"]))))
def test_what_is_written_as_rules_is_read_back_with_the_exceptions_last(entries: list[Entry]) -> None:
    expected = sorted(entries, key=lambda entry: entry.kind == "allow")
    assert list(parse(map(render, entries))) == expected


RULES = st.text("|@^$*/#!.ab,=[] \t0:~", max_size=20)
BADFILTERS = RULES.map("{}$badfilter".format)


@untimed
@given(st.lists(st.text() | RULES | BADFILTERS))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert isinstance(item, Entry) or 1 <= item.line <= len(lines)
