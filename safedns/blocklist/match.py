"""Does a list that is more than plain names cover a name? Tiers of entries, the weightiest first, patterns among them.

    important exception -> open   important entry -> blocked   entry -> exception? -> open
                                                                     `-> blocked

What a list's exceptions beat depends on its format: in adblock rules every entry that is not important, elsewhere the
shorter ones. Pure; knows no files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import marisa_trie

from safedns.blocklist.formats.entry import ALLOW, BLOCK, IMPORTANT, IMPORTANT_ALLOW, TIERS, Exceptions, Pattern, Tier
from safedns.blocklist.patterns import search_all
from safedns.wire.names import parents


class Match(Protocol):
    """How a list is asked."""

    def __call__(self, name: str, key: str, qtype: int | None = None) -> str | None:
        """The entry that blocks the canonical ``name``, whose key is ``key``, for questions of type ``qtype``.

        The longest entry that covers the name; a pattern counts as long as the name. Names come canonical, patterns as
        their maker wrote them. ``None``, when nothing covers the name or it is let through. For ``qtype`` ``None``
        every entry counts that does for any type, and only those exceptions that do for each.
        """
        ...


def reach(entry: str, name: str) -> int:
    """How many characters of ``name`` an entry that covers it speaks for: a pattern, which is no end of it, for all."""
    return len(entry) if name == entry or name.endswith(f".{entry}") else len(name)


def sparing(match: Match, exceptions: Collection[str]) -> Match:
    """``match`` without what a name of ``exceptions`` lifts: entries for it and what is below it, no longer than it."""

    def match_others(name: str, key: str, qtype: int | None = None) -> str | None:
        entry = match(name, key, qtype)
        if entry is not None:
            for parent in parents(name):
                if parent in exceptions:
                    return entry if reach(entry, name) > len(parent) else None
        return entry

    return match_others


class Matcher:
    """The entries of one list, ready to be asked. Immutable."""

    __slots__ = ("_beat_all", "_names", "_patterns")

    def __init__(
        self, tries: Mapping[str, marisa_trie.Trie], patterns: Sequence[Pattern], exceptions: Exceptions
    ) -> None:
        """``tries`` of keys by kind of entry; raises ``ValueError`` where ``patterns`` cannot be sought."""
        self._names = tuple(_Names(tries, tier) for tier in _TIERS)
        self._patterns = _Patterns(patterns) if patterns else None
        self._beat_all = exceptions == "beat all"

    def match(self, name: str, key: str, qtype: int | None = None) -> str | None:
        """See ``Match``."""
        found = self._patterns.found(name, qtype) if self._patterns is not None and key else None
        if self._longest(_IMPORTANT_ALLOW, key, found)[0]:
            return None
        blocking, text = self._longest(_IMPORTANT, key, found)
        if not blocking:
            blocking, text = self._longest(_BLOCK, key, found)
            if not blocking:
                return None
            letting, _ = self._longest(_ALLOW, key, found)
            if letting and (self._beat_all or letting >= blocking):
                return None
        return text or _end(name, key, blocking)

    def spares(self, name: str, key: str, qtype: int | None = None) -> str | None:
        """The exception that lets the name through although an entry covers it; ``None`` where that is not so.

        Names come canonical, patterns as their maker wrote them. To be shown: ``match`` is quicker.
        """
        found = self._patterns.found(name, qtype) if self._patterns is not None and key else None
        covered = any(self._longest(tier, key, found)[0] for tier in (_IMPORTANT, _BLOCK))
        if not covered or self.match(name, key, qtype) is not None:
            return None
        exceptions = (self._longest(tier, key, found) for tier in (_IMPORTANT_ALLOW, _ALLOW))
        letting, text = next(exception for exception in exceptions if exception[0])
        return text or _end(name, key, letting)

    def _longest(self, tier: int, key: str, found: _Found | None) -> tuple[int, str]:
        """How long the longest entry of a tier is, as a key; its text where it is no end of the name; 0 for none."""
        length = self._names[tier].longest(key)
        if found is not None and found[tier][0] > length:
            return found[tier]
        return length, ""


def _end(name: str, key: str, length: int) -> str:
    """The end of ``name`` for which a key of ``length`` stands: a key is one dot longer than its name."""
    return name[len(key) - length :]


_TIERS = (IMPORTANT_ALLOW, IMPORTANT, ALLOW, BLOCK)
_IMPORTANT_ALLOW, _IMPORTANT, _ALLOW, _BLOCK = range(4)
_Found = Sequence[tuple[int, str]]
"""For each tier the longest pattern that counts: its length as a key, and its text; 0 where none does."""


class _Names:
    """The names of one tier."""

    __slots__ = ("_below", "_exact", "_inner")

    def __init__(self, tries: Mapping[str, marisa_trie.Trie], tier: Tier) -> None:
        self._below: Callable[[str], list[str]] | None = tries[tier.below].prefixes if tier.below in tries else None
        self._exact = tries.get(tier.exact)
        self._inner: Callable[[str], list[str]] | None = tries[tier.inner].prefixes if tier.inner in tries else None

    def longest(self, key: str) -> int:
        """How long the longest key is that covers ``key``; 0 when none does."""
        if self._exact is not None and key in self._exact:
            return len(key)
        length = 0
        if self._below is not None and (covering := self._below(key)):
            length = len(covering[-1])
        if self._inner is not None:
            for above in self._inner(key):
                if length < len(above) < len(key):
                    length = len(above)
        return length


class _Patterns:
    """The patterns of a list, of all tiers."""

    __slots__ = ("_inverted", "_patterns", "_search", "_tiers")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._tiers = tuple(_TIERS.index(TIERS[pattern.allow, pattern.important]) for pattern in patterns)
        self._inverted = frozenset(place for place, pattern in enumerate(patterns) if pattern.inverted)
        self._search = search_all([pattern.expression for pattern in patterns])

    def found(self, name: str, qtype: int | None) -> _Found | None:
        """What counts for ``name``; ``None`` when nothing does."""
        places: Collection[int] = self._search(name)
        if self._inverted:
            places = self._inverted.symmetric_difference(places)
        if not places:
            return None
        longest = [(0, "")] * len(_TIERS)
        for place in places:
            pattern, tier = self._patterns[place], self._tiers[place]
            if _counts(pattern, name, qtype):
                length = len(pattern.text if pattern.named else name) + 1
                longest[tier] = max(longest[tier], (length, pattern.text))
        return longest


def _counts(pattern: Pattern, name: str, qtype: int | None) -> bool:
    if qtype is None:
        if pattern.allow and pattern.types.numbers:
            return False
    elif not pattern.types.hold(qtype):
        return False
    return not any(name == spared or name.endswith(f".{spared}") for spared in pattern.spared)
