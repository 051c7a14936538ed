"""From the text of a list to its artefact: read, reduce, write.

    source --parse--> entries --sort, reduce--> tries --> NAME.<digest>.below|exact|allow --> NAME.json (commit)

Reducing removes names that match nothing of their own: those below another name of the list, unless an exception
lies between. The same source gives the same tables, byte for byte. A list may hold millions of names, so between the
lines of the source and the tries nothing keeps a Python object for each of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from safedns import __version__
from safedns.blocklist.files import file_digest, locked, write_bytes
from safedns.blocklist.formats import FORMATS, KNOWN, detect
from safedns.blocklist.formats.entry import Entry, Skipped
from safedns.blocklist.header import TABLES, VERSION, Header, SkippedCount, Table, header_path, read_header
from safedns.blocklist.pile import Pile
from safedns.errors import ListError
from safedns.wire.names import key_of, name_of_key

Progress = Callable[[int], None]
"""Told the number of lines read so far, now and then."""

_SAMPLE = 500
_PROGRESS_EVERY = 20_000
_SHOWN = 5
_ALONE = "!"
"""Behind the key of a name that blocks alone; sorts before every letter of a name, so it follows the same key bare."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a list's text says, as tries of keys, without what is needless."""

    format: str
    digest: str
    read: int
    below: marisa_trie.Trie
    exact: marisa_trie.Trie
    allow: marisa_trie.Trie
    skipped: Mapping[str, SkippedCount]
    subsumed: Sequence[str]
    """The first few names that another entry made needless."""

    @property
    def entries(self) -> int:
        """Names that block."""
        return len(self.below) + len(self.exact)

    @property
    def needless(self) -> int:
        """Entries that were repeated, or that another covers."""
        return self.read - self.entries - len(self.allow)


def compile_list(
    source: Path,
    *,
    name: str,
    category: str,
    folder: Path,
    now: float,
    format: str | None = None,  # noqa: A002 - the word that parents type
    progress: Progress | None = None,
) -> Header:
    """Compile the file ``source`` to the artefact ``name`` in ``folder``; raises ``ListError``."""
    return write_artefact(read_list(source, format, progress), name=name, category=category, folder=folder, now=now)


