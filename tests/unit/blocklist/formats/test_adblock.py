"""The adblock format: which rules speak of whole names, and that every other is dropped whole."""

from __future__ import annotations

from ipaddress import ip_network

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
    IS_ADDRESS,
    MODIFIER,
    NOT_A_NAME,
    NOT_A_SINK,
    NOTHING_TO_DISABLE,
    PATH,
    TOO_WIDE,
    TOP_LEVEL,
    Entry,
    Kind,
    Network,
    Pattern,
    Skipped,
    Types,
)
from tests.unit.blocklist.sample import NAMES, RULES, untimed, well_told


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    [
        ("||example.com^", "example.com", "below"),
        ("||example.com^|", "example.com", "below"),
        ("||example.com|", "example.com", "below"),
        ("||example.com^^", "example.com", "below"),
        ("||example.com^*", "example.com", "below"),
        ("||example.com/*", "example.com", "below"),
        ("||example.com^$", "example.com", "below"),
        ("||Example.COM^\r\n", "example.com", "below"),
        ("||zip^", "zip", "below"),
        ("||bücher.example^", "xn--bcher-kva.example", "below"),
        ("||example.com^ # why", "example.com", "below"),
        ("example.com", "example.com", "exact"),
        ("Example.com.", "example.com", "exact"),
        ("my_ads.example.com", "my_ads.example.com", "exact"),
        ("bücher.example", "xn--bcher-kva.example", "exact"),
        ("|example.com^", "example.com", "exact"),
        ("|example.com|", "example.com", "exact"),
        ("0.0.0.0 example.com", "example.com", "exact"),
        ("||*.example.com^", "example.com", "inner"),
        ("*.example.com^", "example.com", "inner"),
        (".example.com|", "example.com", "inner"),
        ("@@||example.com^", "example.com", "allow"),
        ("@@||example.com^|", "example.com", "allow"),
        ("@@|example.com^", "example.com", "allow-exact"),
        ("@@||*.example.com^", "example.com", "allow-inner"),
        ("||example.com^$important", "example.com", "important"),
        ("|example.com^$important", "example.com", "important-exact"),
        ("||*.example.com^$important", "example.com", "important-inner"),
        ("@@||example.com^$important", "example.com", "important-allow"),
        ("@@|example.com^$important", "example.com", "important-allow-exact"),
        ("@@||*.example.com^$important", "example.com", "important-allow-inner"),
        (r"/(^|\.)example\.com$/$important", "example.com", "important"),
    ],
)
def test_a_rule_about_a_whole_name_is_an_entry(line: str, name: str, kind: Kind) -> None:
    assert list(parse([line])) == [Entry(name, kind)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("||ads.*^", Pattern(1, "||ads.*^", r"(?:^|\.)ads\..*$")),
        ("@@ads-", Pattern(1, "@@ads-", r"ads\-", allow=True)),
        ("ads.$important", Pattern(1, "ads.$important", r"ads\.", important=True)),
        ("example.com$important", Pattern(1, "example.com$important", r"example\.com", important=True)),
        (r"@@/^ads[0-9]/", Pattern(1, r"@@/^ads[0-9]/", "(?i)^ads[0-9]", allow=True)),
        (r"/^ads$|x/$dnstype=A", Pattern(1, r"/^ads$|x/$dnstype=A", "(?i)^ads$|x", types=Types((1,), others=False))),
        ("*$denyallow=net|Com", Pattern(1, "*$denyallow=net|Com", "", spared=("com", "net"))),
        ("*$dnstype=~A", Pattern(1, "*$dnstype=~A", "", types=Types((1,), others=True))),
    ],
)
def test_a_rule_about_a_part_of_names_is_a_pattern(line: str, expected: Pattern) -> None:
    assert list(parse([line])) == [expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("||a.example^$dnstype=A", Pattern(1, "a.example", r"(?:^|\.)a\.example$", types=Types((1,), others=False))),
        ("@@|a.example^$dnstype=~A", Pattern(1, "a.example", r"^a\.example$", allow=True, types=Types((1,)))),
        ("||*.a.example^$denyallow=b.a.example", Pattern(1, "a.example", r"\.a\.example$", spared=("b.a.example",))),
        (
            "||a.example^$denyallow=b.a.example,dnstype=A|~AAAA,important",
            Pattern(
                1,
                "a.example",
                r"(?:^|\.)a\.example$",
                important=True,
                types=Types((1,), others=False),
                spared=("b.a.example",),
            ),
        ),
    ],
)
def test_a_name_with_a_condition_is_a_pattern_that_is_told_by_the_name(line: str, expected: Pattern) -> None:
    assert list(parse([line])) == [expected._replace(named=True)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("||192.0.2.1^", Network(ip_network("192.0.2.1"))),
        ("|192.0.2.1^", Network(ip_network("192.0.2.1"))),
        ("@@||192.0.2.1^", Network(ip_network("192.0.2.1"), allow=True)),
        ("||2001:DB8::1^", Network(ip_network("2001:db8::1"))),
    ],
)
def test_a_rule_about_an_address_is_about_answers(line: str, expected: Network) -> None:
    assert list(parse([line])) == [expected]


