"""The adblock format, as far as it speaks of whole names: ``||x^`` blocks x and all below, a bare name itself alone,
``@@||x^`` lets x and all below through. Two modifiers are understood: ``$important`` and ``$badfilter``.

Every other rule is dropped whole: half of a rule (without its modifier, its path, its star) blocks what its maker did
not mean. An important rule beats exceptions that are not, so those are held until the end of the file; a badfilter rule
disables the rule that reads the same without that modifier, wherever it stands, so the file is held too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from safedns.blocklist.formats import regex
from safedns.blocklist.formats.entry import (
    CLIENT,
    COSMETIC,
    CTAG,
    DENYALLOW,
    DISABLED,
    DNSREWRITE,
    DNSTYPE,
    EXACT_ALLOW,
    MODIFIER,
    NOT_ANCHORED,
    NOTHING_TO_DISABLE,
    OVERRULED,
    PATH,
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
_EXPRESSION = re.compile(r"/(.*)/(?:\$([^/]*))?")

_NONE: frozenset[str] = frozenset()
_UNDERSTOOD = frozenset({"important"})
_REASONS = {
    "denyallow": DENYALLOW,
    "dnstype": DNSTYPE,
    "client": CLIENT,
    "ctag": CTAG,
    "dnsrewrite": DNSREWRITE,
    "badfilter": NOTHING_TO_DISABLE,
}


class _Rule(NamedTuple):
    line: int
    text: str
    name: str
    kind: Kind
    important: bool


class _Parts(NamedTuple):
    """A rule taken apart; two rules that differ in the order of their modifiers alone are equal."""

    pattern: str
    """With ``@@`` where the rule is an exception."""
    modifiers: frozenset[str]


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file, then the exceptions; never raises. Holds the file."""
    texts = [without_comment(line, "!#") for line in lines]
    disabled = _disabled(texts)
    exceptions: list[_Rule] = []
    important: set[str] = set()
    for number, text in enumerate(texts, 1):
        if not text or (text[0] == "[" and text[-1] == "]"):
            continue
        if host_address(text.split(None, 1)[0]) is not None:
            yield from _hosts_line(number, text)
            continue
        try:
            rule = _rule(number, text, disabled)
        except NotTakenError as error:
            yield refuse(number, text, str(error))
            continue
        if rule is None:
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


def _disabled(texts: Sequence[str]) -> frozenset[_Parts]:
    """What badfilter rules of the file disable in it. A bare name is a line of a hosts file, which none disables."""
    wanted = {
        parts._replace(modifiers=parts.modifiers - {"badfilter"})
        for parts in map(_parts, (text for text in texts if "badfilter" in text))
        if "badfilter" in parts.modifiers
    }
    if not wanted:
        return frozenset()
    return frozenset(parts for parts in map(_parts, texts) if parts in wanted and not _is_bare(parts))


def _is_bare(parts: _Parts) -> bool:
    return not parts.modifiers and parts.pattern[:1] not in ("|", "@", "/")


def _parts(text: str) -> _Parts:
    if "$" not in text:
        return _Parts(text, _NONE)
    exception = "@@" if text.startswith("@@") else ""
    if expression := _EXPRESSION.fullmatch(text, len(exception)):
        pattern, modifiers = f"{exception}/{expression[1]}/", expression[2]
    else:
        pattern, _, modifiers = text.partition("$")
    return _Parts(pattern, _NONE if modifiers is None else frozenset(modifiers.split(",")))


def _rule(number: int, text: str, disabled: frozenset[_Parts]) -> _Rule | None:
    """The rule on a line; ``None`` for one whose work is to disable another."""
    if _COSMETIC.search(text):
        raise NotTakenError(COSMETIC)
    parts = _parts(text)
    if disabled:
        if parts in disabled:
            raise NotTakenError(DISABLED)
        if parts._replace(modifiers=parts.modifiers - {"badfilter"}) in disabled:
            return None
    if unknown := parts.modifiers - _UNDERSTOOD:
        raise NotTakenError(_reason(unknown))
    pattern = parts.pattern.removeprefix("@@")
    name, kind = _name_and_kind(pattern, allow=pattern != parts.pattern)
    return _Rule(number, text, name, kind, bool(parts.modifiers))


def _reason(modifiers: frozenset[str]) -> str:
    keys = {modifier.partition("=")[0].strip().lstrip("~") for modifier in modifiers}
    return next((reason for key, reason in _REASONS.items() if key in keys), MODIFIER)


def _name_and_kind(pattern: str, *, allow: bool) -> tuple[str, Kind]:
    if pattern.startswith("/") and (expression := _EXPRESSION.fullmatch(pattern)):
        return _said(regex.meaning(expression[1]), allow=allow)
    if "*" in pattern:
        raise NotTakenError(WILDCARD)
    if "/" in pattern:
        raise NotTakenError(PATH)
    if below := _BELOW.fullmatch(pattern):
        return _said(Entry(entry_name(below[1], top_level=True), "below"), allow=allow)
    if exact := _EXACT.fullmatch(pattern):
        return _said(Entry(entry_name(exact[1] or exact[2]), "exact"), allow=allow)
    raise NotTakenError(NOT_ANCHORED)


def _said(entry: Entry, *, allow: bool) -> tuple[str, Kind]:
    if allow and entry.kind == "exact":
        raise NotTakenError(EXACT_ALLOW)
    return entry.name, "allow" if allow else entry.kind


def _hosts_line(number: int, text: str) -> Iterator[Entry | Skipped]:
    """A hosts line among rules speaks, unlike in a hosts file, about its names alone."""
    for item in parse_hosts((text,)):
        yield item._replace(kind="exact") if isinstance(item, Entry) else item._replace(line=number)
