"""Any family, any name, any minute: what the property tests of the policy draw from."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import get_args
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from safedns.policy.live import Live, Override, OverrideKind, Target, Used
from safedns.policy.model import (
    Calendar,
    Cleared,
    Days,
    DayWindows,
    DayWord,
    Limit,
    NamedWindow,
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
SERVICES = ("tiktok", "roblox", "academy", "google", "gone")


@cache
def names() -> st.SearchStrategy[str]:
    """Names on, below and above what lists, services and parents mention, and others."""
    entry = st.sampled_from((*ENTRIES, *sorted(LISTS.background), "wikipedia.example", "example", "com"))
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
def targets() -> st.SearchStrategy[Target]:
    """Anything that a limit may be about."""
    return st.one_of(
        st.just(Target("internet")),
        st.builds(Target, st.just("service"), st.sampled_from(SERVICES)),
        st.builds(Target, st.just("category"), st.sampled_from(CATEGORIES)),
    )


@cache
def any_targets() -> st.SearchStrategy[Target]:
    """Anything that a window or an override may be about."""
    return targets() | st.builds(Target, st.just("name"), names().filter(lambda name: "." in name))


@cache
def named_windows(step: int) -> st.SearchStrategy[dict[str, NamedWindow]]:
    what = st.lists(any_targets(), min_size=1, max_size=2, unique=True).map(tuple)
    window = st.builds(NamedWindow, what, st.just(()) | timetables(step), st.booleans())
    return st.dictionaries(st.sampled_from(("dinner", "forum hours")), window, max_size=2)


@cache
def limits() -> st.SearchStrategy[tuple[Limit, ...]]:
    by_days = st.lists(st.tuples(day_sets(), st.sampled_from((0, 600, 3600))), min_size=1, max_size=2).map(tuple)
    limit = st.builds(Limit, targets(), by_days)
    return st.lists(limit, max_size=2, unique_by=lambda limit: limit.target).map(tuple)


@cache
def cleared() -> st.SearchStrategy[frozenset[Cleared]]:
    whole = ("bedtime", "homework", "services", "categories", "windows", "limits", "allow", "block", "always")
    entry = st.one_of(
        st.builds(Cleared, st.just("services"), st.sampled_from(SERVICES)),
        st.builds(Cleared, st.just("categories"), st.sampled_from(CATEGORIES)),
        st.builds(Cleared, st.just("windows"), st.sampled_from(("dinner", "forum hours"))),
        st.builds(Cleared, st.just("limits"), targets().map(str)),
    )
    return st.frozensets(st.builds(Cleared, st.sampled_from(whole)) | entry, max_size=4)


@cache
def rules(step: int = 1) -> st.SearchStrategy[Rules]:
    def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return st.none() | strategy

    youtube = st.fixed_dictionaries({}, optional={"youtube": switches(step, ("on", "off", "moderate", "strict"))})
    others = st.dictionaries(st.sampled_from(SERVICES), switches(step, ("on", "off")), max_size=3)
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
        windows=named_windows(step),
        limits=limits(),
        cleared=cleared(),
    )


@cache
def calendars() -> st.SearchStrategy[Calendar]:
    """School weekdays, and holidays around the turn of the year and at the end of March."""
    holidays = (
        Period("winter", date(2026, 12, 24), date(2027, 1, 3)),
        Period("spring", date(2027, 3, 25), date(2027, 3, 29)),
        Period("leap", date(2028, 2, 29), date(2028, 2, 29)),
    )
    terms = (
        Period("first", date(2026, 10, 28), date(2026, 12, 29)),
        Period("second", date(2027, 2, 1), date(2027, 4, 2)),
    )
    return st.builds(
        Calendar,
        st.frozensets(st.integers(0, 6), min_size=3),
        st.lists(st.sampled_from(holidays), unique=True).map(tuple),
        st.sampled_from(((), terms)),
    )


@st.composite
def lives(draw: st.DrawFn, policy: Policy, now: float, step: int = 1) -> Live:
    """What a parent decided lately, and what was used: about a family of ``policies``, on multiples of ``step``."""
    begin = int(now) // (step * 60) * (step * 60)
    start = st.integers(-1440 // step, 1440 // step).map(lambda number: begin + number * step * 60)
    until = st.integers(0, 2 * 1440 // step).map(lambda number: begin + number * step * 60)
    kinds: st.SearchStrategy[OverrideKind] = st.sampled_from(get_args(OverrideKind))
    who = st.sampled_from(("kid", "guests"))
    about = st.sampled_from(draw(st.lists(any_targets(), min_size=1, max_size=3)))
    override = st.builds(Override, st.just(0), who, kinds, about, start, until)
    overrides = draw(st.lists(override, max_size=5).map(tuple))
    zones = {spec.id: spec.timezone or policy.timezone for spec in policy.profiles}
    used = {}
    for profile, target, seconds, bonus in draw(
        st.lists(st.tuples(who, targets(), st.sampled_from((599, 600, 4000)), st.sampled_from((0, 600))), max_size=3)
    ):
        used[profile, target, local_day(now, zones[profile])] = Used(seconds, bonus)
    return Live(overrides, used)


def local_day(instant: float, zone: str) -> date:
    return datetime.fromtimestamp(instant, ZoneInfo(zone)).date()


@st.composite
def policies(draw: st.DrawFn, zone: str, step: int = 1) -> Policy:
    """A child ``kid`` and a group ``guests``, each with two layers of rules; ``kid`` may have a tenth birthday, and a
    time zone of its own.
    """
    presets = {
        name: Preset(name, name, ages, draw(rules(step)))
        for name, ages in (("small", (0, 9)), ("big", (10, 99)), ("open", None))
    }
    zones = st.none() | st.sampled_from(("Asia/Kathmandu", "America/St_Johns"))
    born = draw(st.none() | st.sampled_from(((2017, 1), (2017, 2), (2017, 4), (2018, 3), (2018, 6))))
    named = None if born else draw(st.sampled_from((None, "small", "open")))
    kid = ProfileSpec("kid", "Kid", "child", named, born, ("10.0.0.1",), draw(rules(step)), draw(zones))
    guests = ProfileSpec("guests", "guests", "group", "open", None, (), draw(rules(step)))
    return Policy(zone, draw(calendars()), presets, (kid, guests), "guests")
