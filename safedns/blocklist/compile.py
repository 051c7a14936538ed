"""From the contents of a list to its artefact on disk, two generations of it.

    contents --> NAME.<digest>.below|exact|... --> NAME.json becomes NAME.previous --> NAME.json (commit)

Tables are named by what they hold and never change; the rename of the header is what makes them count. The same source
gives the same tables, byte for byte.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from safedns import __version__
from safedns.blocklist.artefact import open_artefact, patterns_to_bytes
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.files import locked, write_bytes
from safedns.blocklist.header import (
    PATTERNS,
    TABLES,
    TRIES,
    VERSION,
    Header,
    Table,
    header_path,
    previous_path,
    read_header,
)
from safedns.blocklist.lines import Progress
from safedns.errors import ListError


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


def write_artefact(contents: Contents, *, name: str, category: str, folder: Path, now: float, part: str = "") -> Header:
    """Write the tables, then the header that makes them count; drop tables older than the header before."""
    commit, previous = header_path(folder, name), previous_path(folder, name)
    try:
        with locked(folder, wait=True):
            before = _whole_header(folder, name)
            tables = _write_tables(folder, name, contents)
            header = _header(contents, tables, name=name, category=category, now=now, part=part)
            if before is not None and before.tables != header.tables:
                write_bytes(previous, before.to_json())
            write_bytes(commit, header.to_json())
            _drop_tables(folder, name)
    except OSError as error:
        raise ListError(name, f"cannot be written to {folder}: {error.strerror}") from error
    return header


def take_back(folder: Path, name: str) -> bool:
    """Make the generation before of a damaged list count again, if that is whole; whether one does now.

    Where none does the list is taken away, for what is damaged is never trusted. Raises ``OSError``.
    """
    with locked(folder, wait=True):
        try:
            open_artefact(folder, name, verify=True, previous=True)
        except ListError:
            remove_artefact(folder, name)
            return False
        previous_path(folder, name).replace(header_path(folder, name))
        return True


def remove_artefact(folder: Path, name: str) -> None:
    """Take list ``name`` away; who has mapped it keeps it until he closes it. Raises ``OSError``."""
    header_path(folder, name).unlink(missing_ok=True)
    previous_path(folder, name).unlink(missing_ok=True)
    for path in table_files(folder, name):
        path.unlink(missing_ok=True)


def table_files(folder: Path, name: str) -> list[Path]:
    """Every table file of list ``name``, of whatever generation."""
    return [path for kind in TABLES for path in folder.glob(f"{name}.*.{kind}")]


def _whole_header(folder: Path, name: str) -> Header | None:
    """The header that counts, if all that belongs to it is there."""
    try:
        return open_artefact(folder, name).header
    except ListError:
        return None


def _drop_tables(folder: Path, name: str) -> None:
    """Remove the tables that no header names. A process that read the one before may be about to map its tables."""
    named = set()
    for previous in (False, True):
        try:
            named |= {table.file for table in read_header(folder, name, previous=previous).tables.values()}
        except ListError:
            continue
    for path in table_files(folder, name):
        if path.name not in named:
            path.unlink(missing_ok=True)


def _header(contents: Contents, tables: dict[str, Table], *, name: str, category: str, now: float, part: str) -> Header:
    return Header(
        version=VERSION,
        name=name,
        category=category,
        part=part,
        source_format=contents.format,
        source_digest=contents.digest,
        compiled_with=__version__,
        built=now,
        read=contents.read,
        subsumed=contents.needless,
        entries=contents.entries,
        exceptions=contents.exceptions,
        skipped=contents.skipped,
        tables=tables,
    )


def _write_tables(folder: Path, name: str, contents: Contents) -> dict[str, Table]:
    tables = {
        kind: _write_table(folder, name, kind, trie.tobytes(), len(trie))
        for kind in TRIES
        if (trie := contents.tries.get(kind)) is not None
    }
    if contents.patterns:
        data = patterns_to_bytes(contents.patterns)
        tables[PATTERNS] = _write_table(folder, name, PATTERNS, data, len(contents.patterns))
    return tables


def _write_table(folder: Path, name: str, kind: str, data: bytes, entries: int) -> Table:
    digest = hashlib.sha256(data).hexdigest()
    table = Table(f"{name}.{digest[:16]}.{kind}", entries, len(data), digest)
    write_bytes(folder / table.file, data)
    return table
