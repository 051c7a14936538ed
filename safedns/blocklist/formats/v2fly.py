"""The format of v2fly's domain lists: ``x`` or ``domain:x`` for x and all below it, ``full:x`` for x alone.

    keyword:x     every name that holds x
    regexp:x      every name in which the expression x is found, in its own letter case
    include:x     what the file x beside this one says; with ``@ads`` only its lines that are marked so, with ``@-ads``
                  only those that are not

Other attributes (``@ads``, ``@!cn``, ``&list``) say which part of a list a line belongs to; all parts are taken. Files
beside a list are at hand where it lies on this machine, or were fetched with it. A household may want one part of a
list alone (``Lines.part``): that is read as if it were included with that attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safedns.blocklist.formats.entry import (
    INCLUDE,
    NOT_A_NAME,
    NOT_ONE_WORD,
    Entry,
    Item,
    NotTakenError,
    Pattern,
    entry_name,
    refuse,
    shown,
    without_comment,
)
from safedns.blocklist.formats.regex import whole_name
from safedns.blocklist.lines import Lines

_INCLUDE = "include:"
_KEYWORD = re.compile(r"[a-z0-9._-]+")
_DEEPEST = 20
"""Files that include one another."""


class _Part(NamedTuple):
    """Which lines of an included file are meant."""

    marked: frozenset[str] = frozenset()
    unmarked: frozenset[str] = frozenset()

    def narrowed(self, part: _Part) -> _Part:
        """The lines that are in both."""
        return _Part(self.marked | part.marked, self.unmarked | part.unmarked)

    def holds(self, attributes: Iterable[str]) -> bool:
        marks = frozenset(attributes)
        return self.marked <= marks and self.unmarked.isdisjoint(marks)


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Entries, patterns and refusals, included ones where they are included; never raises.

    What an included file says is told with the number of the line that includes it.
    """
    part = lines.part if isinstance(lines, Lines) else ""
    for number, text in whole(lines, part):
        try:
            yield _item(number, text)
        except NotTakenError as error:
            yield refuse(number, text, str(error))


def whole(lines: Iterable[str], part: str = "") -> Iterator[tuple[int, str]]:
    """Each rule with the number of its line, included ones in place of what includes them, if they are at hand.

    ``part``: only those that are marked so. A file is read once for each set of marks that is asked for.
    """
    seen: set[tuple[str, _Part]] = set()

    def read(lines: Iterable[str], wanted: _Part, depth: int, included: int) -> Iterator[tuple[int, str]]:
        for own, line in enumerate(lines, 1):
            text = without_comment(line)
            if not text:
                continue
            number = included or own
            rule, *attributes = text.split()
            name = rule.removeprefix(_INCLUDE)
            if name == rule:
                if wanted.holds(attributes):
                    yield number, text
            elif (sibling := _sibling(lines, name, depth)) is None:
                yield number, text
            elif (name, inner := wanted.narrowed(_part(attributes))) not in seen:
                seen.add((name, inner))
                yield from read(sibling, inner, depth + 1, number)

    return read(lines, _part([f"@{part}"]) if part else _Part(), 0, 0)


def included(lines: Iterable[str]) -> set[str]:
    """Names of the files that ``lines`` themselves include."""
    texts = (without_comment(line) for line in lines)
    return {text.split()[0].removeprefix(_INCLUDE) for text in texts if text.startswith(_INCLUDE)}


def _sibling(lines: Iterable[str], name: str, depth: int) -> Lines | None:
    return lines.sibling(name) if isinstance(lines, Lines) and depth < _DEEPEST else None


def _part(attributes: Iterable[str]) -> _Part:
    marks = [attribute.removeprefix("@") for attribute in attributes if attribute.startswith("@")]
    unmarked = frozenset(f"@{mark[1:]}" for mark in marks if mark.startswith("-"))
    return _Part(frozenset(f"@{mark}" for mark in marks if not mark.startswith("-")), unmarked)


def _item(number: int, text: str) -> Entry | Pattern:
    rule, *attributes = text.split()
    if rule.startswith(_INCLUDE):
        raise NotTakenError(INCLUDE)
    if not all(attribute[0] in "@&" for attribute in attributes):
        raise NotTakenError(NOT_ONE_WORD)
    kind, colon, value = rule.partition(":")
    if not colon:
        kind, value = "domain", rule
    if kind == "keyword":
        if not _KEYWORD.fullmatch(value.lower()):
            raise NotTakenError(NOT_A_NAME)
        return Pattern(number, shown(rule), re.escape(value.lower()))
    if kind == "regexp":
        return whole_name(value) or Pattern(number, shown(rule), value)
    if kind == "full":
        return Entry(entry_name(value, top_level=True), "exact")
    return Entry(entry_name(value if kind == "domain" else rule, top_level=True), "below")
