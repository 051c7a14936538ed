"""Lists that hold more than plain names: tiers, patterns, conditions; compared with a slow reading of every rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.compile import compile_list
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.formats.entry import Entry
from safedns.blocklist.match import Match, sparing
from safedns.wire.names import key_of
from safedns.wire.types import QType
from tests.unit.blocklist import adguard
from tests.unit.blocklist.sample import (
    CROWDED_NAMES,
    RULES,
    in_memory,
    naive_match,
    on_disk,
    reached,
    write_names,
    write_rules,
)


def contents(tmp_path: Path, *lines: str, form: str = "adblock") -> Contents:
    return read_list(write_names(tmp_path / "list.txt", *lines), form)


def ask(match: Match, name: str, qtype: int | None = QType.A) -> str | None:
    return match(name, key_of(name), qtype)


@pytest.mark.parametrize(
    ("rules", "name", "expected"),
    [
        (["||a.example^"], "x.a.example", "a.example"),
        (["|a.example^"], "a.example", "a.example"),
        (["|a.example^"], "x.a.example", None),
        (["||*.a.example^"], "a.example", None),
        (["||*.a.example^"], "y.x.a.example", "a.example"),
        (["||*.a.example^", "||*.x.a.example^"], "x.a.example", "a.example"),
        # An exception beats what is longer than itself, and an important entry beats the exception.
        (["||a.example^", "@@||example^"], "a.example", None),
        (["||a.example^", "@@|a.example^"], "a.example", None),
        (["||a.example^", "@@|a.example^"], "x.a.example", "a.example"),
        (["||a.example^", "@@||*.a.example^"], "a.example", "a.example"),
        (["||a.example^", "@@||*.a.example^"], "x.a.example", None),
        (["||a.example^", "@@/a/"], "a.example", None),
        (["||a.example^$important", "@@||a.example^"], "a.example", "a.example"),
        (["||a.example^$important", "@@||a.example^$important"], "a.example", None),
        (["||a.example^", "@@||a.example^$important"], "a.example", None),
        (["/a/$important", "@@||a.example^"], "a.example", "/a/$important"),
        (["/a/$important", "@@/a/$important"], "a.example", None),
        (["||a.example^", "||x.a.example^$important", "@@||a.example^"], "x.a.example", "x.a.example"),
        (["||a.example^", "||x.a.example^$important", "@@||a.example^"], "a.example", None),
        # Patterns.
        (["ads."], "x.ads.example", "ads."),
        (["||ads."], "x.ads.example", "||ads."),
        (["||ads."], "xads.example", None),
        (["||ads*.example^"], "x.ads9.y.example", "||ads*.example^"),
        (["|ads"], "ads-x.example", "|ads"),
        (["|ads"], "x.ads.example", None),
        (["ple|"], "a.example", "ple|"),
        (["/ADS[0-9]+/"], "x.ads17.example", "/ADS[0-9]+/"),
        (["/^ads$/"], "x.ads", None),
        # A pattern speaks for the whole name, and of two the longer entry is told.
        (["||a.example^", "/x/"], "x.a.example", "/x/"),
        (["||a.example^", "/a/"], "a.example", "a.example"),
        (["*$denyallow=com|net"], "a.example", "*$denyallow=com|net"),
        (["*$denyallow=com|net"], "a.com", None),
        (["*$denyallow=com|net"], "com", None),
        (["*$denyallow=om"], "a.com", "*$denyallow=om"),
        (["*$denyallow=com|net"], ".", None),
        (["||a.example^$denyallow=b.a.example"], "x.a.example", "a.example"),
        (["||a.example^$denyallow=b.a.example"], "x.b.a.example", None),
        (["@@||a.example^$denyallow=b.a.example", "||example^"], "b.a.example", "example"),
    ],
)
def test_the_weightiest_tier_that_covers_a_name_decides(
    tmp_path: Path, rules: list[str], name: str, expected: str | None
) -> None:
    assert ask(contents(tmp_path, *rules).match, name) == expected


@pytest.mark.parametrize(
    ("rule", "types"),
    [
        ("||a.example^$dnstype=A", {QType.A}),
        ("||a.example^$dnstype=A|HTTPS", {QType.A, QType.HTTPS}),
        ("||a.example^$dnstype=~A", {QType.AAAA, QType.HTTPS, QType.TXT}),
        ("||a.example^$dnstype=~A|~AAAA", {QType.HTTPS, QType.TXT}),
        ("||a.example^$dnstype=HTTPS|~A", {QType.HTTPS}),
        ("/a/$dnstype=TYPE65", {QType.HTTPS}),
    ],
)
def test_an_entry_for_some_types_counts_for_those(tmp_path: Path, rule: str, types: set[QType]) -> None:
    match = contents(tmp_path, rule).match
    asked = (QType.A, QType.AAAA, QType.HTTPS, QType.TXT)
    assert {qtype for qtype in asked if ask(match, "a.example", qtype)} == types
    assert ask(match, "a.example", None) is not None


def test_an_exception_for_some_types_counts_for_no_question_of_any_type(tmp_path: Path) -> None:
    match = contents(tmp_path, "||a.example^", "@@||a.example^$dnstype=A").match
    assert ask(match, "a.example", QType.A) is None
    assert ask(match, "a.example", QType.AAAA) == "a.example"
    assert ask(match, "a.example", None) == "a.example"


def test_an_inverted_expression_counts_for_the_names_without_it(tmp_path: Path) -> None:
    match = contents(tmp_path, r"(^|\.)example\.com$;invert", r"^x;querytype=A;invert", form="regex").match
    # The first is a pattern, not the entry that it would be without its option.
    assert ask(match, "a.example.com", QType.AAAA) is None
    assert ask(match, "x.example.com", QType.A) is None
    assert ask(match, "example.net", QType.AAAA) == r"(^|\.)example\.com$;invert"
    assert ask(match, "a.example.com", QType.A) == r"^x;querytype=A;invert"


class TestWhereTheLongestDecides:
    """Every format but adblock."""

    ZONE = (
        "*.bad.example CNAME .",
        "good.bad.example CNAME rpz-passthru.",
        "*.fine.bad.example CNAME rpz-passthru.",
        "worse.fine.bad.example CNAME .",
        "shut.example CNAME .",
        "*.shut.example CNAME rpz-passthru.",
    )

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("bad.example", "bad.example"),
            ("x.bad.example", "bad.example"),
            ("good.bad.example", None),
            ("x.good.bad.example", "bad.example"),
            ("fine.bad.example", "bad.example"),
            ("x.fine.bad.example", None),
            ("worse.fine.bad.example", "worse.fine.bad.example"),
            ("x.worse.fine.bad.example", None),
            ("shut.example", "shut.example"),
            ("x.shut.example", None),
        ],
    )
    def test_a_policy_zone_opens_what_it_says_and_no_more(
        self, tmp_path: Path, name: str, expected: str | None
    ) -> None:
        assert ask(contents(tmp_path, *self.ZONE, form="rpz").match, name) == expected

    SHAPES = {  # noqa: RUF012 - read only
        "below": "*.{} CNAME .",
        "exact": "{} CNAME .",
        "allow-exact": "{} CNAME rpz-passthru.",
        "allow-inner": "*.{} CNAME rpz-passthru.",
    }
    ENTRIES = st.lists(st.builds(Entry, CROWDED_NAMES, st.sampled_from(sorted(SHAPES))), max_size=12)

    @in_memory
    @given(entries=ENTRIES, name=CROWDED_NAMES)
    def test_matching_agrees_with_a_look_at_every_record(
        self, tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], name: str
    ) -> None:
        folder = tmp_path_factory.getbasetemp()
        lines = [self.SHAPES[entry.kind].format(entry.name) for entry in entries]
        match = contents(folder, "$TTL 60", *lines, form="rpz").match
        for each in {name, *(entry.name for entry in entries), *(f"a.{entry.name}" for entry in entries)}:
            found, expected = ask(match, each), naive_match(entries, each)
            assert (found is None) == (expected is None)
            assert found is None or any(reached(entry, each) and entry.name == found for entry in entries)


LABELS = st.sampled_from(["a", "b", "ab", "ads", "example"])
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
SHAPES = """
    ||{}^ |{}^ ||{}| |{}| {} ||{} |{} {}^ {}| ||*.{}^ .{}^ *.{}^ *{}* ||{}. .{}. -{} ://{}. /{}. ||{}^* ||{}/* ||{}*
    *.{}
