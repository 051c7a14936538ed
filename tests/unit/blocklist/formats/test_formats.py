"""Which format a list is in, told by its content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats import FORMATS, detect
from tests.unit.blocklist.sample import NAMES, untimed, well_told


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["# Title: x", "0.0.0.0 example.com"], "hosts"),
        (["127.0.0.1 localhost", "::1 localhost", "0.0.0.0 a.example"], "hosts"),
        (["example.com"], "domains"),
        (["# x", "*.example.com", ".example.org"], "domains"),
        (["1.2.3.4", "example.com", "example.org"], "domains"),
        (["bücher.example"], "domains"),
        (["! Title: x", "||example.com^"], "adblock"),
        (["[Adblock Plus 2.0]", "example.com##.ad", "||example.com^$third-party"], "adblock"),
        (["@@||example.com^", "example.com"], "adblock"),
        (["[Adblock Plus 2.0]", "a.example", "b.example"], "adblock"),
        (["||a.example^", *["b.example"] * 8], "adblock"),
        (["||a.example^", *["b.example"] * 20], "domains"),
        (["/ads[0-9]/", "||a.example^"], "adblock"),
        (["||a.example^", "||b.example^", "0.0.0.0 c.example"], "adblock"),
        (["address=/example.com/#", "server=/example.org/"], "dnsmasq"),
        (["# x", "local = /example.com/", "cache-size=100"], "dnsmasq"),
        (['local-zone: "example.com." always_nxdomain', "local-zone: example.org static"], "unbound"),
        (["server:", 'local-data: "example.com A 0.0.0.0"'], "unbound"),
        (["; zone", "@ IN SOA localhost. root.localhost. (", "1", "2", "3", "4", "5 )", "a.example CNAME ."], "rpz"),
        (["$TTL 300", "a.example A 127.0.0.1"], "rpz"),
        (["$ORIGIN rpz.example.", "a CNAME ."], "rpz"),
        (["a.example CNAME .", "b.example IN CNAME rpz-drop. ; why", "c.example cname *."], "rpz"),
        (["include:other", "# x"], "v2fly"),
        (["a.example", "full:b.example", "regexp:^ads", "keyword:ads"], "v2fly"),
        (["a.example @ads", *["b.example"] * 100], "v2fly"),
        (["regexp:^ads", "a.example"], "v2fly"),
        ([r"(^|\.)a\.example$", r"^b\.example$", r"ads[0-9]+\.example$"], "regex"),
    ],
)
def test_rules_or_else_most_of_the_telling_lines_decide(lines: list[str], expected: str) -> None:
    assert detect(lines) == expected


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["# only", "! comments", ""],
        ["<!DOCTYPE html>", "<html>", "<body>Sign in to the network</body>"],
        ["This is a licence.", "It says what you may do.", "example.com"],
        ['{"names": ["example.com"]}'],
    ],
)
def test_what_speaks_no_known_format_is_refused(lines: list[str]) -> None:
    with pytest.raises(
        ValueError, match="is in no known list format; expected one of adblock, dnsmasq, domains, hosts"
    ):
        detect(lines)


@pytest.mark.parametrize("piece", ["\\.", "a.", "#a", "^a", "/$", "(", " CNAME", " SOA", " @a", "\"'", "a:"])
def test_a_very_long_line_does_not_hold_it_up(piece: str) -> None:
    line = piece * 50_000
    for parse in FORMATS.values():
        assert all(well_told(item, [line]) for item in parse([line]))
    try:
        assert detect([line + " end", line]) in FORMATS
    except ValueError as error:
        assert "no known list format" in str(error)  # noqa: PT017 - either end is right


WRITTEN = [
    ("hosts", "0.0.0.0 {}"),
    ("domains", "{}"),
    ("domains", "*.{}"),
    ("domains", ".{}"),
    ("adblock", "||{}^"),
    ("dnsmasq", "address=/{}/#"),
    ("dnsmasq", "server=/{}/"),
    ("unbound", 'local-zone: "{}." always_null'),
    ("unbound", 'local-data: "{} A 0.0.0.0"'),
    ("rpz", "*.{} CNAME ."),
    ("v2fly", "full:{}"),
    ("v2fly", "{} @ads"),
    ("regex", r"(^|\.){}\.example$"),
    ("regex", r"^{}\.example$"),
]


@untimed
@given(st.lists(NAMES, min_size=1), st.sampled_from(WRITTEN))
def test_a_list_in_one_format_is_recognised(names: list[str], written: tuple[str, str]) -> None:
    expected, line = written
    assert detect(line.format(name) for name in names) == expected


@untimed
@given(st.lists(st.text()))
def test_no_text_whatever_makes_it_fail_otherwise(lines: list[str]) -> None:
    try:
        assert detect(lines) in FORMATS
    except ValueError as error:
        assert "no known list format" in str(error)  # noqa: PT017 - either end is right
