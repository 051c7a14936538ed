"""A compiled list, memory-mapped: does it cover a name? No socket, no clock, no YAML; every process shares the pages.

Keys are names with their labels reversed and a closing dot (``com.example.www.``), so the entries that cover a name
are exactly the prefixes of its key, and one ``prefixes()`` call finds them all, shortest first. Patterns, of which a
list holds few, are read into memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import marisa_trie

from safedns.blocklist.files import file_digest
from safedns.blocklist.formats.entry import Pattern, Types
from safedns.blocklist.header import PATTERNS, TRIES, Header, Table, read_header
from safedns.blocklist.match import Match, Matcher, sparing
from safedns.blocklist.networks import Networks
from safedns.errors import ListError
from safedns.wire.names import name_of_key, parents

OPENING = frozenset({"learning", "kids"})
"""Categories of what stays open when the rest is closed."""


class Artefact:
    """One opened list. Immutable, and usable for as long as it is referenced, even when its files are replaced."""

    __slots__ = (
        "_below",
        "_exceptions",
        "_match",
        "_matcher",
        "_networks",
        "category",
        "header",
        "holds_networks",
        "match",
        "name",
        "plain",
    )

    match: Match
    """The entry that blocks a name; see ``safedns.blocklist.match.Match``."""

    def __init__(
        self,
        header: Header,
        tries: Mapping[str, marisa_trie.Trie],
        patterns: Sequence[Pattern],
        exceptions: Collection[str] = (),
    ) -> None:
        """``exceptions``: names that the household excepts from its lists, unless this one opens what it holds.

        Raises ``ValueError`` where ``patterns`` cannot be sought on this machine.
        """
        self.header = header
        self.name = header.name
        self.category = header.category
        self.holds_networks = "network" in tries
        """Whether it blocks addresses at all."""
        self.plain = tries.keys() <= {"below", "network", "allow-network"} and not patterns
        """Whether each entry covers what is below it and nothing is excepted: then ``names`` says all that it holds."""
        self._below = tries["below"]
        self._networks = Networks(tries.get("network"), tries.get("allow-network"))
        self._matcher = None if self.plain else Matcher(tries, patterns, header.exceptions)
        self._exceptions = () if self.opens else exceptions
        self._match = _plain(tries["below"]) if self._matcher is None else self._matcher.match
        self.match = sparing(self._match, self._exceptions) if self._exceptions else self._match

    def __repr__(self) -> str:
        return f"<Artefact {self.name}: {self.header.entries} entries>"

    @property
    def opens(self) -> bool:
        """Whether it holds what stays open when the rest is closed."""
        return self.category in OPENING

    def spares(self, name: str, key: str, qtype: int | None = None) -> str | None:
        """The exception, of the list or the household, that lets ``name`` through although an entry covers it.

        ``None`` where that is not so. To be shown: ``match`` is quicker.
        """
        if self._match(name, key, qtype) is None:
            return None if self._matcher is None else self._matcher.spares(name, key, qtype)
        if self.match(name, key, qtype) is not None:
            return None
        return next(parent for parent in parents(name) if parent in self._exceptions)

    def names(self) -> Iterator[str]:
        """The canonical names that cover what is below them."""
        return map(name_of_key, self._below.keys())

    def match_address(self, address: str) -> str | None:
        """The narrowest network of the list that holds ``address``, which must be one; ``None`` when none does."""
        return self._networks.match(address)


def _plain(below: marisa_trie.Trie) -> Match:
    """``match`` where every entry covers what is below it.

    A function that knows no artefact: one that held a method of its own would be freed by garbage collection only, and
    the collector no longer looks at what a resolver has loaded.
    """

    def match(name: str, key: str, qtype: int | None = None) -> str | None:  # noqa: ARG001 - the same for all types
        covering = below.prefixes(key)
        # A key is one dot longer than its name, and every covering key is as long as the end of the name it stands for.
        return name[len(key) - len(covering[-1]) :] if covering else None

    return match


def open_artefact(
    folder: Path, name: str, *, verify: bool = False, previous: bool = False, exceptions: Collection[str] = ()
) -> Artefact:
    """Map list ``name``, or the generation before; ``verify`` also compares checksums of what is only mapped.

    ``exceptions`` as for ``Artefact``. Raises ``ListError`` when it is missing, damaged or foreign.
    """
    header = read_header(folder, name, previous=previous)
    tries = {kind: _map(folder, name, table, verify=verify) for kind, table in header.tables.items() if kind in TRIES}
    try:
        return Artefact(header, tries, _read_patterns(folder, name, header.tables.get(PATTERNS)), exceptions)
    except ValueError as error:
        raise ListError(name, f"cannot be used: {error}") from error


def patterns_to_bytes(patterns: Iterable[Pattern]) -> bytes:
    """The table of ``patterns``: one JSON array a line; equal patterns give equal bytes. Their lines are left out."""
    return "".join(json.dumps(pattern[1:], ensure_ascii=False) + "\n" for pattern in patterns).encode()


def _read_patterns(folder: Path, name: str, table: Table | None) -> tuple[Pattern, ...]:
    if table is None:
        return ()
    path = folder / table.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ListError(name, f"its table {path} cannot be read: {error.strerror}") from error
    if len(data) != table.size or hashlib.sha256(data).hexdigest() != table.sha256:
        raise ListError(name, f"its table {path} is damaged: the checksum differs")
    return tuple(map(_pattern, data.splitlines()))


def _pattern(line: bytes) -> Pattern:
    """Inverse of ``patterns_to_bytes``."""
    read = Pattern(0, *json.loads(line))
    numbers, others = read.types
    return read._replace(types=Types(tuple(numbers), others), spared=tuple(read.spared))


def _map(folder: Path, name: str, table: Table, *, verify: bool) -> marisa_trie.Trie:
    path = folder / table.file
    trie = marisa_trie.Trie()
    try:
        if path.stat().st_size != table.size:
            raise ListError(name, f"its table {path} is {path.stat().st_size} bytes long; expected {table.size}")
        if verify and file_digest(path) != table.sha256:
            raise ListError(name, f"its table {path} is damaged: the checksum differs")
        trie.mmap(str(path))
    except OSError as error:
        raise ListError(name, f"its table {path} cannot be read: {error.strerror}") from error
    except RuntimeError as error:
        raise ListError(name, f"its table {path} is no trie: {error}") from error
    if len(trie) != table.entries:
        raise ListError(name, f"its table {path} holds {len(trie)} names; expected {table.entries}")
    return trie
