"""The family's policy as typed, immutable values: ``load`` makes them, ``compile`` reads them. Only ``merge`` acts.

A ``Rules`` is one layer (a preset, or what a parent wrote for one child): ``None`` means "not said here". ``merge``
lays one over another: scalars replace, mappings go key by key, name lists add, and what is cleared is as if the lower
layer had not said it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

from safedns.policy.live import Target
from safedns.settings.model import BlockReply

DayWord = Literal["school days", "other days", "school nights", "other nights"]
LogLevel = Literal["full", "summary", "off"]
SwitchState = Literal["on", "off", "moderate", "strict"]


@dataclass(frozen=True, slots=True)
class Days:
    """Which days a window starts on: weekdays (0 = Monday) and calendar words, joined by "or"."""

    weekdays: frozenset[int] = frozenset()
    words: frozenset[DayWord] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """Wall-clock minutes of the day, half-open. ``end <= start`` passes midnight and belongs to its start day."""

    start: int
    """0 ... 1439."""
    end: int
    """1 ... 1440; 1440 is 24:00. May be less than or equal to ``start``: then it ends on the following day."""


@dataclass(frozen=True, slots=True)
class DayWindows:
    """The windows of some days."""

    days: Days
    windows: tuple[Window, ...]


Timetable = tuple[DayWindows, ...]
"""All entries count together (union); an empty one never applies."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A service or category turned on or off, always or by the clock."""

    state: SwitchState
    """Outside every window. ``moderate`` and ``strict`` are for services with restricted modes (YouTube)."""
    on_during: Timetable = ()
    """Only then on; ``state`` is ``off``."""
    off_during: Timetable = ()
    """Only then off; ``state`` is ``on``."""


@dataclass(frozen=True, slots=True)
class NamedWindow:
    """Times at which some things are closed, under a name that a parent gave them."""

    what: tuple[Target, ...]
    during: Timetable
    opens: bool = False
    """Whether ``what`` is closed outside ``during`` rather than within it."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may be used on a day."""

    target: Target
    by_days: tuple[tuple[Days, int], ...]
    """Seconds on such a day; of several entries that name a day the least counts."""


class Cleared(NamedTuple):
    """What a layer takes away from the one below it: a field of ``Rules``, or one ``entry`` of it."""

    field: str
    entry: str = ""
    """A service, category or window, or a limit's target as it is written; empty = all that the field says."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One layer of what may be said for a profile. ``None`` = not said."""

    default: Literal["allow", "deny"] | None = None
    """What happens to a name that no rule mentions; ``deny`` is an allow-only preset."""
    safety: tuple[str, ...] | None = None
    """Categories that block before anything a child's own rules say."""
    bedtime: Timetable | None = None
    homework: Timetable | None = None
    services: Mapping[str, Switch] = field(default_factory=lambda: MappingProxyType({}))
    categories: Mapping[str, Switch] = field(default_factory=lambda: MappingProxyType({}))
    windows: Mapping[str, NamedWindow] = field(default_factory=lambda: MappingProxyType({}))
    """By name."""
    limits: tuple[Limit, ...] = ()
    """One for each target; it does not matter whether it stood under ``limits`` or within a switch."""
    safe_search: bool | None = None
    engines: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Search engines for which something else than ``safe_search`` was said, by id."""
    allow: tuple[str, ...] = ()
    """Canonical names; a name covers what is below it. Likewise ``block`` and ``always``."""
    block: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    reply: BlockReply | None = None
    """What a blocked device is told; ``None`` = what the household's settings say."""
    remember: int | None = None
    """Seconds that a device may remember an answer at most; ``None`` = as long as the answer says."""
    upstreams: str | None = None
    """The set of upstreams that is asked; ``None`` = the usual ones."""
    log: LogLevel | None = None
    cleared: frozenset[Cleared] = frozenset()


NO_RULES = Rules()


def merge(base: Rules, over: Rules) -> Rules:
    """``over`` laid on ``base``; nothing is left to be cleared in the result.

    A name that ``over`` allows is no longer blocked by ``base``, and the other way round: whoever speaks last is meant.
    """
    values: dict[str, object] = {}
    for spec in fields(Rules):
        name = spec.name
        low, high = getattr(NO_RULES if Cleared(name) in over.cleared else base, name), getattr(over, name)
        if name in ("services", "categories", "windows"):
            kept = {key: value for key, value in low.items() if Cleared(name, key) not in over.cleared}
            values[name] = MappingProxyType({**kept, **high})
        elif name == "engines":
            values[name] = MappingProxyType({**(low if over.safe_search is None else {}), **high})
        elif name == "limits":
            kept = {each.target: each for each in low if Cleared(name, str(each.target)) not in over.cleared}
            values[name] = tuple({**kept, **{each.target: each for each in high}}.values())
        elif name in ("allow", "block", "always"):
            taken_back = {"allow": over.block, "block": over.allow}.get(name, ())
            values[name] = tuple(dict.fromkeys((*(each for each in low if each not in taken_back), *high)))
        elif name != "cleared":
            values[name] = low if high is None else high
    return Rules(**values)  # type: ignore[arg-type]  # one loop over the fields beats a dozen near-equal lines


@dataclass(frozen=True, slots=True)
class Preset:
    """An age band's (or a group's) defaults, from ``config/presets/NAME.yaml``."""

    name: str
    title: str
    ages: tuple[int, int] | None
    """First and last age in completed years, both included; ``None`` = never picked by age."""
    rules: Rules


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """A child or group as the parent wrote it, before the preset is laid under it."""

    id: str
    name: str
    """As shown; the id where no name is given."""
    kind: Literal["child", "group"]
    preset: str | None
    """Named outright; ``None`` = by age from ``born``."""
    born: tuple[int, int] | None
    """Year, month."""
    devices: tuple[str, ...]
    """Canonical texts: an address, ``network/len``, ``first-last``; MACs and names are kept for later."""
    rules: Rules
    timezone: str | None = None
    """IANA name, already checked; ``None`` = the household's."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days under one name, both ends included: a holiday or a term."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are school days: those weekdays that lie in a term (where terms are given) and in no holiday."""

    school_weekdays: frozenset[int] = frozenset(range(5))
    holidays: tuple[Period, ...] = ()
    terms: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole of ``family.yaml`` and its presets."""

    timezone: str
    """IANA name, already checked."""
    calendar: Calendar
    presets: Mapping[str, Preset]
    profiles: tuple[ProfileSpec, ...]
    unknown: str
    """Id of the profile for devices that nobody has claimed."""
