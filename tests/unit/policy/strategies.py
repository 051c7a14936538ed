"""Any family, any name, any minute: what the property tests of the policy draw from."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import get_args

from hypothesis import strategies as st

from safedns.policy.model import (
    Calendar,
    Days,
    DayWindows,
    DayWord,
    Period,
    Policy,
    Preset,
    ProfileSpec,
    Rules,
    Switch,
    SwitchState,
    Timetable,
    Window,
)
from tests.unit.policy.families import LISTS, YOUTUBE_NAMES

ENTRIES = (
    *(entry for item in LISTS.lists for entry in sorted(item.entries)),
    *(entry for item in LISTS.services.values() for entry in sorted(item.names)),
    *("www.google.com", "www.bing.com", "unsafe-search.example", *YOUTUBE_NAMES),
)
CATEGORIES = ("malware", "bypass", "adult", "forums", "social", "learning", "games", "video", "search", "gambling")


@cache
def names() -> st.SearchStrategy[str]:
    """Names on, below and above what lists, services and parents mention, and others."""
    entry = st.sampled_from((*ENTRIES, "wikipedia.example", "example", "com"))
    below = st.builds("{}.{}".format, st.sampled_from(("www", "a.b", "cdn")), entry)
    return st.one_of(entry, below, entry.map(lambda name: name.partition(".")[2] or name))


@cache
def own_names() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(names(), max_size=3, unique=True).map(tuple)


@cache
def day_sets() -> st.SearchStrategy[Days]:
    words: st.SearchStrategy[DayWord] = st.sampled_from(get_args(DayWord))
    return st.builds(Days, st.frozensets(st.integers(0, 6), max_size=4), st.frozensets(words, max_size=2))


@cache
def timetables(step: int = 1) -> st.SearchStrategy[Timetable]:
    """Any windows on multiples of ``step`` minutes."""
    start = st.integers(0, 1440 // step - 1).map(lambda number: number * step)
    end = st.integers(1, 1440 // step).map(lambda number: number * step)
    windows = st.lists(st.builds(Window, start, end), min_size=1, max_size=3).map(tuple)
    return st.lists(st.builds(DayWindows, day_sets(), windows), min_size=1, max_size=2).map(tuple)


def switches(step: int, states: tuple[SwitchState, ...]) -> st.SearchStrategy[Switch]:
    plain = st.builds(Switch, st.sampled_from(states))
    only_on = st.builds(Switch, st.just("off"), on_during=timetables(step))
    only_off = st.builds(
        Switch, st.sampled_from([state for state in states if state != "off"]), off_during=timetables(step)
    )
    return st.one_of(plain, only_on, only_off)


@cache
def rules(step: int = 1) -> st.SearchStrategy[Rules]:
    def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return st.none() | strategy

    youtube = st.fixed_dictionaries({}, optional={"youtube": switches(step, ("on", "off", "moderate", "strict"))})
    others = st.dictionaries(
        st.sampled_from(("tiktok", "roblox", "academy", "google", "gone")), switches(step, ("on", "off")), max_size=3
    )
    return st.builds(
        Rules,
        default=maybe(st.sampled_from(("allow", "deny"))),
        safety=maybe(st.lists(st.sampled_from(CATEGORIES), max_size=3, unique=True).map(tuple)),
        bedtime=maybe(st.just(()) | timetables(step)),
        homework=maybe(st.just(()) | timetables(step)),
        services=st.builds(lambda one, other: {**one, **other}, youtube, others),
        categories=st.dictionaries(st.sampled_from(CATEGORIES), switches(step, ("on", "off")), max_size=4),
        safe_search=maybe(st.booleans()),
        allow=own_names(),
        block=own_names(),
        always=own_names(),
    )


@cache
def calendars() -> st.SearchStrategy[Calendar]:
    """School weekdays, and holidays around the turn of the year and at the end of March."""
    holidays = (
        Period("winter", date(2026, 12, 24), date(2027, 1, 3)),
        Period("spring", date(2027, 3, 25), date(2027, 3, 29)),
        Period("leap", date(2028, 2, 29), date(2028, 2, 29)),
    )
    return st.builds(
        Calendar,
        st.frozensets(st.integers(0, 6), min_size=3),
        st.lists(st.sampled_from(holidays), unique=True).map(tuple),
    )


@st.composite
def policies(draw: st.DrawFn, zone: str, step: int = 1) -> Policy:
    """A child ``kid`` and a group ``guests``, each with two layers of rules; ``kid`` may have a tenth birthday."""
    presets = {
        name: Preset(name, name, ages, draw(rules(step)))
        for name, ages in (("small", (0, 9)), ("big", (10, 99)), ("open", None))
    }
    born = draw(st.none() | st.sampled_from(((2017, 1), (2017, 2), (2017, 4), (2018, 3), (2018, 6))))
    named = None if born else draw(st.sampled_from((None, "small", "open")))
    kid = ProfileSpec("kid", "Kid", "child", named, born, ("10.0.0.1",), draw(rules(step)))
    guests = ProfileSpec("guests", "guests", "group", "open", None, (), draw(rules(step)))
    return Policy(zone, draw(calendars()), presets, (kid, guests), "guests")
