"""One line that says what applies to a child now."""

from __future__ import annotations

import pytest

from safedns.policy.compile import compile_snapshot
from safedns.policy.live import Live, Override, Used
from safedns.policy.model import NamedWindow, Rules, Switch
from tests.unit.policy.families import LISTS, at, child, family, limit, override, preset, target, timetable
from tests.unit.policy.strategies import local_day

NOON = at("2026-11-23 12:00")
EVENING = at("2026-11-23 20:00")
RULES = Rules(
    bedtime=timetable(every_day="21:00-06:30"),
    homework=timetable(every_day="19:00-20:30"),
    services={"youtube": Switch("moderate")},
    windows={
        "dinner": NamedWindow((target("internet"),), timetable(every_day="18:30-19:15")),
        "forum hours": NamedWindow(
            (target("reddit.example"), target("tiktok")), timetable(every_day="08:00-16:00, 20:00-21:00")
        ),
    },
)


def line(now: float, *overrides: Override, rules: Rules = RULES, used: dict[str, Used] | None = None) -> str:
    """What is said of Bình, without his name."""
    day = local_day(now, "Asia/Ho_Chi_Minh")
    today = {("binh", target(what), day): value for what, value in (used or {}).items()}
    live = Live(overrides, today)
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=now, live=live)
    return snapshot.now_line(snapshot.profiles["binh"], now).removeprefix("Bình: ")


def test_windows_are_said_with_what_they_close() -> None:
    assert line(NOON) == (
        "open until 18:30, then dinner; forum hours until 16:00: reddit.example, TikTok off; YouTube moderate"
    )
    assert line(at("2026-11-23 18:45")) == "dinner until 19:00, then homework; YouTube moderate"


def test_what_a_window_closes_next_is_said_ahead_and_what_it_closes_now_only_once() -> None:
    rules = Rules(
        services={"tiktok": Switch("on", off_during=timetable(every_day="17:30-18:00"))},
        windows={"quiet": NamedWindow((target("tiktok"), target("games")), timetable(every_day="17:00-23:00"))},
    )
    assert line(NOON, rules=rules) == "open; TikTok, games until 17:00; TikTok on until 17:30"
    assert line(at("2026-11-23 17:40"), rules=rules) == "open; quiet until 23:00: TikTok, games off"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (override("pause", "internet", NOON, NOON + 1200), "paused until 12:20, then open"),
        (override("block", "internet", NOON, NOON + 1200), "paused until 12:20, then open"),
        (override("grant", "internet", EVENING, EVENING + 7200), "internet granted until 22:00, then bedtime"),
    ],
)
def test_what_a_parent_decided_about_all_internet_comes_first(made: Override, expected: str) -> None:
    rules = Rules(bedtime=timetable(every_day="21:00-06:30"))
    assert line(made.start, made, rules=rules) == expected


def test_what_a_parent_decided_about_single_things_is_told_with_its_end() -> None:
    made = (override("grant", "roblox", NOON, NOON + 1200), override("block", "social", NOON, NOON + 600))
    assert line(NOON, *made, rules=Rules()) == "open; Roblox granted until 12:20; social blocked until 12:10"


def test_what_is_left_of_limits_is_told_as_an_estimate() -> None:
    rules = Rules(limits=(limit("games", every_day=1800), limit("internet", every_day=7200)))
    assert line(NOON, rules=rules) == (
        "open; games 30 of 30 min left (estimated); internet 120 of 120 min left (estimated)"
    )
    assert line(NOON, rules=rules, used={"games": Used(330, 600)}) == (
        "open; games 35 of 40 min left (estimated); internet 120 of 120 min left (estimated)"
    )
    assert line(NOON, rules=rules, used={"internet": Used(7200)}) == (
        "today's time used up until 00:00, then open; "
        "games 30 of 30 min left (estimated); internet 0 of 120 min left (estimated)"
    )


def test_a_week_before_the_next_preset_counts_it_is_announced() -> None:
    presets = (preset("0-5", ages=(0, 5)), preset("6-8", ages=(6, 8)))
    policy = family(child("an", name="An", born=(2021, 3)), presets=presets)
    for now, said in (("2027-02-21 23:00", False), ("2027-02-22 00:00", True), ("2027-03-01 00:00", False)):
        snapshot = compile_snapshot(policy, LISTS, now=at(now))
        found = snapshot.now_line(snapshot.profiles["an"], at(now))
        assert found == ("An: open; from 1 March: 6-8" if said else "An: open")


def test_times_are_told_by_the_clocks_of_the_child() -> None:
    policy = family(child(rules=Rules(bedtime=timetable(every_day="21:00-06:30")), zone="Europe/Berlin"))
    snapshot = compile_snapshot(policy, LISTS, now=NOON)
    assert snapshot.now_line(snapshot.profiles["binh"], NOON) == "Bình: bedtime until 06:30, then open"


def test_a_limit_of_another_kind_of_day_is_not_told() -> None:
    assert line(NOON, rules=Rules(limits=(limit("games", weekend=60),))) == "open"
