"""Which format a list is in, told by its content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.formats import FORMATS, detect
from tests.unit.blocklist.sample import NAMES, untimed


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
        ["address=/example.com/#", "server=/example.org/"],
        ['local-zone: "example.com." always_nxdomain', 'local-zone: "example.org." always_nxdomain'],
        ["$TTL 300", "@ IN SOA localhost. root.localhost. 1 1 1 1 1", "example.com CNAME ."],
        ["This is a licence.", "It says what you may do.", "example.com"],
        ['{"names": ["example.com"]}'],
    ],
)
def test_what_speaks_no_known_format_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="is in no known list format; expected one of adblock, domains, hosts"):
        detect(lines)


@untimed
@given(st.lists(NAMES, min_size=1), st.sampled_from([("hosts", "0.0.0.0 {}"), ("domains", "{}"), ("adblock", "||{}^")]))
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
