"""A leap year of a family in five time zones, minute by minute: what is compiled is what a naive reading says.

Each week is compiled anew, with what a parent decided and what was used that week, by one compiler that takes over what
did not change. The whole year takes a minute; unless ``SAFEDNS_WHOLE_YEAR`` is set, minutes are walked through on
days at which something may go wrong, and on all others only what the compiler calls an edge is looked at.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple, get_args
from zoneinfo import ZoneInfo

import pytest

from safedns.policy.compile import Compiler
from safedns.policy.live import Live, Override, OverrideKind, Used
from safedns.policy.model import Calendar, Cleared, NamedWindow, Period, Rules, Switch
from safedns.policy.snapshot import Snapshot
from tests.unit.policy.families import (
    LISTS,
    SAIGON,
    ask,
    child,
    clock_changes,
    family,
    group,
    limit,
    preset,
    target,
    timetable,
)
from tests.unit.policy.naive import NaivePolicy, Verdict

YEAR = 2016
WEEK = 7 * 86_400
MINUTE = 60
BEGIN = int(datetime(YEAR - 1, 12, 29, tzinfo=UTC).timestamp())
END = int(datetime(YEAR + 1, 1, 4, tzinfo=UTC).timestamp())
CALENDAR = Calendar(
    frozenset(range(6)),
    holidays=(
        Period("Tết", date(YEAR, 2, 6), date(YEAR, 2, 14)),
        Period("leap day", date(YEAR, 2, 29), date(YEAR, 2, 29)),
        Period("turn of the year", date(YEAR, 12, 24), date(YEAR + 1, 1, 2)),
    ),
    terms=(
        Period("second", date(YEAR - 1, 12, 1), date(YEAR, 5, 27)),
        Period("first", date(YEAR, 9, 5), date(YEAR + 1, 1, 20)),
    ),
)
SMALL = preset(
    "small",
    ages=(0, 9),
    rules=Rules(
        default="deny",
        safety=("malware", "adult"),
        categories={"learning": Switch("on"), "forums": Switch("off")},
        windows={"nap": NamedWindow((target("internet"),), timetable(weekend="13:00-14:30"))},
        limits=(limit("internet", school_days=1800, other_days=3600), limit("games", every_day=0)),
        safe_search=True,
        always=("academy.example",),
    ),
)
BIG = preset(
    "big",
    ages=(10, 99),
    rules=Rules(
        safety=("malware",),
        categories={"forums": Switch("on", off_during=timetable(every_day="20:00-07:00"))},
        limits=(limit("social", every_day=600),),
    ),
)
GAMES = NamedWindow(
    (target("games"), target("forum.example")),
    timetable(school_days="17:00-18:30", other_days="09:00-12:00, 15:00-20:00"),
    opens=True,
)
CHILDREN = (
    child(  # clocks change at two; ten on the day after 29 February
        "berta",
        zone="Europe/Berlin",
        born=(YEAR - 10, 3),
        rules=Rules(
            bedtime=timetable(school_nights="20:37-06:30", other_nights="21:52-07:30"),
            homework=timetable(school_days="15:00-16:11"),
            services={"roblox": Switch("off", on_during=timetable(weekend="01:30-03:30, 15:00-17:00"))},
            cleared=frozenset({Cleared("limits", "games")}),
        ),
    ),
    child(  # half an hour is skipped and repeated
        "lina",
        zone="Australia/Lord_Howe",
        preset="big",
        rules=Rules(
            bedtime=timetable(every_day="22:10-01:50"),
            windows={
                "owl": NamedWindow((target("internet"),), timetable(sun_mon="01:45-02:20")),
                "games after school": GAMES,
            },
            limits=(limit("games", school_days=1800, other_days=5400), limit("internet", every_day=7200)),
        ),
    ),
    child(  # clocks change at midnight: a day without 00:30, and one with 23:30 twice
        "caio",
        zone="America/Sao_Paulo",
        born=(YEAR - 10, 10),
        rules=Rules(
            bedtime=timetable(every_day="23:15-24:00", sun="00:10-00:50"),
            limits=(limit("internet", school_days=3600, other_days=7200), limit("tiktok", weekend=0)),
            cleared=frozenset({Cleared("windows")}),
        ),
    ),
    child(  # summer time pauses for Ramadan
        "salma",
        zone="Africa/Casablanca",
        preset="small",
        rules=Rules(
            homework=timetable(mon_wed="02:15-02:45, 18:00-19:00"),
            services={
                "tiktok": Switch("on", off_during=timetable(every_day="02:00-03:00")),
                "youtube": Switch("strict"),
            },
            allow=("friend.example",),
        ),
    ),
)
GUESTS = group("guests", preset="small", rules=Rules(bedtime=timetable(every_day="22:00-05:00")))
POLICY = family(*CHILDREN, GUESTS, presets=(SMALL, BIG), zone=SAIGON, calendar=CALENDAR)
ZONES = {spec.id: spec.timezone or SAIGON for spec in POLICY.profiles}
NAMES = (
    *("wikipedia.example", "www.roblox.com", "tiktok.com", "forum.example", "www.youtube.com", "www.google.com"),
    *("academy.example", "friend.example", "evil.example", "social.example", "time.ntp.example", "learn.example"),
)
TARGETS = tuple(map(target, ("internet", "games", "social", "tiktok", "youtube", "forum.example", "evil.example")))
KINDS: tuple[OverrideKind, ...] = get_args(OverrideKind)


class Week(NamedTuple):
    """A week with what held only for then."""

    start: int
    live: Live
    snapshot: Snapshot


@pytest.fixture(scope="module")
def weeks() -> list[Week]:
    compiler, chance = Compiler(POLICY, LISTS, release=0.0), Random(YEAR)
    found = []
    for start in range(BEGIN, END, WEEK):
        live = live_of(start, chance)
        found.append(Week(start, live, compiler.snapshot(now=start, live=live)))
    return found


def live_of(start: int, chance: Random) -> Live:
    """Four overrides a profile, some over the end of the week, and limits that are used up on some days."""
    overrides, used = [], {}
    for spec in POLICY.profiles:
        for number in range(4):
            begin = start + chance.randrange(WEEK // MINUTE) * MINUTE
            until = begin + chance.randrange(5, 900) * MINUTE
            overrides.append(Override(number, spec.id, chance.choice(KINDS), chance.choice(TARGETS), begin, until))
        for day in range(9):
            today = datetime.fromtimestamp(start + day * 86_400, ZoneInfo(ZONES[spec.id])).date()
            for what in ("internet", "games", "social", "tiktok"):
                seconds, bonus = chance.choice((0, 1800, 7200)), chance.choice((0, 0, 600))
                used[spec.id, target(what), today] = Used(seconds, bonus)
    overrides.sort(key=lambda override: -override.start)
    return Live(tuple(overrides), used)


def minutes(who: str, start: int) -> range | list[int]:
    """The minutes of a week that are walked through."""
    whole = range(start, start + WEEK, MINUTE)
    if os.environ.get("SAFEDNS_WHOLE_YEAR"):
        return whole
    zone = ZoneInfo(ZONES[who])
    special = days_of_interest(ZONES[who])
    return [minute for minute in whole if datetime.fromtimestamp(minute, zone).date() in special]


def days_of_interest(zone: str) -> set[date]:
    """Changes of the clocks, the turn of the year, 29 February, birthdays, the borders of terms and holidays."""
    borders = {day for period in (*CALENDAR.holidays, *CALENDAR.terms) for day in (period.first, period.last)}
    birthdays = {date(YEAR, 3, 1), date(YEAR, 10, 1)}
    found = {*clock_changes(zone, YEAR), *borders, *birthdays, date(YEAR, 1, 1), date(YEAR, 2, 29)}
    return {day + timedelta(step) for day in found for step in (-1, 0, 1)}


@pytest.mark.parametrize("who", ZONES)
def test_edges_are_exactly_the_minutes_at_which_the_naive_reading_changes(weeks: list[Week], who: str) -> None:
    wrong = []
    for week in weeks:
        naive = NaivePolicy(POLICY, LISTS, who, 0.0, week.live)
        edges = edges_of(week, who)
        assert all(edge % MINUTE == 0 for edge in edges)
        before, last = None, None
        for minute in [*sorted(edges), *minutes(who, week.start)]:
            if before is None or last != minute - MINUTE:
                before = naive.state(minute - MINUTE)
            state = naive.state(minute)
            if (state != before) != (minute in edges) and minute != week.start:
                wrong.append(datetime.fromtimestamp(minute, ZoneInfo(ZONES[who])).isoformat())
            before, last = state, minute
    assert wrong == []


@pytest.mark.parametrize("who", ZONES)
def test_decisions_are_those_of_the_naive_reading_at_edges_and_in_between(weeks: list[Week], who: str) -> None:
    chance = Random(who)
    for week in weeks:
        naive = NaivePolicy(POLICY, LISTS, who, 0.0, week.live)
        between = [week.start + chance.randrange(WEEK) for _ in range(20)]
        for instant in (*edges_of(week, who), *between):
            for name in chance.sample(NAMES, 2):
                decision = ask(week.snapshot, who, name, instant)
                found = Verdict(decision.action, decision.reason.kind, decision.target)
                assert found == naive.verdict(name, instant), (name, instant)


def edges_of(week: Week, who: str) -> set[float]:
    """Those within the week."""
    found: set[float] = set()
    now: float = week.start
    while (now := week.snapshot.next_edge(week.snapshot.profiles[who], now)) < week.start + WEEK:
        found.add(now)
    return found