def read_list(source: Path, format: str | None = None, progress: Progress | None = None) -> Contents:  # noqa: A002
    """What the file ``source`` holds; ``format`` is found out where ``None``. Raises ``ListError``."""
    try:
        if format is None:
            with source.open(encoding="utf-8", errors="replace") as lines:
                format = detect(islice(lines, _SAMPLE))  # noqa: A001
        elif format not in FORMATS:
            raise ListError(str(source), f"format {format!r} is unknown; expected one of {KNOWN}")
        digest = file_digest(source)
        with source.open(encoding="utf-8", errors="replace") as lines:
            gathered = _gather(FORMATS[format](_counted(lines, progress)))
    except OSError as error:
        raise ListError(str(source), f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ListError(str(source), str(error)) from error
    below, exact, allow, subsumed = _reduce(gathered)
    return Contents(format, digest, gathered.read, below, exact, allow, gathered.skipped, subsumed)


def write_artefact(contents: Contents, *, name: str, category: str, folder: Path, now: float) -> Header:
    """Write the tables, then the header that makes them count; drop tables older than the header before."""
    commit = header_path(folder, name)
    try:
        with locked(folder, wait=True):
            before = _tables_before(folder, name)
            tables: dict[str, Table] = {}
            for kind in TABLES:
                trie = getattr(contents, kind)
                if len(trie) or kind == "below":
                    tables[kind] = _write_table(folder, name, kind, trie)
            header = _header(contents, tables, name=name, category=category, now=now)
            write_bytes(commit, header.to_json())
            # A process that read the header before is about to map its tables: those stay for one more round.
            keep = before | {table.file for table in tables.values()}
            for path in table_files(folder, name):
                if path.name not in keep:
                    path.unlink(missing_ok=True)
    except OSError as error:
        raise ListError(name, f"cannot be written to {folder}: {error.strerror}") from error
    return header


def remove_artefact(folder: Path, name: str) -> None:
    """Take list ``name`` away; who has mapped it keeps it until he closes it. Raises ``OSError``."""
    header_path(folder, name).unlink(missing_ok=True)
    for path in table_files(folder, name):
        path.unlink(missing_ok=True)


def table_files(folder: Path, name: str) -> list[Path]:
    """Every table file of list ``name``, of whatever generation."""
    return [path for kind in TABLES for path in folder.glob(f"{name}.*.{kind}")]


def _tables_before(folder: Path, name: str) -> set[str]:
    try:
        return {table.file for table in read_header(folder, name).tables.values()}
    except ListError:
        return set()


def _header(contents: Contents, tables: dict[str, Table], *, name: str, category: str, now: float) -> Header:
    return Header(
        version=VERSION,
        name=name,
        category=category,
        source_format=contents.format,
        source_digest=contents.digest,
        compiled_with=__version__,
        built=now,
        read=contents.read,
        subsumed=contents.needless,
        skipped=contents.skipped,
        tables=tables,
    )


def _counted(lines: Iterable[str], progress: Progress | None) -> Iterator[str]:
    number = 0
    for number, line in enumerate(lines, 1):
        if progress is not None and number % _PROGRESS_EVERY == 0:
            progress(number)
        yield line
    if progress is not None:
        progress(number)


class _Gathered(NamedTuple):
    """What the entries of a source come to, needless ones included."""

    read: int
    blocking: Pile
    """Keys; those of names that block alone end in ``_ALONE``."""
    allow: Pile
    skipped: dict[str, SkippedCount]


def _gather(items: Iterable[Entry | Skipped]) -> _Gathered:
    read = 0
    blocking, allow = Pile(), Pile()
    skipped: dict[str, SkippedCount] = {}
    for item in items:
        if isinstance(item, Entry):
            read += 1
            name, kind = item
            if kind == "below":
                blocking.add(key_of(name))
            elif kind == "exact":
                blocking.add(key_of(name) + _ALONE)
            else:
                allow.add(key_of(name))
        elif known := skipped.get(item.reason):
            skipped[item.reason] = known._replace(total=known.total + 1)
        else:
            skipped[item.reason] = SkippedCount(1, item.line, item.text)
    return _Gathered(read, blocking, allow, skipped)


class _Reduced(NamedTuple):
    below: marisa_trie.Trie
    exact: marisa_trie.Trie
    allow: marisa_trie.Trie
    subsumed: list[str]


def _reduce(gathered: _Gathered) -> _Reduced:
    """The tries of what no other entry covers."""
    allow = marisa_trie.Trie(gathered.allow)
    alone = Pile()
    subsumed: list[str] = []
    # Filled while the trie draws its keys, so that one pass over the names does for both.
    below = marisa_trie.Trie(_below(gathered.blocking, allow, alone, subsumed))
    return _Reduced(below, marisa_trie.Trie(alone), allow, subsumed)


def _below(blocking: Iterable[str], allow: marisa_trie.Trie, alone: Pile, subsumed: list[str]) -> Iterator[str]:
    """Keys that cover what is below them, without those that another covers; ``alone`` and ``subsumed`` get the others.

    In sorted order a key stands right before every key that lies below it.
    """
    covering: list[str] = []
    before = ""
    for item in blocking:
        while covering and not item.startswith(covering[-1]):
            covering.pop()
        key = item.removesuffix(_ALONE)
        if key == before:
            continue
        before = key
        if covering and not _excepted(key, len(covering[-1]), allow):
            if len(subsumed) < _SHOWN:
                subsumed.append(f"{name_of_key(key)} (by {name_of_key(covering[-1])})")
        elif key == item:
            covering.append(key)
            yield key
        else:
            alone.add(key)


def _excepted(key: str, start: int, allow: marisa_trie.Trie) -> bool:
    """Whether an exception lies above ``key``, at or below the covering key, whose length is ``start``."""
    return any(start <= len(exception) < len(key) for exception in allow.prefixes(key))


def _write_table(folder: Path, name: str, kind: str, trie: marisa_trie.Trie) -> Table:
    data = trie.tobytes()
    digest = hashlib.sha256(data).hexdigest()
    table = Table(f"{name}.{digest[:16]}.{kind}", len(trie), len(data), digest)
    write_bytes(folder / table.file, data)
    return table
