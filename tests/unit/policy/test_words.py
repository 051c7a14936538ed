"""The grammar of days, windows and dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.policy.model import Days, DayWindows, DayWord, Window
from safedns.policy.words import (
    EVERY_DAY,
    WEEKDAYS,
    ages,
    birth_month,
    calendar_day,
    days,
    school_days,
    timetable,
    windows,
)
from safedns.yamlfile.validate import GrammarError

CALENDAR_WORDS: tuple[DayWord, ...] = ("school days", "other days", "school nights", "other nights")
_DAY_WORDS = (
    "`mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, `every day`, `weekend`, "
    "`school days`, `other days`, `school nights` or `other nights`"
)


def refusal(parse: Callable[[str], object], text: str) -> str:
    with pytest.raises(ValueError, match="; ") as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "weekdays", "words"),
    [
        ("mon", {0}, set()),
        ("mon-fri", {0, 1, 2, 3, 4}, set()),
        ("sat-mon", {5, 6, 0}, set()),
        ("sun – tue", {6, 0, 1}, set()),
        ("wed-wed", {2}, set()),
        ("mon, wed,fri", {0, 2, 4}, set()),
        ("every day", set(range(7)), set()),
        ("weekend", {5, 6}, set()),
        ("school nights", set(), {"school nights"}),
        ("sat-sun, other days", {5, 6}, {"other days"}),
    ],
)
def test_days_are_named_alone_in_ranges_and_in_lists(text: str, weekdays: set[int], words: set[DayWord]) -> None:
    assert days(text) == Days(frozenset(weekdays), frozenset(words))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("monday", "`monday` is not a day; did you mean `mon`?"),
        ("Wednesday", "`Wednesday` is not a day; did you mean `wed`?"),
        ("weekdays", "`weekdays` is not a day; did you mean `mon-fri`?"),
        ("t2", "`t2` is not a day; did you mean `mon`?"),
        ("CN", "`CN` is not a day; did you mean `sun`?"),
        ("mon-fry", "`fry` is not a day; did you mean `fri`?"),
        ("school night", "`school night` is not a day; did you mean `school nights`?"),
        ("xyz", f"`xyz` is not a day; expected {_DAY_WORDS}"),
        ("mon,", f"`` is not a day; expected {_DAY_WORDS}"),
        (
            "15:00-17:00",
            (
                "`15:00-17:00` stands where days were expected; "
                'put several windows in quotes: "09:00-11:00, 15:00-17:00"'
            ),
        ),
    ],
)
def test_what_is_no_day_gets_a_suggestion(text: str, complaint: str) -> None:
    assert refusal(days, text) == complaint


@given(st.sets(st.integers(0, 6)), st.sets(st.sampled_from(CALENDAR_WORDS)), st.randoms(use_true_random=False))
def test_days_that_are_written_out_are_read_back(weekdays: set[int], words: set[DayWord], random: object) -> None:
    parts = [WEEKDAYS[number] for number in weekdays] + [str(word) for word in words]
    random.shuffle(parts)  # type: ignore[attr-defined]  # hypothesis hands a random.Random, typed as object
    if parts:
        assert days(", ".join(parts)) == Days(frozenset(weekdays), frozenset(words))


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_range_of_days_runs_forward_from_its_first_to_its_last(first: int, last: int) -> None:
    wanted, day = {first}, first
    while day != last:
        day = (day + 1) % 7
        wanted.add(day)
    assert days(f"{WEEKDAYS[first]}-{WEEKDAYS[last]}").weekdays == wanted


def test_school_days_are_weekdays_or_none() -> None:
    assert school_days("mon-sat") == frozenset(range(6))
    assert school_days("off") == frozenset()
    assert refusal(school_days, "school days") == (
        "`school days` does not say which days have school; expected weekdays such as mon-fri"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21:00-06:30", [Window(1260, 390)]),
        ("9:00-11:00", [Window(540, 660)]),
        ("09:00 – 11:00", [Window(540, 660)]),
        ("09:00-11:00, 15:00-17:00", [Window(540, 660), Window(900, 1020)]),
        ("00:00-24:00", [Window(0, 1440)]),
        ("22:00-24:00", [Window(1320, 1440)]),
        ("22:00-00:00", [Window(1320, 1440)]),
        ("23:59-00:01", [Window(1439, 1)]),
    ],
)
def test_windows_run_from_to_and_may_pass_midnight(text: str, expected: list[Window]) -> None:
    assert windows(text) == tuple(expected)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("21:00", "`21:00` is not a window of time; expected from-to, such as 21:00-06:30"),
        ("9pm-6am", "`9pm-6am` is not a window of time; expected from-to, such as 21:00-06:30"),
        ("21-6", "`21-6` is not a window of time; expected from-to, such as 21:00-06:30"),
        ("09:00-11:00,", "`` is not a window of time; expected from-to, such as 21:00-06:30"),
        ("21:60-22:00", "`21:60` is not a time of day; expected 00:00 to 24:00"),
        ("21:00-24:01", "`24:01` is not a time of day; expected 00:00 to 24:00"),
        ("21:00-21:00", "`21:00-21:00` ends when it starts; for a whole day write 00:00-24:00"),
        ("24:00-06:00", "`24:00-06:00` starts at 24:00, where a day ends; expected 00:00 of the next day"),
    ],
)
def test_what_is_no_window_is_refused_with_the_way_to_write_it(text: str, complaint: str) -> None:
    assert refusal(windows, text) == complaint


MINUTES = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])


@given(st.lists(MINUTES, min_size=1, max_size=4))
def test_windows_that_are_written_out_are_read_back(pairs: list[tuple[int, int]]) -> None:
    text = ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs)
    assert windows(text) == tuple(Window(start, end) for start, end in pairs)


def test_a_bare_text_is_a_timetable_for_every_day() -> None:
    assert timetable("21:00-06:30") == (DayWindows(EVERY_DAY, (Window(1260, 390),)),)


def test_off_is_a_timetable_that_never_applies() -> None:
    assert timetable("off") == ()
    assert timetable({"sat": "off", "sun": "09:00-10:00"}) == (DayWindows(Days(frozenset({6})), (Window(540, 600),)),)


def test_a_timetable_reports_every_mistake_in_it() -> None:
    with pytest.raises(GrammarError) as caught:
        timetable({"mon": "x", "tuesday": "09:00-10:00", "wed": [], "thu": "09:00-10:00"})
    assert [path for path, _ in caught.value.found] == [("mon",), ("tuesday", "[key]"), ("wed",)]


@pytest.mark.parametrize(("tree", "given_words"), [({}, "an empty mapping"), (["21:00-06:30"], "a list")])
def test_a_timetable_is_a_text_or_a_mapping(tree: object, given_words: str) -> None:
    with pytest.raises(ValueError, match="stands here") as caught:
        timetable(tree)
    assert str(caught.value) == (
        f'{given_words} stands here; expected times such as "21:00-06:30" or {{mon-fri: "21:00-06:30"}}'
    )


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (calendar_day, "2027-02-04", date(2027, 2, 4)),
        (birth_month, "2015-09", (2015, 9)),
        (ages, "6-9", (6, 9)),
        (ages, "0 - 5", (0, 5)),
        (ages, "7", (7, 7)),
    ],
)
def test_dates_months_and_ages(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "complaint"),
    [
        (calendar_day, "4/2/2027", "`4/2/2027` is not a date; expected year-month-day such as 2027-02-04"),
        (calendar_day, "2027-2-4", "`2027-2-4` is not a date; expected year-month-day such as 2027-02-04"),
        (calendar_day, "2027-02-30", "there is no day `2027-02-30`; expected year-month-day such as 2027-02-04"),
        (birth_month, "2015", "`2015` is not a month; expected year and month of birth, such as 2015-09"),
        (birth_month, "2015-13", "there is no month `2015-13`; expected year and month of birth, such as 2015-09"),
        (birth_month, "0015-01", "there is no month `0015-01`; expected year and month of birth, such as 2015-09"),
        (birth_month, "2021-03-15", "`2021-03-15` is more than is needed; write only year and month: 2021-03"),
        (ages, "9-6", "`9-6` is not a range of ages; expected completed years such as 6-9"),
        (ages, "18+", "`18+` is not a range of ages; expected completed years such as 6-9"),
    ],
)
def test_what_is_no_date_month_or_age_is_refused(parse: Callable[[str], object], text: str, complaint: str) -> None:
    assert refusal(parse, text) == complaint
