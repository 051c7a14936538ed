r"""The patterns of adblock rules: which names one means, as an entry's reach or as an expression.

    ||x^      x and all below it           |x^     x alone             ||*.x^   what is below x, without x
    ||x       labels that begin with x     |x      begins with x       x^       ends with x
    *         any letters, none too        x       holds x             /x/      a regular expression

Read as AdGuard reads them for a host, whose address is ``http://NAME``: ``^`` stands for the end, ``://x`` and ``/x.``
for its beginning. What needs more of a page's address than its host can match no name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from safedns.blocklist.formats.entry import NOT_A_NAME, PATH, TOO_WIDE, NotTakenError
from safedns.blocklist.formats.regex import whole_name

Reach = Literal["below", "exact", "inner"]

_SCHEME = re.compile(r"(?:http)?://")
_EXPRESSION = re.compile(r"/(.+)/")
_OF_ADDRESSES = frozenset("/:?=&%#@,;!~^")
_LETTERS = re.compile(r"[a-z0-9._*-]*")
_SHORTEST = 3
"""Characters of a pattern without modifiers; AdGuard takes no shorter one."""


_REACHES: Mapping[str, Reach] = MappingProxyType({"below": "below", "exact": "exact", "||": "below", "|": "exact"})


class Named(NamedTuple):
    """The pattern says no more than a name."""

    text: str
    """As written."""
    reach: Reach


class Sought(NamedTuple):
    """The pattern is sought in names."""

    expression: str


def meaning(pattern: str, *, restricted: bool) -> Named | Sought:
    """What ``pattern`` (of a rule, without ``@@`` and modifiers) matches; raises ``NotTakenError``.

    ``restricted``: whether modifiers make sure that it does not match every name.
    """
    if expression := _EXPRESSION.fullmatch(pattern):
        entry = whole_name(expression[1])
        return Sought(f"(?i){expression[1]}") if entry is None else Named(entry.name, _REACHES[entry.kind])
    if not restricted and len(pattern) < _SHORTEST:
        raise NotTakenError(TOO_WIDE)
    begin, core, ends = _anchors(_of_the_host(pattern))
    if not core:
        if not restricted:
            raise NotTakenError(TOO_WIDE)
        return Sought("")
    if not _OF_ADDRESSES.isdisjoint(core):
        raise NotTakenError(PATH)
    if ends and "*" not in core:
        if begin:
            return Named(core, _REACHES[begin])
        if core.startswith("."):
            return Named(core[1:], "inner")
    return Sought(_expression(begin, core, ends=ends))


def _of_the_host(pattern: str) -> str:
    """``pattern`` with what it says of the address before and behind the host in terms of the host."""
    if pattern.endswith("/*"):
        pattern = pattern[:-2] + "^"
    if scheme := _SCHEME.match(pattern):
        return "|" + pattern[scheme.end() :]
    if pattern.startswith("/") and pattern.endswith(".") and len(pattern) > _SHORTEST:
        return "|" + pattern.lstrip("/")
    return pattern


def _anchors(pattern: str) -> tuple[str, str, bool]:
    """Where it must begin (``||``, ``|`` or anywhere), what is sought, and whether that must be the end."""
    begin = "||" if pattern.startswith("||") else "|" if pattern.startswith("|") else ""
    core = pattern[len(begin) :]
    ends = core.endswith("|")
    core = core.removesuffix("|")
    # A separator is no letter of a name, so only the end of the name can be one: "^*" and "^^" are "^".
    while core.endswith(("^", "^*")):
        core, ends = core.removesuffix("*").removesuffix("^"), True
    if core.startswith("*"):
        begin, core = "", core.lstrip("*")
        if core.startswith(".") and ends:
            return begin, core, ends
    if not ends:
        core = core.rstrip("*")
    return begin, core, ends


def _expression(begin: str, core: str, *, ends: bool) -> str:
    lower = core.lower()
    if not _LETTERS.fullmatch(lower):
        raise NotTakenError(NOT_A_NAME)
    anywhere = ".*".join(re.escape(part) for part in re.split(r"\*+", lower))
    start = {"||": r"(?:^|\.)", "|": "^", "": ""}[begin]
    return f"{start}{anywhere}{'$' if ends else ''}"
