"""What the text of a list says: read, sorted, and without what is needless. Nothing is written here.

    lines --parse--> entries --sort, reduce--> tries of keys
                     patterns --admit--------> patterns

Reducing removes names that match nothing of their own: those below another name of the list, unless an exception lies
between. A list may hold millions of names, so between its lines and the tries nothing keeps a Python object for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import marisa_trie

from safedns.blocklist.files import file_digest
from safedns.blocklist.formats import EXCEPTIONS, FORMATS, KNOWN, detect
from safedns.blocklist.formats.entry import (
    ALLOW,
    BLOCK,
    IMPORTANT,
    IMPORTANT_ALLOW,
    TOO_LONG,
    VETOED,
    Entry,
    Exceptions,
    Item,
    Network,
    NotTakenError,
    Pattern,
    Skipped,
    Tier,
    refuse,
)
from safedns.blocklist.header import SkippedCount
from safedns.blocklist.lines import Lines, Progress
from safedns.blocklist.match import Match, Matcher
from safedns.blocklist.networks import network_key
from safedns.blocklist.patterns import Admission
from safedns.blocklist.pile import Pile
from safedns.blocklist.unpack import unpacked
from safedns.errors import ListError
from safedns.wire.names import key_of, name_of_key

_SAMPLE = 500
_MARKED = "v2fly"
"""The format whose lines are marked with the part that they belong to."""
_SHOWN = 5
_ALONE = "!"
"""Behind the key of a name that blocks alone; sorts before every letter of a name, so it follows the same key bare."""
_INSIDE = '"'
"""Behind the key of a name of which only what is below it is blocked; sorts behind ``_ALONE``."""

_BLOCKING = frozenset((*BLOCK, *IMPORTANT, "network"))

_PLACES = {
    **{tier.below: (tier.below, "") for tier in (BLOCK, IMPORTANT)},
    **{tier.exact: (tier.below, _ALONE) for tier in (BLOCK, IMPORTANT)},
    **{tier.inner: (tier.below, _INSIDE) for tier in (BLOCK, IMPORTANT)},
    **{kind: (kind, "") for tier in (ALLOW, IMPORTANT_ALLOW) for kind in tier},
}
"""On which pile an entry of a kind is gathered, and what is put behind its key there."""


@dataclass(frozen=True)
class Contents:
    """What a list's text says, without what is needless."""

    format: str
    digest: str
    read: int
    tries: Mapping[str, marisa_trie.Trie]
    """By kind of entry (keys) and for ``network`` and ``allow-network``; those that hold something."""
    patterns: Sequence[Pattern]
    """Sorted, each once."""
    exceptions: Exceptions
    skipped: Mapping[str, SkippedCount]
    subsumed: Sequence[str]
    """The first few names that another entry made needless."""
    parts: bool = False
    """Whether the source is one of which a part can be taken."""

    def count(self, *kinds: str) -> int:
        """How many entries of ``kinds`` there are."""
        return sum(len(self.tries[kind]) for kind in kinds if kind in self.tries)

    @property
    def entries(self) -> int:
        """Names, patterns and networks that block."""
        return self.count(*_BLOCKING) + sum(not pattern.allow for pattern in self.patterns)

    @property
    def needless(self) -> int:
        """Entries that were repeated, or that another covers."""
        return self.read - self.count(*self.tries) - len(self.patterns)

    @cached_property
    def match(self) -> Match:
        """How the compiled list will be asked."""
        return Matcher(self.tries, self.patterns, self.exceptions).match


