"""Builders for tests of the policy: fake lists, services and families in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from safedns.policy.decision import Decision
from safedns.policy.lists import Category, Covering
from safedns.policy.live import Override, OverrideKind, Target
from safedns.policy.model import (
    Calendar,
    Days,
    DayWindows,
    DayWord,
    Limit,
    Policy,
    Preset,
    ProfileSpec,
    Rules,
    Timetable,
    Window,
)
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of
from safedns.wire.types import QType

SAIGON = "Asia/Ho_Chi_Minh"
NOTHING = Rules()
MON_TO_FRI = Calendar()

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class FakeList(NamedTuple):
    """A blocklist of a few names, each covering what is below it."""

    name: str
    category: str
    entries: frozenset[str]
    networks: tuple[str, ...] = ()

    @property
    def holds_networks(self) -> bool:
        return bool(self.networks)

    def match_address(self, address: str) -> str | None:
        holding = [network for network in map(ip_network, self.networks) if ip_address(address) in network]
        return str(max(holding, key=lambda network: network.prefixlen)) if holding else None

    def match(self, name: str, key: str, _qtype: int | None = None) -> str | None:
        assert key == key_of(name)
        covering = [entry for entry in self.entries if name == entry or name.endswith("." + entry)]
        return max(covering, key=len, default=None)

    def spares(self, _name: str, _key: str, _qtype: int | None = None) -> str | None:
        return None


class FakeService(NamedTuple):
    title: str
    category: str
    names: frozenset[str]


class FakeEngine(NamedTuple):
    targets: Mapping[str, str]
    names: frozenset[str]


class FakeSafeSearch(NamedTuple):
    engines: Mapping[str, FakeEngine]
    blocked: frozenset[str]


NO_SAFE_SEARCH = FakeSafeSearch({}, frozenset())


class FakeIndex(NamedTuple):
    """Entries, the longest first, with the services and the lists that hold them."""

    lists: frozenset[FakeList]
    entries: tuple[Covering, ...]

    def covering(self, line: Iterable[str]) -> tuple[Covering, ...]:
        names = frozenset(line)
        return tuple(item for item in self.entries if item[0] in names)


@dataclass(frozen=True)
class FakeLists:
    """What ``Library`` is to the policy."""

    lists: tuple[FakeList, ...] = ()
    services: Mapping[str, FakeService] = field(default_factory=dict)
    safe_search: FakeSafeSearch = NO_SAFE_SEARCH
    categories: Mapping[str, Category] = field(default_factory=dict)
    background: frozenset[str] = frozenset()
    small: frozenset[str] = frozenset()
    """Names of the lists that are in the index."""

    @cached_property
    def index(self) -> FakeIndex:
        small = tuple(item for item in self.lists if item.name in self.small)
        entries = {entry for item in self.services.values() for entry in item.names}
        entries.update(entry for item in small for entry in item.entries)
        return FakeIndex(
            frozenset(small),
            tuple(
                (
                    entry,
                    (
                        tuple(id_ for id_, item in self.services.items() if entry in item.names),
                        tuple(item for item in small if entry in item.entries),
                    ),
                )
                for entry in sorted(entries, key=len, reverse=True)
            ),
        )

    @property
    def by_category(self) -> Mapping[str, tuple[FakeList, ...]]:
        categories = dict.fromkeys(item.category for item in self.lists)
        return {category: tuple(item for item in self.lists if item.category == category) for category in categories}


def blocklist(name: str, category: str, *entries: str) -> FakeList:
    return FakeList(name, category, frozenset(entries))


def service(title: str, category: str, *names: str) -> FakeService:
    return FakeService(title, category, frozenset(names))


YOUTUBE_NAMES = ("www.youtube.com", "m.youtube.com", "youtubei.googleapis.com")

LISTS = FakeLists(
    lists=(
        blocklist("bad", "malware", "evil.example", "shop.good.example", "learn.example.edu"),
        blocklist("tunnels", "bypass", "vpn.example"),
        blocklist("adult-world", "adult", "adult.example", "blog.example"),
        blocklist("adult-vn", "adult", "adult.vn", "photos.blog.example"),
        blocklist("boards", "forums", "forum.example"),
        blocklist("chatter", "social", "social.example", "tiktok.com"),
        blocklist("schools", "learning", "learn.example", "school.social.example"),
    ),
    services={
        "tiktok": service("TikTok", "social", "tiktok.com", "cdn.example"),
        "roblox": service("Roblox", "games", "roblox.com", "cdn.example"),
        "youtube": service("YouTube", "video", "youtube.com", "youtubei.googleapis.com", "ytimg.example"),
        "academy": service("Academy", "learning", "academy.example"),
        "google": service("Google", "search", "google.com", "googleapis.com"),
    },
    safe_search=FakeSafeSearch(
        {
            "google": FakeEngine({"on": "forcesafesearch.google.com"}, frozenset({"www.google.com", "google.com"})),
            "bing": FakeEngine({"on": "strict.bing.com"}, frozenset({"www.bing.com"})),
            "youtube": FakeEngine(
                {"moderate": "restrictmoderate.youtube.com", "strict": "restrict.youtube.com"}, frozenset(YOUTUBE_NAMES)
            ),
        },
        frozenset({"unsafe-search.example"}),
    ),
    background=frozenset({"ntp.example", "push.tiktok.com"}),
    small=frozenset({"bad", "adult-vn", "chatter", "schools"}),
)


def days(text: str) -> Days:
    """``days("mon fri school nights")``: weekday names and calendar words."""
    words: set[DayWord] = set()
    known: tuple[DayWord, ...] = ("school days", "other days", "school nights", "other nights")
    for word in known:
        if word in text:
            words.add(word)
            text = text.replace(word, "")
    if "every day" in text:
        text = text.replace("every day", " ".join(WEEKDAYS))
    if "weekend" in text:
        text = text.replace("weekend", "sat sun")
    return Days(frozenset(WEEKDAYS.index(word) for word in text.split()), frozenset(words))


def windows(text: str) -> tuple[Window, ...]:
    """``windows("19:00-20:30, 21:00-06:30")``."""
    return tuple(Window(*(_minutes(part) for part in item.split("-"))) for item in text.replace(" ", "").split(","))


def timetable(**entries: str) -> Timetable:
    """``timetable(school_nights="21:00-06:30", sat="09:00-11:00")``; ``_`` stands for a space."""
    return tuple(DayWindows(days(name.replace("_", " ")), windows(text)) for name, text in entries.items())


def limit(text: str, **seconds: int) -> Limit:
    """``limit("games", school_days=1800)``; categories and services are told apart by what ``LISTS`` knows."""
    return Limit(target(text), tuple((days(name.replace("_", " ")), long) for name, long in seconds.items()))


def target(text: str) -> Target:
    """``target("internet")``, ``target("tiktok")``, ``target("social")``, ``target("x.example")``."""
    if text == "internet":
        return Target("internet")
    if "." in text:
        return Target("name", text)
    return Target("service" if text in LISTS.services else "category", text)


def override(
    kind: OverrideKind, what: str, start: float, until: float, *, number: int = 1, who: str = "binh"
) -> Override:
    return Override(number, who, kind, target(what), start, until)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def child(
    id_: str = "binh",
    *,
    devices: tuple[str, ...] = (),
    preset: str | None = None,
    born: tuple[int, int] | None = None,
    name: str = "Bình",
    rules: Rules = NOTHING,
    zone: str | None = None,
) -> ProfileSpec:
    return ProfileSpec(id_, name, "child", preset, born, devices, rules, zone)


def group(
    id_: str = "guests", *, devices: tuple[str, ...] = (), preset: str | None = None, rules: Rules = NOTHING
) -> ProfileSpec:
    return ProfileSpec(id_, id_, "group", preset, None, devices, rules)


def preset(name: str, *, ages: tuple[int, int] | None = None, rules: Rules = NOTHING) -> Preset:
    return Preset(name, name, ages, rules)


def family(
    *profiles: ProfileSpec,
    presets: tuple[Preset, ...] = (),
    zone: str = SAIGON,
    calendar: Calendar = MON_TO_FRI,
    unknown: str = "guests",
) -> Policy:
    """A policy; a group ``guests`` without rules is added for unknown devices unless one is given."""
    if all(spec.id != unknown for spec in profiles):
        profiles = (*profiles, group(unknown))
    return Policy(zone, calendar, {item.name: item for item in presets}, profiles, unknown)


def at(text: str, zone: str = SAIGON, *, fold: Literal[0, 1] = 0) -> float:
    """``at("2026-11-23 21:30")``: epoch seconds of that wall-clock reading."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def clock_changes(zone: str, year: int) -> list[date]:
    """The days before those of ``year`` on which the offset changes."""
    noons = [datetime(year, 1, 1, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=number) for number in range(366)]
    changed = [day for day, after in pairwise(noons) if day.utcoffset() != after.utcoffset()]
    return [day.date() for day in changed]


def ask(snapshot: Snapshot, who: str, name: str, now: float, qtype: int = QType.A) -> Decision:
    """What ``decide`` says to a query of the profile ``who``."""
    return snapshot.decide(snapshot.profiles[who], name, key_of(name), qtype, now)
