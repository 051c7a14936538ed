"""The grammar of services, categories and limits."""

from __future__ import annotations

import re

import pytest

from safedns.policy.model import DayWindows, Switch, Window
from safedns.policy.words import EVERY_DAY, days
from safedns.policy.words_switches import SwitchLine, limit, limits, safe_search, switch, switches
from safedns.yamlfile.validate import GrammarError

MORNING = (DayWindows(EVERY_DAY, (Window(540, 660),)),)
WEEKEND = (DayWindows(days("weekend"), (Window(540, 660),)),)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("on", Switch("on")),
        ("off", Switch("off")),
        ({"on": "09:00-11:00"}, Switch("off", on_during=MORNING)),
        ({"off": {"weekend": "09:00-11:00"}}, Switch("on", off_during=WEEKEND)),
    ],
)
def test_a_switch_is_on_off_or_one_of_them_at_times(tree: object, expected: Switch) -> None:
    assert switch(tree) == SwitchLine(expected)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"limit": "45m"}, SwitchLine(Switch("on"), ((EVERY_DAY, 2700),))),
        (
            {"on": {"weekend": "09:00-11:00"}, "limit": "1h"},
            SwitchLine(Switch("off", on_during=WEEKEND), ((EVERY_DAY, 3600),)),
        ),
        (
            {"off": "09:00-11:00", "limit": {"weekend": "1h"}},
            SwitchLine(Switch("on", off_during=MORNING), ((days("weekend"), 3600),)),
        ),
    ],
)
def test_a_switch_may_have_a_limit_too(tree: object, expected: SwitchLine) -> None:
    assert switch(tree) == expected


def test_only_services_with_restricted_modes_know_them() -> None:
    assert switch("moderate", modes=True) == SwitchLine(Switch("moderate"))
    assert switches({"youtube": "strict"}, ["youtube"], "service") == {"youtube": SwitchLine(Switch("strict"))}
    with pytest.raises(GrammarError, match="`strict` is known only for youtube; expected `on` or `off`"):
        switches({"tiktok": "strict"}, ["tiktok"], "service")


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ("yes", "`yes` is not a switch; expected `on`"),
        ("False", "`False` is not a switch; expected `off`"),
        ("block", "`block` is not a switch; expected `off`"),
        ("offf", "`offf` is not known here; expected `on` or `off` (did you mean `off`?)"),
        ({}, 'an empty mapping stands here; expected `on`, `off` or times such as {on: {weekend: "9:00-11:00"}}'),
        (["on"], 'a list stands here; expected `on`, `off` or times such as {on: {weekend: "9:00-11:00"}}'),
        (
            {"on": "09:00-11:00", "off": "12:00-13:00"},
            "`on` and `off` times are both given; expected one of them, the rest is the other",
        ),
        ({"onn": "09:00-11:00"}, "`onn` is not a key here; did you mean `on`?"),
        (
            {"limit": "45"},
            "`45` has no unit; expected a number and a unit, such as 45m, 2h or 1 day",
        ),
        ({"limit": ["45m"]}, "a list stands here; expected a single word or text"),
    ],
)
def test_what_is_no_switch_is_refused(tree: object, complaint: str) -> None:
    with pytest.raises(ValueError, match="; ") as caught:
        switch(tree)
    assert str(caught.value) == complaint


def test_every_unknown_service_and_every_bad_switch_is_reported_with_its_path() -> None:
    tree = {"tiktak": "off", "roblox": {"on": {"weekend": "9-11"}}, "tiktok": "no", "zalo": "on"}
    with pytest.raises(GrammarError) as caught:
        switches(tree, ["roblox", "tiktok", "zalo"], "service")
    assert caught.value.found == (
        (("tiktak", "[key]"), "`tiktak` is not a service that safedns knows; did you mean `tiktok`?"),
        (("roblox", "on", "weekend"), "`9-11` is not a window of time; expected from-to, such as 21:00-06:30"),
        (("tiktok",), "`no` is not a switch; expected `off`"),
    )


def test_limits_are_lengths_of_time_by_days() -> None:
    tree = {"internet": "2h", "games": {"school days": "30m", "other days": "90m"}}
    assert limits(tree, ["games"]) == {
        "internet": ((EVERY_DAY, 7200),),
        "games": ((days("school days"), 1800), (days("other days"), 5400)),
    }
    assert limits("", ["games"]) == {}
    assert limits({"games": "none", "internet": "0m"}, ["games"]) == {"games": None, "internet": ((EVERY_DAY, 0),)}


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        (
            {"school nights": "30m"},
            "`school nights` names nights, but minutes count by the day; did you mean `school days`?",
        ),
        (
            {"sun, other nights": "30m"},
            "`sun, other nights` names nights, but minutes count by the day; did you mean `other days`?",
        ),
        ({"sun": "25h"}, "`25h` is out of range; expected 0m to 1 day"),
    ],
)
def test_a_limit_is_for_whole_days_and_no_longer_than_one(tree: object, complaint: str) -> None:
    with pytest.raises(GrammarError) as caught:
        limit(tree)
    assert str(caught.value) == complaint


def test_none_takes_a_single_service_away() -> None:
    assert switches({"youtube": "none"}, ["youtube"], "service") == {"youtube": None}


def test_every_bad_limit_is_reported() -> None:
    with pytest.raises(GrammarError) as caught:
        limits({"gamess": "2h", "games": {"monday": "30m", "sun": "30"}, "internet": "much"}, ["games"])
    assert [path for path, _ in caught.value.found] == [
        ("gamess", "[key]"),
        ("games", "monday", "[key]"),
        ("games", "sun"),
        ("internet",),
    ]


ENGINES = ("bing", "google")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [("on", True), ("off", False), ({"google": "on", "bing": "off"}, {"google": True, "bing": False})],
)
def test_safe_search_is_on_off_or_so_by_engine(tree: object, expected: object) -> None:
    assert safe_search(tree, ENGINES) == expected


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ("strict", "`strict` is not a switch; expected `on` or `off`"),
        ({}, "an empty mapping stands here; expected `on`, `off` or search engines such as {google: on, bing: off}"),
        (["google"], "a list stands here; expected `on`, `off` or search engines such as {google: on, bing: off}"),
    ],
)
def test_what_is_no_safe_search_is_refused_with_what_was_expected(tree: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        safe_search(tree, ENGINES)


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ({"gogle": "on"}, "`gogle` is not a search engine with a safe mode; did you mean `google`?"),
        ({"google": "yes"}, "`yes` is not a switch; expected `on`"),
    ],
)
def test_a_wrong_engine_is_told_at_its_place(tree: object, complaint: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(complaint)):
        safe_search(tree, ENGINES)
