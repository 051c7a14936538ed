"""What a policy means around an instant: presets by age, two weeks of edges, and agreement with a naive reading."""

from __future__ import annotations

from datetime import date
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns import RELEASE
from safedns.policy.compile import compile_snapshot
from safedns.policy.courses import preset_for
from safedns.policy.model import Calendar, Period, Rules, Switch
from safedns.policy.snapshot import Snapshot
from tests.unit.policy import strategies
from tests.unit.policy.families import LISTS, SAIGON, ask, at, child, family, group, preset, timetable
from tests.unit.policy.naive import NaivePolicy, Verdict

BANDS = {
    item.name: item
    for item in (preset("0-5", ages=(0, 5)), preset("6-8", ages=(6, 8)), preset("11-13", ages=(11, 13)), preset("open"))
}
DAY = 86_400
NIGHTS = Rules(bedtime=timetable(every_day="21:00-06:30"))
NOON = at("2026-11-23 12:00")


def edges(snapshot: Snapshot, who: str, now: float) -> list[float]:
    """Every edge that ``next_edge`` tells from ``now`` on."""
    found: list[float] = []
    while (now := snapshot.next_edge(snapshot.profiles[who], now)) < inf:
        found.append(now)
    return found


@pytest.mark.parametrize(
    ("born", "day", "expected"),
    [
        ((2021, 3), date(2027, 2, 28), "0-5"),
        ((2021, 3), date(2027, 3, 1), "6-8"),  # six from the first day of the month of birth
        ((2018, 3), date(2027, 3, 1), "6-8"),  # nine: between two bands counts the younger one
        ((2016, 3), date(2027, 3, 1), "11-13"),
        ((1990, 3), date(2027, 3, 1), "11-13"),  # older than every band: the oldest
        ((2028, 3), date(2027, 3, 1), "0-5"),  # not born yet: the youngest
    ],
)
def test_age_picks_the_preset(born: tuple[int, int], day: date, expected: str) -> None:
    assert preset_for(child(born=born), BANDS, day) == BANDS[expected]


def test_a_preset_that_is_named_stays_and_without_name_and_age_there_is_none() -> None:
    assert preset_for(child(preset="open", born=(2021, 3)), BANDS, date(2027, 3, 1)) == BANDS["open"]
    assert preset_for(child(), BANDS, date(2027, 3, 1)) is None
    assert preset_for(child(born=(2021, 3)), {"open": BANDS["open"]}, date(2027, 3, 1)) is None


def test_a_birthday_is_an_edge_at_local_midnight() -> None:
    presets = (preset("0-5", ages=(0, 5), rules=Rules(default="deny")), preset("6-8", ages=(6, 8)))
    policy = family(child("an", born=(2021, 3)), presets=presets)
    snapshot = compile_snapshot(policy, LISTS, now=at("2027-02-20 12:00"))
    birthday = at("2027-03-01 00:00")
    assert edges(snapshot, "an", at("2027-02-20 12:00")) == [birthday]
    assert ask(snapshot, "an", "wikipedia.example", birthday - 1).blocked
    assert not ask(snapshot, "an", "wikipedia.example", birthday).blocked
    assert snapshot.profiles["an"].preset == "0-5"


def test_a_birthday_begins_with_the_first_of_two_midnights() -> None:
    presets = (preset("0-5", ages=(0, 5), rules=Rules(default="deny")), preset("6-8", ages=(6, 8)))
    policy = family(child("an", born=(2020, 11)), presets=presets, zone="America/Havana")
    now = at("2026-10-25 12:00", "America/Havana")
    snapshot = compile_snapshot(policy, LISTS, now=now, release=0.0)
    assert edges(snapshot, "an", now) == [at("2026-11-01 00:00", "America/Havana", fold=0)]


def test_bedtime_of_the_new_preset_counts_from_the_birthday_on() -> None:
    presets = (
        preset("0-5", ages=(0, 5), rules=Rules(bedtime=timetable(every_day="19:00-07:00"))),
        preset("6-8", ages=(6, 8), rules=Rules(bedtime=timetable(every_day="20:00-06:00"))),
    )
    snapshot = compile_snapshot(family(child("an", born=(2021, 3)), presets=presets), LISTS, now=at("2027-02-27 12:00"))
    assert edges(snapshot, "an", at("2027-02-28 12:00"))[:4] == [
        at(text) for text in ("2027-02-28 19:00", "2027-03-01 00:00", "2027-03-01 06:00", "2027-03-01 20:00")
    ]