@pytest.mark.parametrize(
    "line", ["", "  ", "! Title: x", "# comment", "[Adblock Plus 2.0]", "##.banner", "\ufeff! x", "\x1f"]
)
def test_blank_lines_comments_and_the_header_say_nothing(line: str) -> None:
    assert list(parse([line])) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("||example.com^$third-party", MODIFIER),
        ("||example.com^$dnstype=~A,third-party", MODIFIER),
        ("||example.com^$important=1", MODIFIER),
        ("||example.com^$ctag=device_phone", CTAG),
        ("||example.com^$dnsrewrite=1.2.3.4", DNSREWRITE),
        ("||example.com^$client=kid,important", CLIENT),
        ("||example.com^$dnstype=", DNSTYPE),
        ("||example.com^$dnstype=NONSENSE|A", DNSTYPE),
        ("@@||example.com^$denyallow=", DENYALLOW),
        ("@@||example.com^$denyallow=~x.com", DENYALLOW),
        ("||example.com^$badfilter", NOTHING_TO_DISABLE),
        ("*", TOO_WIDE),
        ("||", TOO_WIDE),
        ("@@", TOO_WIDE),
        ("||*^", TOO_WIDE),
        ("a^", TOO_WIDE),
        ("||example.com/ads", PATH),
        ("|https://example.com^", PATH),
        ("||example.com:8080^", PATH),
        ("||example.com^ads", PATH),
        ("^ads.", PATH),
        ("example.com##.banner", COSMETIC),
        ("example.com#@#.banner", COSMETIC),
        ("example.com#$#body { margin: 0 }", COSMETIC),
        ("||1.2.3.4^$important", IS_ADDRESS),
        ("||1.2.3.444^", IS_ADDRESS),
        ("1.2.3.4", IS_ADDRESS),
        ("192.168.1.5 nas.lan", NOT_A_SINK),
        ("||a..b^", NOT_A_NAME),
        ("||bü*r.example^", NOT_A_NAME),
        ("ads", TOP_LEVEL),
    ],
)
def test_every_other_rule_is_dropped_whole_with_its_reason(line: str, reason: str) -> None:
    assert list(parse(["! first", line])) == [Skipped(2, line, reason)]


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
        ("ads.", "ads.$badfilter"),
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
    ],
)
def test_a_badfilter_rule_leaves_other_rules_and_the_lines_of_a_hosts_file_alone(
    line: str, kind: Kind, badfilter: str
) -> None:
    assert list(parse([line, badfilter])) == [
        Entry("example.com", kind),
        Skipped(2, badfilter, NOTHING_TO_DISABLE),
    ]


@untimed
@given(st.lists(st.builds(Entry, NAMES, st.sampled_from(sorted(RULES)))))
def test_what_is_written_as_rules_is_read_back(entries: list[Entry]) -> None:
    assert list(parse(RULES[entry.kind].format(entry.name) for entry in entries)) == entries


NOISE = st.text("|@^$*/#!.ab,=[] \t0:~", max_size=20)
BADFILTERS = NOISE.map("{}$badfilter".format)


@untimed
@given(st.lists(st.text() | NOISE | BADFILTERS))
def test_no_text_whatever_makes_it_fail(lines: list[str]) -> None:
    for item in parse(lines):
        assert well_told(item, lines)
