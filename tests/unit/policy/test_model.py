"""Laying what a parent wrote over a preset."""

from __future__ import annotations

import pytest

from safedns.policy.model import Cleared, NamedWindow, Rules, Switch, merge
from tests.unit.policy.families import limit, target, timetable


def test_scalars_replace_and_what_is_not_said_stays() -> None:
    merged = merge(Rules(default="deny", safe_search=True, log="full"), Rules(default="allow", log="off"))
    assert (merged.default, merged.safe_search, merged.log) == ("allow", True, "off")


def test_services_and_categories_are_laid_over_one_by_one() -> None:
    on, off = Switch("on"), Switch("off")
    merged = merge(Rules(services={"zalo": on, "tiktok": on}), Rules(services={"tiktok": off}))
    assert merged.services == {"zalo": on, "tiktok": off}


def test_names_add_without_repetition() -> None:
    merged = merge(Rules(allow=("a.example", "b.example")), Rules(allow=("b.example", "c.example")))
    assert merged.allow == ("a.example", "b.example", "c.example")


def test_a_parent_may_block_what_the_preset_allows_and_allow_what_it_blocks() -> None:
    preset = Rules(allow=("films.example", "a.example"), block=("chat.example", "b.example"))
    merged = merge(preset, Rules(allow=("chat.example",), block=("films.example",)))
    assert (merged.allow, merged.block) == (("a.example", "chat.example"), ("b.example", "films.example"))


NIGHTS = timetable(every_day="21:00-06:30")
DINNER = NamedWindow((target("internet"),), timetable(every_day="18:30-19:15"))
PRESET = Rules(
    bedtime=NIGHTS,
    homework=NIGHTS,
    services={"tiktok": Switch("off"), "zalo": Switch("on")},
    categories={"games": Switch("off")},
    windows={"dinner": DINNER},
    limits=(limit("games", every_day=60), limit("internet", every_day=600)),
    allow=("a.example",),
    block=("b.example",),
    always=("c.example",),
    reply="null",
    remember=300,
)


def test_windows_and_limits_are_laid_over_one_by_one() -> None:
    supper = NamedWindow((target("games"),), NIGHTS)
    merged = merge(PRESET, Rules(windows={"supper": supper}, limits=(limit("games", every_day=30),)))
    assert merged.windows == {"dinner": DINNER, "supper": supper}
    assert merged.limits == (limit("games", every_day=30), limit("internet", every_day=600))


@pytest.mark.parametrize(
    "field", ["bedtime", "homework", "services", "categories", "windows", "limits", "allow", "block", "always", "reply"]
)
def test_what_is_cleared_is_as_if_the_preset_had_not_said_it(field: str) -> None:
    merged = merge(PRESET, Rules(cleared=frozenset({Cleared(field)})))
    assert getattr(merged, field) == getattr(Rules(), field)
    assert merged.remember == 300
    assert merged.cleared == frozenset()


def test_what_is_said_beside_a_cleared_line_counts() -> None:
    merged = merge(PRESET, Rules(allow=("mine.example",), bedtime=(), cleared=frozenset({Cleared("allow")})))
    assert merged.allow == ("mine.example",)
    assert merged.bedtime == ()


def test_a_single_entry_can_be_taken_away() -> None:
    away = {Cleared("services", "tiktok"), Cleared("windows", "dinner"), Cleared("limits", "games")}
    merged = merge(PRESET, Rules(cleared=frozenset(away)))
    assert merged.services == {"zalo": Switch("on")}
    assert merged.windows == {}
    assert merged.limits == (limit("internet", every_day=600),)
    assert merged.categories == PRESET.categories


def test_engines_are_laid_over_each_other_and_start_anew_where_safe_search_itself_is_said() -> None:
    base = Rules(safe_search=True, engines={"bing": False, "google": True})
    assert merge(base, Rules(engines={"bing": True})).engines == {"bing": True, "google": True}
    assert merge(base, Rules()).engines == base.engines
    assert merge(base, Rules(safe_search=False)).engines == {}
    assert merge(base, Rules(safe_search=True, engines={"ecosia": False})).engines == {"ecosia": False}
