"""The adblock format: rules for names and for patterns of names (see ``mask``), as AdGuard reads them for DNS.

    ||x^             blocks               @@||x^              lets through what other rules block
    x                blocks x alone       0.0.0.0 x           so does a hosts line

    $important       beats exceptions that are not important; an important exception beats everything
    $dnstype=A|AAAA  for these types of records; with ``~`` before each for all others
    $denyallow=x|y   not for x, y and what is below them
    $badfilter       disables the rule that reads the same without it, wherever that stands

Every other rule is dropped whole: half of a rule (without its modifier, its path) blocks what its maker did not mean.
``||1.2.3.4^`` is about the addresses in an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from safedns.blocklist.formats.entry import (
    CLIENT,
    COSMETIC,
    CTAG,
    DENYALLOW,
    DISABLED,
    DNSREWRITE,
    DNSTYPE,
    EVERY_TYPE,
    IS_ADDRESS,
    MODIFIER,
    NOT_ONE_WORD,
    NOTHING_TO_DISABLE,
    TIERS,
    Entry,
    Item,
    Network,
    NotTakenError,
    Pattern,
    Types,
    entry_name,
    refuse,
    shown,
    without_comment,
)
from safedns.blocklist.formats.hosts import host_address
from safedns.blocklist.formats.hosts import parse as parse_hosts
from safedns.blocklist.formats.mask import Named, Reach, meaning
from safedns.blocklist.formats.types import read_types
from safedns.blocklist.lines import again

_COSMETIC = re.compile(r"#[@?$%]{0,3}#")
_ADDRESS = re.compile(r"\|\|?([0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*)\^")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_BARE = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?|[a-z0-9]+", re.IGNORECASE)
_BARE_INTERNATIONAL = re.compile(r"[^\x00-,/:-@\[-^`{-\x7f]+")
_DOLLAR = re.compile(r"(?<!\\)\$")
_COMMA = re.compile(r"(?<!\\),")

_NONE: frozenset[str] = frozenset()
_REASONS = {
    "client": CLIENT,
    "ctag": CTAG,
    "dnsrewrite": DNSREWRITE,
    "badfilter": NOTHING_TO_DISABLE,
}


class _Parts(NamedTuple):
    """A rule taken apart; two rules that differ in the order of their modifiers alone are equal."""

    pattern: str
    """With ``@@`` where the rule is an exception."""
    modifiers: frozenset[str]

    def others(self) -> _Parts:
        """The rule without ``badfilter``."""
        return self._replace(modifiers=self.modifiers - {"badfilter"})


class _Modifiers(NamedTuple):
    """What the modifiers of a rule say."""

    important: bool = False
    types: Types = EVERY_TYPE
    spared: tuple[str, ...] = ()

    @property
    def restrict(self) -> bool:
        """Whether the rule counts for fewer questions than its pattern says."""
        return self.types != EVERY_TYPE or bool(self.spared)


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """What the rules come to, in the order of the file; never raises. Goes through the file twice."""
    lines, ahead = again(lines)
    disabled = _Disabled(ahead)
    for number, line in enumerate(lines, 1):
        text = without_comment(line, "!#")
        if not text or (text[0] == "[" and text[-1] == "]"):
            continue
        if text[-1] == "^" and not disabled.rules and (entry := _plain(text)):
            yield entry
            continue
        if host_address(text.split(None, 1)[0]) is not None:
            yield from _hosts_line(number, text)
            continue
        try:
            item = _item(number, text, disabled)
        except NotTakenError as error:
            yield refuse(number, text, str(error))
            continue
        if item is not None:
            yield item
    for number, text in disabled.without_effect():
        yield refuse(number, text, NOTHING_TO_DISABLE)


class _Disabled:
    """What badfilter rules of a file disable. A bare name is a line of a hosts file, which none disables."""

    __slots__ = ("_met", "rules")

    def __init__(self, lines: Iterable[str]) -> None:
        self.rules: dict[_Parts, tuple[int, str]] = {}
        """Each with the badfilter rule that disables it."""
        self._met: set[_Parts] = set()
        for number, line in enumerate(lines, 1):
            if "badfilter" in line:
                text = without_comment(line, "!#")
                parts = _parts(text)
                rule = parts.others()
                if rule != parts and not _is_bare(rule) and " " not in rule.pattern:
                    self.rules.setdefault(rule, (number, text))

    def holds(self, parts: _Parts) -> bool:
        """Whether the rule is disabled; from then on it is known to be in the file."""
        if parts not in self.rules:
            return False
        self._met.add(parts)
        return True

    def without_effect(self) -> Iterator[tuple[int, str]]:
        """The badfilter rules whose rule was not met."""
        return (told for rule, told in self.rules.items() if rule not in self._met)


def _plain(text: str) -> Entry | None:
    """The entry that ``||x^`` and ``@@||x^`` are, as nearly every line is; ``None`` where that needs a closer look."""
    try:
        if text[:2] == "||":
            return Entry(entry_name(text[2:-1], top_level=True), "below")
        if text[:4] == "@@||":
            return Entry(entry_name(text[4:-1], top_level=True), "allow")
    except NotTakenError:
        pass
    return None


def _is_bare(parts: _Parts) -> bool:
    """Whether a rule is a name and nothing else, as on a line of a hosts file."""
    bare = _BARE if parts.pattern.isascii() else _BARE_INTERNATIONAL
    return not parts.modifiers and bare.fullmatch(parts.pattern) is not None


def _parts(text: str) -> _Parts:
    exception = "@@" if text.startswith("@@") else ""
    rule = text[len(exception) :]
    dollars = [] if rule.startswith("/") and rule.endswith("/") else list(_DOLLAR.finditer(rule))
    if not dollars:
        return _Parts(text, _NONE)
    place = dollars[-1].start()
    modifiers = rule[place + 1 :]
    return _Parts(exception + rule[:place], frozenset(_COMMA.split(modifiers)) if modifiers else _NONE)


def _item(number: int, text: str, disabled: _Disabled) -> Entry | Pattern | Network | None:
    """What the rule on a line comes to; ``None`` for one whose work is to disable another."""
    if _COSMETIC.search(text):
        raise NotTakenError(COSMETIC)
    parts = _parts(text)
    if disabled.rules:
        if disabled.holds(parts):
            raise NotTakenError(DISABLED)
        if parts.others() in disabled.rules:
            return None
    modifiers = _modifiers(parts.modifiers)
    pattern = parts.pattern.removeprefix("@@")
    allow = pattern != parts.pattern
    if len(pattern.split()) > 1:
        raise NotTakenError(NOT_ONE_WORD)
    if _is_bare(parts):
        return Entry(entry_name(pattern), "exact")
    if (address := _ADDRESS.fullmatch(pattern)) and modifiers == _Modifiers():
        return _network(address[1], allow=allow)
    meant = meaning(pattern, restricted=modifiers.restrict)
    if isinstance(meant, Named):
        return _named(number, meant, modifiers, allow=allow)
    return Pattern(
        number,
        shown(text),
        meant.expression,
        allow=allow,
        important=modifiers.important,
        types=modifiers.types,
        spared=modifiers.spared,
    )


def _named(number: int, meant: Named, modifiers: _Modifiers, *, allow: bool) -> Entry | Pattern:
    name = entry_name(meant.text, top_level=True)
    if not modifiers.restrict:
        tier = TIERS[allow, modifiers.important]
        return Entry(name, getattr(tier, meant.reach))
    return Pattern(
        number,
        name,
        _expression(name, meant.reach),
        allow=allow,
        important=modifiers.important,
        named=True,
        types=modifiers.types,
        spared=modifiers.spared,
    )


def _expression(name: str, reach: Reach) -> str:
    begin = {"below": r"(?:^|\.)", "exact": "^", "inner": r"\."}[reach]
    return f"{begin}{re.escape(name)}$"


def _network(text: str, *, allow: bool) -> Network:
    try:
        return Network(ip_network(ip_address(text)), allow)
    except ValueError:
        raise NotTakenError(IS_ADDRESS) from None


def _modifiers(texts: frozenset[str]) -> _Modifiers:
    important, types = False, EVERY_TYPE
    spared: tuple[str, ...] = ()
    for text in sorted(texts):
        key, _, value = text.partition("=")
        if text == "important":
            important = True
        elif key == "dnstype":
            types = _types(value)
        elif key == "denyallow":
            spared = _spared(value)
        else:
            raise NotTakenError(_reason(texts))
    return _Modifiers(important, types, spared)


def _reason(modifiers: frozenset[str]) -> str:
    keys = {modifier.partition("=")[0].strip().lstrip("~") for modifier in modifiers}
    return next((reason for key, reason in _REASONS.items() if key in keys), MODIFIER)


def _types(value: str) -> Types:
    """``A|AAAA``, or ``~A|~AAAA`` for all but those; where both are mixed, what is excluded says nothing."""
    words = value.split("|")
    taken = [word for word in words if not word.startswith("~")]
    try:
        return Types(read_types(taken or [word[1:] for word in words]), others=not taken)
    except ValueError:
        raise NotTakenError(DNSTYPE) from None


def _spared(value: str) -> tuple[str, ...]:
    try:
        return tuple(sorted({entry_name(word, top_level=True) for word in value.split("|")}))
    except NotTakenError:
        raise NotTakenError(DENYALLOW) from None


def _hosts_line(number: int, text: str) -> Iterator[Item]:
    """A hosts line among rules speaks, unlike in a hosts file, about its names alone."""
    for item in parse_hosts((text,)):
        yield item._replace(kind="exact") if isinstance(item, Entry) else item._replace(line=number)