def test_what_a_parent_writes_lies_over_the_preset() -> None:
    young = preset("young", rules=Rules(log="summary", block=("a.example",), services={"tiktok": Switch("off")}))
    own = Rules(block=("b.example",), services={"tiktok": Switch("on")})
    snapshot = compile_snapshot(family(child(preset="young", rules=own), presets=(young,)), LISTS, now=NOON)
    verdicts = [ask(snapshot, "binh", name, NOON).blocked for name in ("a.example", "b.example", "tiktok.com")]
    assert verdicts == [True, True, False]
    assert snapshot.profiles["binh"].log == "summary"


def test_profiles_keep_their_order_and_log_fully_unless_told_otherwise() -> None:
    policy = family(child("an"), child("binh", rules=Rules(log="off")), group("guests"))
    snapshot = compile_snapshot(policy, LISTS, now=NOON, epoch=7)
    assert [(item.id, item.kind, item.log, item.index) for item in snapshot.profiles.values()] == [
        ("an", "child", "full", 0),
        ("binh", "child", "off", 1),
        ("guests", "group", "full", 2),
    ]
    assert snapshot.epoch == 7


def test_time_is_known_for_two_weeks() -> None:
    snapshot = compile_snapshot(family(child(rules=NIGHTS)), LISTS, now=NOON)
    assert snapshot.expires == at("2026-12-08 00:00")
    assert edges(snapshot, "binh", NOON)[-1] == at("2026-12-07 21:00")


def test_after_that_a_child_with_time_rules_is_closed_rather_than_open_at_the_wrong_hour() -> None:
    snapshot = compile_snapshot(family(child(rules=NIGHTS), group(rules=NIGHTS)), LISTS, now=NOON)
    assert ask(snapshot, "binh", "wikipedia.example", snapshot.expires + 12 * 3600).reason.kind == "clock"
    assert not ask(snapshot, "guests", "wikipedia.example", snapshot.expires + 23 * 3600).blocked


def test_a_clock_that_steps_back_a_few_hours_changes_nothing() -> None:
    snapshot = compile_snapshot(family(child(rules=NIGHTS)), LISTS, now=at("2026-11-23 00:05"))
    assert ask(snapshot, "binh", "wikipedia.example", at("2026-11-22 20:00")).reason.kind == "default"
    assert ask(snapshot, "binh", "wikipedia.example", at("2026-11-22 21:00")).reason.kind == "bedtime"


def test_the_release_is_an_edge_while_the_clock_is_wrong() -> None:
    snapshot = compile_snapshot(family(child(rules=NIGHTS)), LISTS, now=RELEASE - 60)
    assert ask(snapshot, "binh", "wikipedia.example", RELEASE - 1).reason.kind == "clock"
    assert snapshot.next_edge(snapshot.profiles["binh"], RELEASE - 60) == RELEASE
    assert ask(snapshot, "binh", "wikipedia.example", RELEASE).reason.kind == "default"


def test_a_clock_of_1970_compiles_and_its_snapshot_runs_out_in_1970() -> None:
    snapshot = compile_snapshot(family(child(rules=NIGHTS)), LISTS, now=0.0)
    assert snapshot.expires < 20 * DAY
    assert edges(snapshot, "binh", 0.0) == []


def test_without_time_rules_there_is_no_edge() -> None:
    snapshot = compile_snapshot(family(child(rules=Rules(services={"tiktok": Switch("off")}))), LISTS, now=NOON)
    assert edges(snapshot, "binh", 0.0) == []


def test_windows_that_change_nothing_make_no_edges() -> None:
    rules = Rules(bedtime=timetable(mon="21:00-23:00"), homework=timetable(mon="21:30-22:00"))
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=NOON)
    assert edges(snapshot, "binh", NOON)[:2] == [at("2026-11-23 21:00"), at("2026-11-23 23:00")]


