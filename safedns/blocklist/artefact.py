"""A compiled list, memory-mapped: does it cover a name? No socket, no clock, no YAML; every process shares the pages.

Keys are names with their labels reversed and a closing dot (``com.example.www.``), so the entries that cover a name
are exactly the prefixes of its key, and one ``prefixes()`` call finds them all, shortest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import marisa_trie

from safedns.blocklist.files import file_digest
from safedns.blocklist.header import Header, Table, read_header
from safedns.errors import ListError
from safedns.wire.names import name_of_key


class Artefact:
    """One opened list. Immutable, and usable for as long as it is referenced, even when its files are replaced."""

    __slots__ = ("_allowed", "_below", "_blocked", "_exact", "category", "header", "name")

    def __init__(self, header: Header, tables: dict[str, marisa_trie.Trie]) -> None:
        self.header = header
        self.name = header.name
        self.category = header.category
        self._below = tables["below"]
        self._blocked = self._below.prefixes
        self._exact = tables.get("exact")
        self._allowed = tables["allow"].prefixes if "allow" in tables else None

    def __repr__(self) -> str:
        return f"<Artefact {self.name}: {self.header.entries} names>"

    @property
    def plain(self) -> bool:
        """Whether each entry covers what is below it and nothing is excepted: then ``names`` says all that it holds."""
        return self._exact is None and self._allowed is None

    @property
    def holds_networks(self) -> bool:
        """Whether it blocks addresses at all: no format that is read has any."""
        return False

    def match_address(self, address: str) -> str | None:  # noqa: ARG002 - there is none to compare with
        """The narrowest network of the list that holds ``address``; ``None`` when none does."""
        return None

    def names(self) -> Iterator[str]:
        """The canonical names that cover what is below them."""
        return map(name_of_key, self._below.keys())

    def match(self, name: str, key: str) -> str | None:
        """The longest entry that covers the canonical ``name``, whose key is ``key``; ``None`` when none does, or when
        an exception that is at least as long covers it.
        """
        if self._exact is not None and key in self._exact:
            matched = len(key)
        else:
            covering = self._blocked(key)
            if not covering:
                return None
            matched = len(covering[-1])
        if self._allowed is not None:
            exceptions = self._allowed(key)
            if exceptions and len(exceptions[-1]) >= matched:
                return None
        # A key is one dot longer than its name, and every covering key is as long as the end of the name it stands for.
        return name[len(key) - matched :]


def open_artefact(folder: Path, name: str, *, verify: bool = False) -> Artefact:
    """Map list ``name``; ``verify`` also compares checksums. ``ListError`` when it is missing, damaged or foreign."""
    header = read_header(folder, name)
    return Artefact(header, {kind: _map(folder, name, table, verify=verify) for kind, table in header.tables.items()})


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
