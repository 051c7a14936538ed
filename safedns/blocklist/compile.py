"""From the text of a list to its artefact: read, reduce, write.

    source --parse--> entries --reduce--> tries --> NAME.<digest>.below|exact|allow --> NAME.json (commit)

Reducing removes names that match nothing of their own: those below another name of the list, unless an exception
lies between. The same source gives the same tables, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import marisa_trie

from safedns import __version__
from safedns.blocklist.files import file_digest, locked, write_bytes
from safedns.blocklist.formats import FORMATS, KNOWN, detect
from safedns.blocklist.formats.entry import Entry
from safedns.blocklist.header import TABLES, VERSION, Header, SkippedCount, Table, header_path, read_header
from safedns.errors import ListError
from safedns.wire.names import key_of, name_of_key

Progress = Callable[[int], None]
"""Told the number of lines read so far, now and then."""

_SAMPLE = 500
_PROGRESS_EVERY = 20_000
_SHOWN = 5


@dataclass(slots=True)
class Contents:
    """What a list's text says, as sets of keys; ``reduce`` has made ``below`` and ``exact`` minimal."""

    format: str
    digest: str
    read: int = 0
    below: set[str] = field(default_factory=set)
    exact: set[str] = field(default_factory=set)
    allow: set[str] = field(default_factory=set)
    skipped: dict[str, SkippedCount] = field(default_factory=dict)
    subsumed: list[str] = field(default_factory=list)
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
        contents = Contents(format, file_digest(source))
        with source.open(encoding="utf-8", errors="replace") as lines:
            _collect(contents, _counted(lines, progress))
    except OSError as error:
        raise ListError(str(source), f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ListError(str(source), str(error)) from error
    _reduce(contents)
    return contents


def write_artefact(contents: Contents, *, name: str, category: str, folder: Path, now: float) -> Header:
    """Write the tables, then the header that makes them count; drop tables older than the header before."""
    commit = header_path(folder, name)
    try:
        with locked(folder, wait=True):
            before = _tables_before(folder, name)
            tables: dict[str, Table] = {}
            for kind in TABLES:
                keys: set[str] = getattr(contents, kind)
                if keys or kind == "below":
                    tables[kind] = _write_table(folder, name, kind, keys)
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


def _collect(contents: Contents, lines: Iterable[str]) -> None:
    tables = {"below": contents.below, "exact": contents.exact, "allow": contents.allow}
    skipped = contents.skipped
    for item in FORMATS[contents.format](lines):
        if isinstance(item, Entry):
            contents.read += 1
            tables[item.kind].add(key_of(item.name))
        elif known := skipped.get(item.reason):
            skipped[item.reason] = known._replace(total=known.total + 1)
        else:
            skipped[item.reason] = SkippedCount(1, item.line, item.text)


def _reduce(contents: Contents) -> None:
    """Remove what another entry covers. In sorted order a key stands right before every key that lies below it."""
    below, exact, allow = contents.below, contents.exact, contents.allow
    covering: list[str] = []
    for key in sorted(below | exact if exact else below):
        while covering and not key.startswith(covering[-1]):
            covering.pop()
        if covering and not _excepted(key, len(covering[-1]), allow):
            below.discard(key)
            exact.discard(key)
            if len(contents.subsumed) < _SHOWN:
                contents.subsumed.append(f"{name_of_key(key)} (by {name_of_key(covering[-1])})")
        elif key in below:
            covering.append(key)
            exact.discard(key)


def _excepted(key: str, start: int, allow: set[str]) -> bool:
    """Whether an exception lies above ``key``, at or below the covering key, whose length is ``start``."""
    if not allow:
        return False
    while 0 < start < len(key):
        if key[:start] in allow:
            return True
        start = key.find(".", start) + 1
    return False


def _write_table(folder: Path, name: str, kind: str, keys: set[str]) -> Table:
    data = marisa_trie.Trie(sorted(keys)).tobytes()
    digest = hashlib.sha256(data).hexdigest()
    table = Table(f"{name}.{digest[:16]}.{kind}", len(keys), len(data), digest)
    write_bytes(folder / table.file, data)
    return table