def test_a_holiday_moves_bedtime() -> None:
    rules = Rules(bedtime=timetable(school_nights="21:00-06:30", other_nights="22:30-07:30"))
    calendar = Calendar(holidays=(Period("a day off", date(2026, 11, 24), date(2026, 11, 24)),))
    snapshot = compile_snapshot(family(child(rules=rules), calendar=calendar), LISTS, now=NOON)
    assert edges(snapshot, "binh", NOON)[:4] == [
        at(text) for text in ("2026-11-23 22:30", "2026-11-24 07:30", "2026-11-24 21:00", "2026-11-25 06:30")
    ]


PLACES = (
    (SAIGON, "2026-12-23 22:10"),  # over the turn of the year
    ("Europe/Berlin", "2027-03-20 09:00"),  # an hour is skipped on the 28th
    ("America/New_York", "2026-11-01 00:30"),  # an hour is repeated within two hours
    ("Australia/Lord_Howe", "2027-03-30 15:45"),  # half an hour is repeated on 4 April
    ("Africa/Casablanca", "2027-02-01 12:00"),  # back for Ramadan on the 7th
    ("Asia/Tehran", "2028-02-20 12:00"),  # 29 February
)


@st.composite
def situations(draw: st.DrawFn, step: int = 1) -> tuple[NaivePolicy, NaivePolicy, Snapshot, float]:
    """A policy as the naive interpreter reads it for the child and for the group, its snapshot, and now."""
    zone, text = draw(st.sampled_from(PLACES))
    now = at(text, zone)
    release = now - 6 * 3600
    policy = draw(strategies.policies(zone, step))
    live = draw(strategies.lives(policy, now, step))
    kid, guests = (NaivePolicy(policy, LISTS, who, release, live) for who in ("kid", "guests"))
    return kid, guests, compile_snapshot(policy, LISTS, now=now, release=release, live=live), now


@settings(max_examples=40, deadline=None)
@given(situation=situations(), data=st.data())
def test_decide_agrees_with_a_naive_reading_of_the_policy(
    situation: tuple[NaivePolicy, NaivePolicy, Snapshot, float], data: st.DataObject
) -> None:
    kid, guests, snapshot, now = situation
    for naive in (kid, guests):
        known = edges(snapshot, naive.spec.id, now)
        around = [edge + step for edge in known for step in (-60, -1, 0, 60) if edge + step < snapshot.expires]
        minutes = [now + 60 * data.draw(st.integers(0, 14 * 1440)) for _ in range(2)]
        for instant in (*data.draw(st.permutations(around))[:4], *minutes, naive.release):
            for name in data.draw(st.lists(strategies.names(), min_size=3, max_size=6)):
                decision = ask(snapshot, naive.spec.id, name, instant)
                expected = naive.verdict(name, instant)
                assert Verdict(decision.action, decision.reason.kind, decision.target) == expected


@settings(max_examples=15, deadline=None)
@given(situation=situations(), name=strategies.names(), before=st.integers(1, 10**9))
def test_decide_agrees_with_a_naive_reading_under_a_wrong_clock(
    situation: tuple[NaivePolicy, NaivePolicy, Snapshot, float], name: str, before: int
) -> None:
    kid, guests, snapshot, _ = situation
    for naive in (kid, guests):
        if naive.spec.born is None:  # nobody's age is known under a wrong clock
            decision = ask(snapshot, naive.spec.id, name, naive.release - before)
            expected = naive.verdict(name, naive.release - before)
            assert Verdict(decision.action, decision.reason.kind, decision.target) == expected


@settings(max_examples=10, deadline=None)
@given(situation=situations(step=15))
def test_edges_are_exactly_the_instants_at_which_the_naive_reading_changes(
    situation: tuple[NaivePolicy, NaivePolicy, Snapshot, float],
) -> None:
    # Windows and clock changes lie on quarters of an hour, so a quarter is as good as a minute.
    naive, _, snapshot, now = situation
    quarters = range(int(now) // 900 * 900, int(snapshot.expires), 900)
    states = [naive.state(instant) for instant in quarters]
    changes = [
        instant
        for instant, before, after in zip(quarters[1:], states, states[1:], strict=False)
        if before != after and instant > now
    ]
    assert edges(snapshot, "kid", now) == changes
