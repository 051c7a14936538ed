"""Named windows, terms and a time zone of one's own."""

from __future__ import annotations

from datetime import date

import pytest

from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.model import Calendar, NamedWindow, Period, Policy, Rules, Switch, Timetable
from safedns.policy.snapshot import Snapshot
from tests.unit.policy.families import LISTS, ask, at, child, family, group, preset, target, timetable

MONDAY = "2026-11-23"
NOON = at(f"{MONDAY} 12:00")
DINNER = timetable(every_day="18:30-19:15")


def window(what: str, during: Timetable, *, opens: bool = False) -> NamedWindow:
    return NamedWindow(tuple(map(target, what.split())), during, opens)


def snapshot(rules: Rules, now: float = NOON) -> Snapshot:
    return compile_snapshot(family(child(rules=rules), group(rules=rules)), LISTS, now=now)


def blocked_at(rules: Rules, name: str, *hours: str) -> list[bool]:
    found = snapshot(rules)
    return [ask(found, "binh", name, at(f"{MONDAY} {hour}")).blocked for hour in hours]


HOURS = ("18:29", "18:30", "19:14", "19:15")


def test_a_window_without_anything_named_closes_all_internet_then() -> None:
    rules = Rules(windows={"dinner": window("internet", DINNER)}, always=("school.example",), allow=("friend.example",))
    assert blocked_at(rules, "wikipedia.example", *HOURS) == [False, True, True, False]
    assert blocked_at(rules, "www.school.example", *HOURS) == [False] * 4
    assert blocked_at(rules, "friend.example", *HOURS) == [False] * 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.roblox.com", Reason(ReasonKind.WINDOW, "quiet", "roblox.com", "games")),
        ("social.example", Reason(ReasonKind.WINDOW, "quiet", "social.example", "social")),
        ("a.reddit.example", Reason(ReasonKind.WINDOW, "quiet", "reddit.example")),
    ],
)
def test_a_window_closes_services_categories_and_sites(name: str, expected: Reason) -> None:
    found = snapshot(Rules(windows={"quiet": window("roblox social reddit.example", DINNER)}))
    assert ask(found, "binh", name, at(f"{MONDAY} 18:30")) == Decision(Action.BLOCK, expected)
    assert not ask(found, "binh", "wikipedia.example", at(f"{MONDAY} 18:30")).blocked


def test_on_only_during_closes_at_all_other_times_and_opens_nothing_that_is_off() -> None:
    windows = {"games": window("games", DINNER, opens=True)}
    assert blocked_at(Rules(windows=windows), "roblox.com", *HOURS) == [True, False, False, True]
    off = Rules(windows=windows, services={"roblox": Switch("off")})
    assert blocked_at(off, "roblox.com", *HOURS) == [True] * 4


def test_learning_is_not_left_open_by_a_window_within_homework() -> None:
    rules = Rules(windows={"dinner": window("internet", DINNER)}, homework=timetable(every_day="18:00-20:00"))
    assert blocked_at(rules, "learn.example", *HOURS) == [False, True, True, False]


def test_several_windows_close_what_any_of_them_closes() -> None:
    rules = Rules(
        windows={
            "dinner": window("internet", DINNER),
            "games": window("games", timetable(every_day="18:00-19:30")),
        }
    )
    assert blocked_at(rules, "roblox.com", "18:00", "18:30", "19:15", "19:30") == [True, True, True, False]


def test_a_windows_ends_are_edges() -> None:
    found = snapshot(Rules(windows={"dinner": window("internet", DINNER)}))
    binh = found.profiles["binh"]
    assert found.next_edge(binh, NOON) == at(f"{MONDAY} 18:30")
    assert found.next_edge(binh, at(f"{MONDAY} 18:30")) == at(f"{MONDAY} 19:15")


def test_under_a_wrong_clock_a_child_with_a_window_is_closed_and_a_group_is_not() -> None:
    for during in (DINNER, ()):
        found = snapshot(Rules(windows={"dinner": window("internet", during, opens=True)}), now=0.0)
        assert ask(found, "binh", "wikipedia.example", 60.0).reason.kind == "clock"
        assert not ask(found, "guests", "wikipedia.example", 60.0).blocked


def test_outside_every_term_there_is_no_school_and_a_holiday_within_one_is_none_either() -> None:
    calendar = Calendar(
        holidays=(Period("a day off", date(2026, 11, 24), date(2026, 11, 24)),),
        terms=(Period("first", date(2026, 9, 1), date(2026, 11, 25)),),
    )
    rules = Rules(homework=timetable(school_days="19:00-20:00"))
    found = compile_snapshot(family(child(rules=rules), calendar=calendar), LISTS, now=NOON)
    closed = [ask(found, "binh", "wikipedia.example", at(f"2026-11-{day} 19:00")).blocked for day in range(23, 28)]
    assert closed == [True, False, True, False, False]


def abroad(**rules: Timetable) -> Policy:
    spec = child(rules=Rules(bedtime=rules["bedtime"]), zone="Europe/Berlin")
    return family(spec, group(rules=Rules(bedtime=rules["bedtime"])))


def test_a_child_abroad_goes_by_the_clocks_there_and_the_others_by_those_at_home() -> None:
    found = compile_snapshot(abroad(bedtime=timetable(every_day="21:00-06:00")), LISTS, now=NOON)
    for who, zone in (("binh", "Europe/Berlin"), ("guests", "Asia/Ho_Chi_Minh")):
        assert not ask(found, who, "wikipedia.example", at(f"{MONDAY} 20:59", zone)).blocked
        assert ask(found, who, "wikipedia.example", at(f"{MONDAY} 21:00", zone)).blocked
        assert str(found.profiles[who].zone) == zone
    assert str(found.zone) == "Asia/Ho_Chi_Minh"


def test_days_abroad_are_the_days_there() -> None:
    found = compile_snapshot(abroad(bedtime=timetable(tue="00:00-24:00")), LISTS, now=NOON)
    early = at("2026-11-24 03:00")  # Tuesday at home, Monday evening in Berlin
    assert ask(found, "guests", "wikipedia.example", early).blocked
    assert not ask(found, "binh", "wikipedia.example", early).blocked


def test_a_birthday_abroad_begins_at_midnight_there() -> None:
    presets = (preset("0-5", ages=(0, 5), rules=Rules(default="deny")), preset("6-8", ages=(6, 8)))
    policy = family(child("an", born=(2021, 3), zone="America/New_York"), presets=presets)
    found = compile_snapshot(policy, LISTS, now=at("2027-02-27 12:00"))
    birthday = at("2027-03-01 00:00", "America/New_York")
    assert found.next_edge(found.profiles["an"], at("2027-02-27 12:00")) == birthday


def test_time_is_known_no_longer_than_in_every_zone() -> None:
    found = compile_snapshot(abroad(bedtime=timetable(every_day="21:00-06:00")), LISTS, now=NOON)
    assert found.expires == at("2026-12-08 00:00")
