"""The grammar of time in the family's rules: days, windows, timetables, dates. Text (or a small tree) -> value, pure.

::

    bedtime: {school nights: "21:00-06:30", sat, sun: "22:30-07:30"}
              '- days -----'  '- windows -'
             '- timetable ------------------------------------------'

Each function raises ``ValueError`` with "what is wrong; what was expected", or ``GrammarError`` where several things
inside one value may be wrong.
"""

from __future__ import annotations

import re
from datetime import date
from typing import get_args

from safedns.policy.model import Days, DayWindows, DayWord, Timetable, Window
from safedns.yamlfile.messages import describe, show, unknown_word
from safedns.yamlfile.validate import each_entry, text_only

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = Days(frozenset(range(7)))
MIDNIGHT = 1440

_WEEKDAY_WORDS = {
    **{word: frozenset({number}) for number, word in enumerate(WEEKDAYS)},
    "every day": EVERY_DAY.weekdays,
    "weekend": frozenset({5, 6}),
}
_CALENDAR_WORDS: dict[str, DayWord] = {word: word for word in get_args(DayWord)}
_MEANT = {
    **{f"t{number + 2}": word for number, word in enumerate(WEEKDAYS[:6])},
    "cn": "sun",
    "weekday": "mon-fri",
    "weekdays": "mon-fri",
    "daily": "every day",
    "everyday": "every day",
    "always": "every day",
    "all": "every day",
    "holidays": "other days",
    "weeknights": "school nights",
}
"""What people write for days and nights, and what it is called here."""


def days(text: str) -> Days:
    """``mon-fri``, ``sat, sun``, ``every day``, ``school nights`` ... -> the days a window may start on."""
    weekdays: frozenset[int] = frozenset()
    words: frozenset[DayWord] = frozenset()
    for part in re.split(r" *, *", text):
        if part in _CALENDAR_WORDS:
            words |= {_CALENDAR_WORDS[part]}
        else:
            weekdays |= _weekdays(part)
    return Days(weekdays, words)


def school_days(text: str) -> frozenset[int]:
    """The weekdays on which there is school: ``mon-fri``; ``off`` for none."""
    if text == "off":
        return frozenset()
    found = days(text)
    if found.words:
        raise ValueError(f"{show(text)} does not say which days have school; expected weekdays such as mon-fri")
    return found.weekdays


def _weekdays(part: str) -> frozenset[int]:
    if part in _WEEKDAY_WORDS:
        return _WEEKDAY_WORDS[part]
    first, dash, last = (word.strip() for word in part.replace("–", "-").partition("-"))
    if not dash or _WINDOW.fullmatch(part):
        raise ValueError(_not_a_day(part))
    for word in (first, last):
        if word not in WEEKDAYS:
            raise ValueError(_not_a_day(word))
    begin = WEEKDAYS.index(first)
    length = (WEEKDAYS.index(last) - begin) % 7 + 1
    return frozenset((begin + step) % 7 for step in range(length))


def _not_a_day(word: str) -> str:
    plain = word.casefold()
    short = plain[:3] if plain[3:] in ("day", "sday", "nesday", "rsday", "urday") else ""
    if meant := _MEANT.get(plain) or (short if short in WEEKDAYS else ""):
        return f"{show(word)} is not a day; did you mean `{meant}`?"
    if _WINDOW.fullmatch(plain):
        return (
            f'{show(word)} stands where days were expected; put several windows in quotes: "09:00-11:00, 15:00-17:00"'
        )
    return unknown_word(word, (*_WEEKDAY_WORDS, *_CALENDAR_WORDS), "is not a day")


_TIME = r"(\d{1,2}:\d{2})"
_WINDOW = re.compile(rf"{_TIME} *[-–] *{_TIME}", re.ASCII)


def windows(text: str) -> tuple[Window, ...]:
    """``19:00-20:30, 21:00-06:30`` -> windows in the order given."""
    return tuple(_window(part) for part in re.split(r" *, *", text))


def _window(text: str) -> Window:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise ValueError(f"{show(text)} is not a window of time; expected from-to, such as 21:00-06:30")
    start, end = _minute(match[1]), _minute(match[2])
    if start == end:
        raise ValueError(f"{show(text)} ends when it starts; for a whole day write 00:00-24:00")
    if start == MIDNIGHT:
        raise ValueError(f"{show(text)} starts at 24:00, where a day ends; expected 00:00 of the next day")
    return Window(start, end or MIDNIGHT)


def _minute(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if minute > 59 or hour * 60 + minute > MIDNIGHT:
        raise ValueError(f"{show(text)} is not a time of day; expected 00:00 to 24:00")
    return hour * 60 + minute


def timetable(tree: object) -> Timetable:
    """``"21:00-06:30"`` (every day), ``{days: windows}``, or ``off`` (never) -> timetable."""
    if tree == "off":
        return ()
    if isinstance(tree, str):
        return (DayWindows(EVERY_DAY, windows(tree)),)
    if not isinstance(tree, dict) or not tree:
        given = "an empty mapping" if tree == {} else describe(tree)
        raise ValueError(f'{given} stands here; expected times such as "21:00-06:30" or {{mon-fri: "21:00-06:30"}}')
    entries = each_entry(tree, days, lambda _, value: () if value == "off" else windows(text_only(value)))
    return tuple(DayWindows(when, times) for when, times in entries if times)


def calendar_day(text: str) -> date:
    """``2027-02-04``."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(f"{show(text)} is not a date; expected year-month-day such as 2027-02-04")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day {show(text)}; expected year-month-day such as 2027-02-04") from None


def birth_month(text: str) -> tuple[int, int]:
    """``2015-09`` -> (2015, 9)."""
    wanted = "expected year and month of birth, such as 2015-09"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(f"{show(text)} is more than is needed; write only year and month: {text[:7]}")
    if not re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII):
        raise ValueError(f"{show(text)} is not a month; {wanted}")
    year, month = int(text[:4]), int(text[5:])
    if not (1900 <= year <= 2200 and 1 <= month <= 12):
        raise ValueError(f"there is no month {show(text)}; {wanted}")
    return year, month


def ages(text: str) -> tuple[int, int]:
    """``6-9`` -> (6, 9), both included; ``5`` -> (5, 5)."""
    match = re.fullmatch(r"(\d{1,2})(?: *- *(\d{1,2}))?", text, re.ASCII)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise ValueError(f"{show(text)} is not a range of ages; expected completed years such as 6-9")
    return int(match[1]), int(match[2] or match[1])