"""
PATTERNS = st.one_of(
    st.builds(str.format, st.sampled_from(SHAPES.split()), HOSTS),
    st.builds("{}.".format, LABELS),
    st.builds("||{}*{}^".format, LABELS, HOSTS),
    st.builds("{}.*.{}".format, LABELS, LABELS),
    st.builds(
        "/{}{}{}/".format, st.sampled_from(["", "^", r"(^|\.)"]), LABELS, st.sampled_from(["", "$", r"\.", "+b"])
    ),
)
TYPED = st.sampled_from(["dnstype=A", "dnstype=~A", "dnstype=AAAA|~A", "dnstype=~A|~AAAA"])
MODIFIERS = st.lists(
    st.sampled_from(["important"]) | TYPED | st.builds("denyallow={}|{}".format, HOSTS, HOSTS),
    max_size=2,
    unique_by=lambda modifier: modifier[:5],
)
WIDE = st.builds("*$denyallow={}|{}".format, HOSTS, HOSTS)
SINGLE = st.builds(
    lambda exception, pattern, modifiers: exception + pattern + ("$" + ",".join(modifiers) if modifiers else ""),
    st.sampled_from(["", "", "@@"]),
    PATTERNS,
    MODIFIERS,
)
LISTS = st.lists(SINGLE | SINGLE | SINGLE | WIDE, max_size=8)


@in_memory
@given(rules=LISTS, disabled=st.lists(st.integers(0, 7), max_size=2), names=st.lists(HOSTS, min_size=3, max_size=6))
def test_matching_agrees_with_a_slow_reading_of_every_rule(
    tmp_path_factory: pytest.TempPathFactory, rules: list[str], disabled: list[int], names: list[str]
) -> None:
    without = [f"{rules[place]}$badfilter" for place in disabled if place < len(rules) and "$" not in rules[place]]
    lines = [*rules, *without]
    match = contents(tmp_path_factory.getbasetemp(), "! rules", *lines).match
    known = adguard.read(lines)
    asked = {*names, *(f"{label}.{name}" for name in names for label in ("a", "ads", "x-b"))}
    for name in asked:
        for qtype in (QType.A, QType.AAAA):
            blocking = adguard.decide(known, name, qtype.name)
            found = match(name, key_of(name), qtype)
            assert (found is None) == (blocking == []), (name, qtype.name, blocking)
            assert found is None or any(found in rule.text for rule in blocking)


@on_disk
@given(rules=LISTS, names=st.lists(HOSTS, min_size=3, max_size=6))
def test_a_list_on_disk_says_the_same_as_what_was_read(
    tmp_path_factory: pytest.TempPathFactory, rules: list[str], names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    read = contents(folder, "! rules", *rules)
    compile_list(folder / "list.txt", name="list", category="adult", folder=folder, now=1.0, format="adblock")
    match = open_artefact(folder, "list", verify=True).match
    for name in names:
        for qtype in (QType.A, QType.AAAA, None):
            assert ask(match, name, qtype) == ask(read.match, name, qtype)


ENTRIES = st.lists(st.builds(Entry, CROWDED_NAMES, st.sampled_from(sorted(RULES))), max_size=10)


@in_memory
@given(entries=ENTRIES, name=CROWDED_NAMES)
def test_every_kind_of_entry_reaches_the_names_that_it_says(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], name: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    match = read_list(write_rules(folder / "rules.txt", entries), "adblock").match
    for each in {name, f"a.{name}", *(entry.name for entry in entries)}:
        found = [entry for entry in entries if reached(entry, each)]
        important = [entry for entry in found if "important" in entry.kind]
        weighty = important or found
        blocked = bool(weighty) and not any("allow" in entry.kind for entry in weighty)
        told = ask(match, each)
        assert (told is not None) == blocked
        assert told is None or told in [entry.name for entry in weighty]


class TestSparing:
    """Names that a household excepts from its lists."""

    @pytest.mark.parametrize(
        ("exception", "name", "expected"),
        [
            ("a.example", "a.example", None),
            ("a.example", "x.a.example", None),
            ("a.example", "example", "example"),
            ("a.example", "b.example", "example"),
            ("a.example", "bad.a.example", "bad.a.example"),
            ("bad.a.example", "bad.a.example", None),
            ("a.example", "ads.a.example", "/ads/"),
            ("ads.a.example", "ads.a.example", None),
            ("zip", "a.example", "example"),
        ],
    )
    def test_it_lifts_entries_that_are_no_longer_than_itself(
        self, tmp_path: Path, exception: str, name: str, expected: str | None
    ) -> None:
        match = contents(tmp_path, "||example^", "||bad.a.example^$important", "/ads/").match
        assert ask(sparing(match, frozenset({exception})), name) == expected
