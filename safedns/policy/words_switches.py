"""The grammar of services, categories, search and limits: which are on, when, how long. Small trees -> values, pure.

::

    services:
      youtube: moderate
      roblox: {on: {weekend: "09:00-11:00, 15:00-17:00"}, limit: 45m}
      tiktok: none
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, cast

from safedns.policy.model import Days, Switch, SwitchState, Timetable
from safedns.policy.words import EVERY_DAY, days, timetable
from safedns.settings.words import DAY, duration_within, on_off
from safedns.yamlfile.messages import describe, expected_word, show, unknown_word
from safedns.yamlfile.validate import each_entry, text_only

RESTRICTED_MODES = frozenset({"youtube"})
"""Services that know ``moderate`` and ``strict``."""

NONE = "none"
"""Written where a preset's line is to be taken away."""

_STATES: dict[str, SwitchState] = {"on": "on", "off": "off", "moderate": "moderate", "strict": "strict"}
_PLAIN_STATES = ("on", "off")
_MEANT = {"yes": "on", "true": "on", "allow": "on", "no": "off", "false": "off", "block": "off"}


ByDays = tuple[tuple[Days, int], ...]
"""Seconds by days, as in ``model.Limit``."""


class SwitchLine(NamedTuple):
    """What is written for one service or category."""

    switch: Switch
    limit: ByDays | None = None


def switches(tree: object, known: Collection[str], what: str) -> Mapping[str, SwitchLine | None]:
    """A mapping of known services (or categories: ``what`` says which) to switches; ``none`` is ``None``."""
    key = one_of(known, f"is not a {what} that safedns knows")

    def value(name: str, tree: object) -> SwitchLine | None:
        return None if tree == NONE else switch(tree, modes=name in RESTRICTED_MODES)

    return dict(each_entry(tree, key, value))


def switch(tree: object, *, modes: bool = False) -> SwitchLine:
    """``on``, ``off``, with ``modes`` also ``moderate`` and ``strict``, or a mapping of ``on``/``off``/``limit``."""
    if isinstance(tree, str):
        return SwitchLine(Switch(_state(tree, modes=modes)))
    if not isinstance(tree, dict) or not tree:
        given = "an empty mapping" if tree == {} else describe(tree)
        raise ValueError(
            f'{given} stands here; expected `on`, `off` or times such as {{on: {{weekend: "9:00-11:00"}}}}'
        )
    if "on" in tree and "off" in tree:
        raise ValueError("`on` and `off` times are both given; expected one of them, the rest is the other")
    parts = dict(each_entry(tree, one_of(("on", "off", "limit"), "is not a key here"), _part))
    return SwitchLine(
        Switch(
            "off" if "on" in parts else "on",
            on_during=cast("Timetable", parts.get("on", ())),
            off_during=cast("Timetable", parts.get("off", ())),
        ),
        cast("ByDays | None", parts.get("limit")),
    )


def _part(key: str, value: object) -> Timetable | ByDays:
    return limit(value) if key == "limit" else timetable(value)


def _state(text: str, *, modes: bool) -> SwitchState:
    if meant := _MEANT.get(text.casefold()):
        raise ValueError(f"{show(text)} is not a switch; expected `{meant}`")
    if text in _STATES and (modes or text in _PLAIN_STATES):
        return _STATES[text]
    if text in _STATES:
        restricted = ", ".join(sorted(RESTRICTED_MODES))
        raise ValueError(f"{show(text)} is known only for {restricted}; expected `on` or `off`")
    raise ValueError(expected_word(text, _STATES if modes else _PLAIN_STATES))


def safe_search(tree: object, engines: Collection[str]) -> bool | Mapping[str, bool]:
    """``on`` or ``off`` for all search engines, or by engine: ``{google: on, bing: off}``."""
    if isinstance(tree, str):
        return on_off(tree)
    if not isinstance(tree, dict) or not tree:
        given = "an empty mapping" if tree == {} else describe(tree)
        raise ValueError(
            f"{given} stands here; expected `on`, `off` or search engines such as {{google: on, bing: off}}"
        )
    key = one_of(engines, "is not a search engine with a safe mode")
    return dict(each_entry(tree, key, lambda _, value: on_off(text_only(value))))


def limits(tree: object, known: Collection[str]) -> Mapping[str, ByDays | None]:
    """``{category, service or internet: 45m or {days: 45m}}``; ``none`` is ``None``."""
    key = one_of(("internet", *known), "is not a category, a service or `internet`")
    return dict(each_entry(tree, key, lambda _, value: None if value == NONE else limit(value)))


def limit(tree: object) -> ByDays:
    """``45m`` (every day) or ``{school days: 30m, other days: 90m}``."""
    if isinstance(tree, dict) and tree:
        return tuple(each_entry(tree, _whole_days, lambda _, long: _time_a_day(text_only(long))))
    return ((EVERY_DAY, _time_a_day(text_only(tree))),)


_time_a_day = duration_within(0, DAY, "0m to 1 day")


def _whole_days(text: str) -> Days:
    found = days(text)
    for night, day in (("school nights", "school days"), ("other nights", "other days")):
        if night in found.words:
            raise ValueError(f"{show(text)} names nights, but minutes count by the day; did you mean `{day}`?")
    return found


def one_of(known: Iterable[str], complaint: str) -> Callable[[str], str]:
    """A grammar for one of the ``known`` words; the ``complaint`` about any other comes with a suggestion."""
    words = sorted(known)

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(unknown_word(text, words, complaint))
        return text

    return parse
