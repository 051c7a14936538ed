"""Moments as people type them, seen from one afternoon in Hanoi."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from safedns.cli.moments import parse_end, parse_moment

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=HANOI).timestamp()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", "2026-11-23 15:58:30"),
        ("30m", "2026-11-23 15:30"),
        (" 2h ", "2026-11-23 14:00"),
        ("1 d", "2026-11-22 16:00"),
        ("2w", "2026-11-09 16:00"),
        ("16:00", "2026-11-23 16:00"),
        ("9:05", "2026-11-23 09:05"),
        ("21:30", "2026-11-22 21:30"),
        ("2026-11-20 21:30", "2026-11-20 21:30"),
        ("2026-11-20T21:30:15", "2026-11-20 21:30:15"),
        ("2026-11-20", "2026-11-20 00:00"),
        ("2026-11-20 14:30+00:00", "2026-11-20 21:30"),
    ],
)
def test_a_moment_is_meant_by_the_clock_on_the_wall(text: str, moment: str) -> None:
    assert datetime.fromtimestamp(parse_moment(text, NOW, HANOI), HANOI) == datetime.fromisoformat(moment).replace(
        tzinfo=HANOI
    )


@pytest.mark.parametrize("text", ["", "soon", "1y", "-1h", "25:00", "12:60", "2026-13-01", "٣h", "999999999w x", "12"])
def test_anything_else_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected how long ago"):
        parse_moment(text, NOW, HANOI)


def test_a_time_of_day_skipped_by_summer_time_is_still_a_moment() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 12, 0, tzinfo=berlin).timestamp()
    assert datetime.fromtimestamp(parse_moment("2:30", now, berlin), UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_without_a_zone_the_machine_is_meant() -> None:
    expected = datetime(2026, 11, 20, 21, 30).astimezone().timestamp()
    assert parse_moment("2026-11-20 21:30", NOW, None) == expected


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20:30", "2026-11-23 20:30"),
        ("16:00", "2026-11-24 16:00"),
        ("9:05", "2026-11-24 09:05"),
        ("24:00", "2026-11-24 00:00"),
        ("2026-11-25 07:00", "2026-11-25 07:00"),
        ("2026-11-23 14:30+00:00", "2026-11-23 21:30"),
    ],
)
def test_an_end_lies_ahead_the_next_time_that_the_clock_shows_it(text: str, moment: str) -> None:
    assert datetime.fromtimestamp(parse_end(text, NOW, HANOI), HANOI) == datetime.fromisoformat(moment).replace(
        tzinfo=HANOI
    )


@pytest.mark.parametrize(
    ("now", "text", "end"),
    [
        ("2026-10-25 00:10+00:00", "02:30", "2026-10-25 00:30+00:00"),
        ("2026-10-25 00:40+00:00", "02:30", "2026-10-25 01:30+00:00"),
        ("2026-10-25 01:40+00:00", "02:30", "2026-10-26 01:30+00:00"),
        ("2027-03-28 00:10+00:00", "02:30", "2027-03-28 01:30+00:00"),
    ],
)
def test_when_the_clocks_are_changed_a_time_shown_twice_comes_twice_and_a_skipped_one_an_hour_late(
    now: str, text: str, end: str
) -> None:
    present = datetime.fromisoformat(now).timestamp()
    assert parse_end(text, present, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(end).timestamp()


@pytest.mark.parametrize("text", ["", "tonight", "25:00", "30m", "12"])
def test_an_end_that_is_no_time_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected 20:30, bedtime, or"):
        parse_end(text, NOW, HANOI)


def test_an_end_in_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="is over already"):
        parse_end("2026-11-23 15:59", NOW, HANOI)
