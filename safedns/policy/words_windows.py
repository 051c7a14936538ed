"""The grammar of named windows. Small trees -> values, pure.

::

    windows:
      dinner: {off: {every day: "18:30-19:15"}}
      games after homework: {what: games, on: {school days: "17:00-18:30"}}
      forum hours: {what: [reddit.com, discord], off: {mon-fri: "08:00-16:00"}}
      nap: none
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from safedns.policy.live import Target
from safedns.policy.model import NamedWindow, Timetable
from safedns.policy.words import timetable
from safedns.policy.words_names import shown_name
from safedns.policy.words_switches import NONE, one_of
from safedns.yamlfile.messages import describe
from safedns.yamlfile.validate import each, each_entry, text_only

_WANTED = 'expected times such as {off: "18:30-19:15"}, or `none`'


def named_windows(tree: object, target: Callable[[str], Target]) -> Mapping[str, NamedWindow | None]:
    """By name; ``None`` takes a preset's window away. ``target``: the grammar of what a window may close."""
    return dict(each_entry(tree, shown_name, lambda _, value: named_window(value, target)))


def named_window(tree: object, target: Callable[[str], Target]) -> NamedWindow | None:
    """``{what, off or on}``; ``None`` for ``none`` and ``off``."""
    if tree in (NONE, "off"):
        return None
    if not isinstance(tree, dict) or not tree:
        raise ValueError(f"{'an empty mapping' if tree == {} else describe(tree)} stands here; {_WANTED}")
    parse = one_of(("what", "off", "on"), "is not a key here")
    parts = dict(each_entry(tree, parse, lambda key, value: _part(key, value, target)))
    if ("on" in parts) == ("off" in parts):
        both = "`on` and `off` times are both given" if "on" in parts else "no times are given"
        raise ValueError(f"{both}; expected one of them: `off` closes then, `on` closes at all other times")
    what = cast("tuple[Target, ...]", parts.get("what", (Target("internet"),)))
    return NamedWindow(what, cast("Timetable", parts.get("on", parts.get("off"))), opens="on" in parts)


def _part(key: str, value: object, target: Callable[[str], Target]) -> Timetable | tuple[Target, ...]:
    if key != "what":
        return timetable(value)
    if isinstance(value, list):
        if not value:
            raise ValueError("an empty list stands here; expected what the window closes, such as [games, reddit.com]")
        return tuple(dict.fromkeys(each(value, target)))
    return (target(text_only(value)),)
