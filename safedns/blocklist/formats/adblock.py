"""The adblock format, as far as it speaks of whole names: ``||x^`` blocks x and all below, a bare name itself alone,
``@@||x^`` lets x and all below through. ``$important`` is the one modifier that is understood.

Every other rule is dropped whole: half of a rule (without its modifier, its path, its star) blocks what its maker did
not mean. An important rule beats exceptions that are not, so those are held until the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safedns.blocklist.formats.entry import (
    COSMETIC,
    EXACT_ALLOW,
    MODIFIER,
    NOT_ANCHORED,
    OVERRULED,
    PATH,
    REGEX,
    WILDCARD,
    Entry,
    Kind,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)
from safedns.blocklist.formats.hosts import host_address
from safedns.blocklist.formats.hosts import parse as parse_hosts
from safedns.wire.names import parents

_COSMETIC = re.compile(r"#[@?$%]{0,3}#")
_BELOW = re.compile(r"\|\|([^|^]+)(?:\^\|?|\|)")
_EXACT = re.compile(r"\|([^|^]+)[|^]|([^|^]+)")


class _Rule(NamedTuple):
    line: int
    text: str
    name: str
    kind: Kind
    important: bool


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file, then the exceptions; never raises."""
    exceptions: list[_Rule] = []
    important: set[str] = set()
    for number, line in enumerate(lines, 1):
        text = without_comment(line, "!#")
        if not text or (text[0] == "[" and text[-1] == "]"):
            continue
        if host_address(text.split(None, 1)[0]) is not None:
            yield from _hosts_line(number, text)
            continue
        try:
            rule = _rule(number, text)
        except NotTakenError as error:
            yield refuse(number, text, str(error))
            continue
        if rule.kind == "allow":
            exceptions.append(rule)
            continue
        if rule.important and rule.kind == "below":
            important.add(rule.name)
        yield Entry(rule.name, rule.kind)
    for rule in exceptions:
        if not rule.important and not important.isdisjoint(parents(rule.name)):
            yield refuse(rule.line, rule.text, OVERRULED)
        else:
            yield Entry(rule.name, "allow")


def _rule(number: int, text: str) -> _Rule:
    pattern = text.removeprefix("@@")
    allow = pattern != text
    if _COSMETIC.search(text):
        raise NotTakenError(COSMETIC)
    if pattern.startswith("/") and pattern.rfind("/") > 0:
        raise NotTakenError(REGEX)
    pattern, dollar, modifiers = pattern.partition("$")
    if dollar and modifiers != "important":
        raise NotTakenError(MODIFIER)
    name, kind = _name_and_kind(pattern, allow=allow)
    return _Rule(number, text, name, kind, bool(dollar))


def _name_and_kind(pattern: str, *, allow: bool) -> tuple[str, Kind]:
    if "*" in pattern:
        raise NotTakenError(WILDCARD)
    if "/" in pattern:
        raise NotTakenError(PATH)
    if below := _BELOW.fullmatch(pattern):
        return entry_name(below[1], top_level=True), "allow" if allow else "below"
    if exact := _EXACT.fullmatch(pattern):
        name = entry_name(exact[1] or exact[2])
        if allow:
            raise NotTakenError(EXACT_ALLOW)
        return name, "exact"
    raise NotTakenError(NOT_ANCHORED)


def _hosts_line(number: int, text: str) -> Iterator[Entry | Skipped]:
    """A hosts line among rules speaks, unlike in a hosts file, about its names alone."""
    for item in parse_hosts((text,)):
        yield item._replace(kind="exact") if isinstance(item, Entry) else item._replace(line=number)