def read_list(
    source: Path,
    format: str | None = None,  # noqa: A002 - the word that parents type
    progress: Progress | None = None,
    *,
    part: str = "",
    vetoes: Collection[str] = (),
) -> Contents:
    """What the file ``source`` holds, packed or not; raises ``ListError``.

    ``format`` is found out where ``None``. ``part`` chooses a list of an archive, or the lines of a v2fly list that are
    marked so. Names of ``vetoes`` are left out.
    """
    try:
        digest = file_digest(source)
        with unpacked(source, str(source), part=part) as (text, archive):
            lines = Lines(text, progress, "" if archive else part)
            if format is None:
                format = detect(islice(lines.quietly(), _SAMPLE))  # noqa: A001
            elif format not in FORMATS:
                raise ListError(str(source), f"format {format!r} is unknown; expected one of {KNOWN}")
            gathered = _Gathered(frozenset(vetoes))
            gathered.take(FORMATS[format](lines))
            for number, beginning in sorted(lines.too_long.items()):
                gathered.skip(refuse(number, beginning, TOO_LONG))
    except OSError as error:
        raise ListError(str(source), f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ListError(str(source), str(error)) from error
    exceptions = EXCEPTIONS.get(format, "beat shorter")
    subsumed: list[str] = []
    tries = _tries(gathered.piles, exceptions, subsumed)
    patterns = sorted(gathered.patterns.values(), key=lambda pattern: pattern[1:])
    parts = archive or format == _MARKED
    return Contents(format, digest, gathered.read, tries, patterns, exceptions, gathered.skipped, subsumed, parts)


class _Gathered:
    """What the lines of a source come to, needless ones included."""

    def __init__(self, vetoes: Collection[str]) -> None:
        self.read = 0
        self._vetoes = vetoes
        self.piles: defaultdict[str, Pile] = defaultdict(Pile)
        self.patterns: dict[object, Pattern] = {}
        self.skipped: dict[str, SkippedCount] = {}
        self._admission = Admission()

    def take(self, items: Iterable[Item]) -> None:
        """Gather all of ``items``."""
        names, vetoes = self.piles[BLOCK.below], self._vetoes
        for item in items:
            if isinstance(item, Entry):
                self.read += 1
                name, kind = item
                if name in vetoes and kind in _BLOCKING:
                    self.read -= 1
                    self.skip(Skipped(0, name, VETOED))
                elif kind == "below":
                    names.add(key_of(name))
                else:
                    pile, mark = _PLACES[kind]
                    self.piles[pile].add(key_of(name) + mark)
            elif isinstance(item, Pattern):
                self._pattern(item)
            elif isinstance(item, Network):
                self.read += 1
                self.piles["allow-network" if item.allow else "network"].add(network_key(item.network))
            else:
                self.skip(item)

    def _pattern(self, pattern: Pattern) -> None:
        if pattern[1:] not in self.patterns:
            try:
                self._admission.check(pattern.expression)
            except NotTakenError as error:
                self.skip(Skipped(pattern.line, pattern.text, str(error)))
                return
            self.patterns[pattern[1:]] = pattern
        self.read += 1

    def skip(self, skipped: Skipped) -> None:
        """Count what is not taken."""
        line, text, reason = skipped
        if known := self.skipped.get(reason):
            self.skipped[reason] = known._replace(total=known.total + 1)
        else:
            self.skipped[reason] = SkippedCount(1, line, text)


def _tries(piles: Mapping[str, Pile], exceptions: Exceptions, subsumed: list[str]) -> dict[str, marisa_trie.Trie]:
    """The tries of what no other entry covers; the one of ``below`` even where it holds nothing."""
    blocking = {BLOCK.below, IMPORTANT.below}
    tries = {kind: marisa_trie.Trie(pile) for kind, pile in piles.items() if kind not in blocking}
    opening = [tries[kind].prefixes for kind in (ALLOW.below, ALLOW.inner) if kind in tries]

    def excepted(key: str, start: int) -> bool:
        """Whether an exception lies above ``key``, at or below the covering key, whose length is ``start``."""
        return any(start <= len(above) < len(key) for prefixes in opening for above in prefixes(key))

    def never(_key: str, _start: int) -> bool:
        return False

    between = excepted if opening and exceptions == "beat shorter" else never
    tries |= _reduced(piles[BLOCK.below], BLOCK, between, subsumed)
    if IMPORTANT.below in piles:
        tries |= _reduced(piles[IMPORTANT.below], IMPORTANT, never, subsumed)
    return {kind: trie for kind, trie in tries.items() if len(trie) or kind == BLOCK.below}


_Between = Callable[[str, int], bool]


def _reduced(items: Pile, tier: Tier, between: _Between, subsumed: list[str]) -> dict[str, marisa_trie.Trie]:
    alone, inside = Pile(), Pile()
    # Filled while the trie draws its keys, so that one pass over the names does for all three.
    below = marisa_trie.Trie(_below(items, between, alone, inside, subsumed))
    return {tier.below: below, tier.exact: marisa_trie.Trie(alone), tier.inner: marisa_trie.Trie(inside)}


def _below(items: Iterable[str], between: _Between, alone: Pile, inside: Pile, subsumed: list[str]) -> Iterator[str]:
    """Keys that cover themselves and what is below them, without those that another covers; the piles get the others.

    In sorted order a key stands right before every key that lies below it.
    """
    covering: list[str] = []
    whole = ""
    for item in items:
        while covering and not item.startswith(covering[-1]):
            covering.pop()
        mark = item[-1]
        key = item if mark == "." else item[:-1]
        if key == whole:
            continue
        if mark == ".":
            whole = key
        if covering and not between(key, len(covering[-1])):
            if len(subsumed) < _SHOWN:
                subsumed.append(f"{name_of_key(key)} (by {name_of_key(covering[-1])})")
        elif mark == _ALONE:
            alone.add(key)
        elif mark == _INSIDE:
            inside.add(key)
            covering.append(key)
        else:
            covering.append(key)
            yield key
