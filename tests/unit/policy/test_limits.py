"""Minutes a day: which names count, what is left, and what happens when nothing is."""

from __future__ import annotations

from datetime import date

import pytest

from safedns.policy.compile import Compiler, compile_snapshot
from safedns.policy.limits import Quota
from safedns.policy.live import Live, Target, Used
from safedns.policy.model import Calendar, Period, Rules
from safedns.policy.schedule import allowance
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of
from tests.unit.policy.families import LISTS, MON_TO_FRI, ask, at, child, family, limit, override, target, timetable

MONDAY = date(2026, 11, 23)
NOON = at("2026-11-23 12:00")
MIDNIGHT = at("2026-11-24 00:00")
GAMES = limit("games", school_days=1800, other_days=5400)


def snapshot(rules: Rules, used: dict[tuple[str, Target, date], Used] | None = None, now: float = NOON) -> Snapshot:
    return compile_snapshot(family(child(rules=rules)), LISTS, now=now, live=Live(used=used or {}))


def used_today(what: str, seconds: int, bonus: int = 0) -> dict[tuple[str, Target, date], Used]:
    return {("binh", target(what), MONDAY): Used(seconds, bonus)}


@pytest.mark.parametrize(("day", "expected"), [(MONDAY, 1800), (date(2026, 11, 28), 5400), (date(2026, 11, 24), 5400)])
def test_a_limit_goes_by_the_kind_of_day(day: date, expected: int) -> None:
    calendar = Calendar(holidays=(Period("a day off", date(2026, 11, 24), date(2026, 11, 24)),))
    assert allowance(GAMES, day, calendar) == expected


def test_a_day_that_no_line_names_has_no_limit_and_of_several_the_least_counts() -> None:
    assert allowance(limit("games", weekend=60), MONDAY, MON_TO_FRI) is None
    assert allowance(limit("games", every_day=60, mon=120), MONDAY, MON_TO_FRI) == 60
    assert allowance(limit("games", every_day=60, mon=0), MONDAY, MON_TO_FRI) == 0


def test_a_limit_closes_when_it_is_used_up_and_opens_at_midnight() -> None:
    rules = Rules(limits=(GAMES,))
    for seconds, blocked in ((1799, False), (1800, True)):
        found = snapshot(rules, used_today("games", seconds))
        decision = ask(found, "binh", "www.roblox.com", NOON)
        assert decision.blocked is blocked
        if blocked:
            assert decision.reason == ("limit", "games", "roblox.com", "games")
            assert found.next_edge(found.profiles["binh"], NOON) == MIDNIGHT
            assert not ask(found, "binh", "www.roblox.com", MIDNIGHT).blocked
        assert not ask(found, "binh", "wikipedia.example", NOON).blocked


def test_bonus_minutes_are_added_for_the_day() -> None:
    found = snapshot(Rules(limits=(GAMES,)), used_today("games", 1800, bonus=600))
    assert not ask(found, "binh", "roblox.com", NOON).blocked
    assert found.limits(found.profiles["binh"], NOON) == (Quota(target("games"), 1800, 1800, 600),)
    assert found.limits(found.profiles["binh"], NOON)[0].left == 600


def test_what_is_left_is_by_the_day_and_never_less_than_nothing() -> None:
    found = snapshot(Rules(limits=(GAMES, limit("internet", weekend=60))), used_today("games", 2000))
    assert [quota.left for quota in found.limits(found.profiles["binh"], NOON)] == [0]
    saturday = at("2026-11-28 12:00")
    assert found.limits(found.profiles["binh"], saturday) == (
        Quota(target("games"), 5400, 0, 0),
        Quota(target("internet"), 60, 0, 0),
    )


def test_a_limit_of_nothing_is_always_used_up() -> None:
    found = snapshot(Rules(limits=(limit("tiktok", school_days=0),)))
    binh = found.profiles["binh"]
    assert ask(found, "binh", "tiktok.com", NOON).blocked
    assert found.next_edge(binh, NOON) == at("2026-11-28 00:00")
    assert not ask(found, "binh", "tiktok.com", at("2026-11-28 12:00")).blocked


def test_always_stays_open_and_for_all_internet_what_devices_ask_by_themselves() -> None:
    rules = Rules(limits=(limit("internet", every_day=0), limit("tiktok", every_day=0)), always=("school.example",))
    found = snapshot(rules)
    assert ask(found, "binh", "wikipedia.example", NOON).reason == ("limit", "internet", "", "")
    assert not ask(found, "binh", "www.school.example", NOON).blocked
    assert not ask(found, "binh", "time.ntp.example", NOON).blocked
    assert ask(found, "binh", "push.tiktok.com", NOON).reason.rule == "tiktok"


def test_names_count_for_the_limits_that_they_belong_to() -> None:
    rules = Rules(limits=(limit("internet", every_day=60), limit("games", every_day=60), limit("tiktok", weekend=60)))
    found = snapshot(rules)
    binh = found.profiles["binh"]
    assert binh.metered

    def meters(name: str) -> list[str]:
        return [str(each) for each in found.meters(binh, name, key_of(name), NOON)]

    assert meters("wikipedia.example") == ["internet"]
    assert meters("www.roblox.com") == ["internet", "games"]
    assert meters("cdn.example") == ["internet", "games", "tiktok"]
    assert meters("time.ntp.example") == meters("push.tiktok.com") == []


@pytest.mark.parametrize("granted", ["roblox", "games", "internet"])
def test_what_a_parent_granted_counts_for_no_limit(granted: str) -> None:
    rules = Rules(limits=(limit("games", every_day=60), limit("tiktok", every_day=60)))
    grant = override("grant", granted, NOON, NOON + 60)
    found = compile_snapshot(family(child(rules=rules)), LISTS, now=NOON, live=Live((grant,)))

    def meters(name: str, now: float) -> list[str]:
        return [str(each) for each in found.meters(found.profiles["binh"], name, key_of(name), now)]

    assert meters("www.roblox.com", NOON) == []
    assert meters("www.roblox.com", NOON + 60) == ["games"]
    assert meters("video.tiktok.com", NOON) == (["tiktok"] if granted != "internet" else [])


def test_snapshots_of_one_compiler_decide_alike_until_a_limit_is_used_up_or_a_parent_decides() -> None:
    compiler = Compiler(family(child(rules=Rules(limits=(GAMES,)))), LISTS)
    first = compiler.snapshot(now=NOON)
    for live, alike in (
        (Live(used=used_today("games", 1799)), True),
        (Live(used=used_today("games", 1800)), False),
        (Live((override("pause", "internet", NOON, NOON + 60),)), False),
    ):
        assert compiler.snapshot(now=NOON + 1, live=live).decides_like(first) is alike


def test_without_limits_nothing_counts() -> None:
    found = snapshot(Rules())
    assert not found.profiles["binh"].metered
    assert found.meters(found.profiles["binh"], "roblox.com", "com.roblox.", NOON) == ()
    assert found.limits(found.profiles["binh"], NOON) == ()


def test_under_a_wrong_clock_a_child_with_limits_is_closed() -> None:
    assert ask(snapshot(Rules(limits=(GAMES,)), now=0.0), "binh", "wikipedia.example", 60.0).reason.kind == "clock"


def test_bedtime_comes_first() -> None:
    rules = Rules(bedtime=timetable(every_day="21:00-06:30"), limits=(limit("internet", every_day=0),))
    assert ask(snapshot(rules), "binh", "wikipedia.example", at("2026-11-23 22:00")).reason.kind == "bedtime"
