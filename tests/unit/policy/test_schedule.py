"""Windows become instants: an instant is inside iff its local wall-clock reading is inside."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safedns.policy.model import Calendar, Days, DayWindows, DayWord, Period, Timetable, Window
from safedns.policy.schedule import Interval, expand
from tests.unit.policy import naive
from tests.unit.policy.families import SAIGON, at, clock_changes, timetable

ZONE_YEARS = (
    (SAIGON, 2028),  # never changes its clocks; a leap year
    ("Europe/Berlin", 2028),
    ("America/New_York", 2027),
    ("Australia/Lord_Howe", 2027),  # half an hour
    ("America/Sao_Paulo", 2018),  # at midnight: one day without 00:30, one with 23:30 twice
    ("Asia/Tehran", 2021),  # at midnight
    ("Africa/Casablanca", 2026),  # back for Ramadan
    ("Pacific/Apia", 2011),  # 30 December did not happen
)
CALENDAR = Calendar(
    frozenset({0, 1, 2, 3, 4}),
    tuple(
        holiday
        for year in (2011, 2018, 2021, 2026, 2027, 2028)
        for holiday in (
            Period("Tết", date(year, 2, 4), date(year, 2, 11)),
            Period("summer", date(year, 6, 1), date(year, 8, 31)),
            Period("New Year", date(year, 12, 25), date(year + 1, 1, 2)),
        )
    ),
)
RICH = timetable(
    school_nights="21:00-06:30",
    other_nights="22:30-07:30",
    school_days="00:15-00:45, 19:00-20:30",
    sun="01:45-03:15, 23:15-24:00",
)
"""Everything at once: windows over midnight, over the hours at which clocks change, to 24:00."""


def show(intervals: tuple[Interval, ...], zone: str = SAIGON) -> list[str]:
    """Intervals as wall-clock text, to read a table of them."""
    texts = []
    for start, end in intervals:
        first, last = (datetime.fromtimestamp(instant, ZoneInfo(zone)) for instant in (start, end))
        texts.append(f"{first:%a %d %H:%M} - {last:%a %d %H:%M}")
    return texts


def one_week(table: Timetable, calendar: Calendar = CALENDAR) -> list[str]:
    """Monday 23 to Sunday 29 November 2026."""
    return show(expand(table, calendar, ZoneInfo(SAIGON), date(2026, 11, 23), 7))


def test_a_window_holds_on_the_days_it_names() -> None:
    assert one_week(timetable(tue_sat="09:00-11:00, 15:00-17:00")) == [
        "Tue 24 09:00 - Tue 24 11:00",
        "Tue 24 15:00 - Tue 24 17:00",
        "Sat 28 09:00 - Sat 28 11:00",
        "Sat 28 15:00 - Sat 28 17:00",
    ]


def test_a_window_past_midnight_belongs_to_the_day_it_starts_on() -> None:
    assert one_week(timetable(fri="23:00-07:00")) == ["Fri 27 23:00 - Sat 28 07:00"]


def test_the_tail_of_the_evening_before_the_first_day_counts_and_the_last_one_is_cut_at_midnight() -> None:
    assert one_week(timetable(sun="23:00-07:00")) == ["Mon 23 00:00 - Mon 23 07:00", "Sun 29 23:00 - Mon 30 00:00"]


def test_24_00_is_the_end_of_the_day_and_touches_the_next_one() -> None:
    assert one_week(timetable(tue="22:00-24:00", wed="00:00-01:00")) == ["Tue 24 22:00 - Wed 25 01:00"]


def test_equal_start_and_end_is_a_whole_day() -> None:
    assert one_week(timetable(tue="08:00-08:00")) == ["Tue 24 08:00 - Wed 25 08:00"]


def test_overlapping_windows_are_one() -> None:
    assert one_week(timetable(tue="09:00-11:00, 10:00-12:00", every_day_tue="12:00-12:30"))[0:2] == [
        "Mon 23 12:00 - Mon 23 12:30",
        "Tue 24 09:00 - Tue 24 12:30",
    ]


def test_no_windows_never_hold() -> None:
    assert one_week(()) == []


def test_school_nights_are_the_nights_before_school_days() -> None:
    assert one_week(timetable(school_nights="21:00-22:00")) == [
        f"{day} 21:00 - {day} 22:00" for day in ("Mon 23", "Tue 24", "Wed 25", "Thu 26", "Sun 29")
    ]
    assert one_week(timetable(other_nights="21:00-22:00")) == [
        f"{day} 21:00 - {day} 22:00" for day in ("Fri 27", "Sat 28")
    ]


def test_a_holiday_makes_other_days_and_other_nights() -> None:
    calendar = Calendar(holidays=(Period("a day off", date(2026, 11, 25), date(2026, 11, 25)),))
    assert one_week(timetable(school_days="08:00-09:00"), calendar) == [
        f"{day} 08:00 - {day} 09:00" for day in ("Mon 23", "Tue 24", "Thu 26", "Fri 27")
    ]
    assert one_week(timetable(other_nights="21:00-22:00"), calendar) == [
        f"{day} 21:00 - {day} 22:00" for day in ("Tue 24", "Fri 27", "Sat 28")
    ]
    assert one_week(timetable(other_days="12:00-13:00"), calendar) == [
        f"{day} 12:00 - {day} 13:00" for day in ("Wed 25", "Sat 28", "Sun 29")
    ]


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("01:00-02:00", [("01:00", "03:00")]),
        ("02:15-02:45", []),
        ("02:30-03:30", [("03:00", "03:30")]),
        ("01:30-02:30", [("01:30", "03:00")]),
    ],
)
def test_minutes_that_are_skipped_in_spring_never_occur(window: str, expected: list[tuple[str, str]]) -> None:
    found = expand(timetable(sun=window), CALENDAR, ZoneInfo(BERLIN), date(2027, 3, 28), 1)
    assert found == tuple(
        (at(f"2027-03-28 {start}", BERLIN), at(f"2027-03-28 {end}", BERLIN)) for start, end in expected
    )


def test_minutes_that_are_repeated_in_autumn_match_both_times() -> None:
    found = expand(timetable(sun="02:15-02:45"), CALENDAR, ZoneInfo(BERLIN), date(2027, 10, 31), 1)
    assert found == tuple(
        (at("2027-10-31 02:15", BERLIN, fold=copy), at("2027-10-31 02:45", BERLIN, fold=copy)) for copy in (0, 1)
    )


def test_a_night_over_a_clock_change_ends_by_the_clock_not_by_elapsed_hours() -> None:
    nights = expand(timetable(sat="21:00-06:30"), CALENDAR, ZoneInfo(BERLIN), date(2027, 1, 1), 365)
    assert {(end - start) / 3600 for start, end in nights} == {8.5, 9.5, 10.5}


@pytest.mark.parametrize(("zone", "year"), ZONE_YEARS)
def test_expansion_agrees_with_reading_the_clock_at_every_quarter_hour_of_a_year(zone: str, year: int) -> None:
    # All windows and all clock changes lie on quarters of an hour, so nothing can happen between two samples.
    days = (date(year + 1, 1, 2) - date(year, 1, 1)).days
    found = expand(RICH, CALENDAR, ZoneInfo(zone), date(year, 1, 1), days)
    first, last = (at(f"{day} 00:00", zone) for day in (f"{year}-01-01", f"{year + 1}-01-02"))
    assert disagreements(found, RICH, zone, range(int(first), int(last), 900)) == []


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    """Any windows, to the minute."""
    words: tuple[DayWord, ...] = ("school days", "other days", "school nights", "other nights")
    day_sets = st.builds(Days, st.frozensets(st.integers(0, 6), max_size=3), st.frozensets(st.sampled_from(words)))
    window = st.builds(Window, st.integers(0, 1439), st.integers(1, 1440))
    entry = st.builds(DayWindows, day_sets, st.lists(window, min_size=1, max_size=3).map(tuple))
    return tuple(draw(st.lists(entry, min_size=1, max_size=3)))


SPECIAL_DAYS = [
    (zone, day)
    for zone, year in ZONE_YEARS
    for day in (*clock_changes(zone, year), date(year, 12, 31), date(year, 2, 28))
]


@settings(max_examples=60, deadline=None)
@given(table=timetables(), where=st.sampled_from(SPECIAL_DAYS))
@example(table=timetable(sun="01:30-02:00"), where=("Australia/Lord_Howe", date(2027, 4, 3)))
@example(table=timetable(sun="00:00-00:30"), where=("America/Sao_Paulo", date(2018, 11, 3)))
def test_expansion_agrees_with_reading_the_clock_at_every_minute_of_days_when_clocks_change(
    table: Timetable, where: tuple[str, date]
) -> None:
    zone, day = where
    found = expand(table, CALENDAR, ZoneInfo(zone), day - timedelta(days=1), 4)
    first = int(at(f"{day} 12:00", zone))
    assert disagreements(found, table, zone, range(first, first + 36 * 3600, 60)) == []


@settings(max_examples=50, deadline=None)
@given(table=timetables(), where=st.sampled_from(SPECIAL_DAYS))
def test_intervals_are_sorted_disjoint_and_never_touch(table: Timetable, where: tuple[str, date]) -> None:
    zone, day = where
    found = expand(table, CALENDAR, ZoneInfo(zone), day - timedelta(days=3), 10)
    edges = [edge for interval in found for edge in interval]
    assert edges == sorted(set(edges))


def disagreements(found: tuple[Interval, ...], table: Timetable, zone: str, instants: range) -> list[str]:
    """The sampled instants at which expansion and reading differ, as local times."""
    edges = [edge for interval in found for edge in interval]
    return [
        f"{datetime.fromtimestamp(instant, ZoneInfo(zone))}"
        for instant in instants
        if (bisect_right(edges, instant) % 2 == 1) != naive.holds(table, CALENDAR, zone, instant)
    ]
