"""The header of a compiled list: what it is, what it holds, and which table files belong to it.

``NAME.json`` is the commit point of an artefact: it is written last, and names the tables by their content.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args

from safedns.blocklist.formats.entry import Exceptions, Kind
from safedns.errors import ListError

VERSION = 2
"""Of the artefact's layout and of what its tables mean; another one is compiled anew."""

LIST_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What a list may be called: it becomes part of file names and log lines."""

TRIES = (*get_args(Kind), "network", "allow-network")
"""Suffixes of the table files that are tries of keys; the first is always there, the others where they hold something.
"""

PATTERNS = "patterns"
"""Suffix of the table file of patterns."""

TABLES = (*TRIES, PATTERNS)


class Table(NamedTuple):
    """One table file."""

    file: str
    entries: int
    size: int
    """Bytes."""
    sha256: str


class SkippedCount(NamedTuple):
    """How many lines were refused for one reason, and the first of them."""

    total: int
    line: int
    example: str


@dataclass(frozen=True, slots=True)
class Header:
    """What ``NAME.json`` says."""

    version: int
    name: str
    category: str
    part: str
    """Of the source; empty for all of it."""
    source_format: str
    source_digest: str
    """SHA-256 of the file that was compiled."""
    compiled_with: str
    """Version of safedns."""
    built: float
    """Seconds since the epoch."""
    read: int
    """Entries in the source, repeated ones included."""
    subsumed: int
    """Entries that another entry, or the same one earlier, made needless."""
    entries: int
    """Names, patterns and networks that block: what the list is measured by."""
    exceptions: Exceptions
    skipped: Mapping[str, SkippedCount]
    tables: Mapping[str, Table]

    @property
    def size(self) -> int:
        """Bytes of all tables."""
        return sum(table.size for table in self.tables.values())

    def to_json(self) -> bytes:
        """The file's content, with its own checksum; equal headers give equal bytes."""
        values = asdict(self)
        values["skipped"] = {reason: count._asdict() for reason, count in self.skipped.items()}
        values["tables"] = {kind: table._asdict() for kind, table in self.tables.items()}
        return _dump({**values, "checksum": _checksum(values)})


def _dump(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _checksum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(_dump(values)).hexdigest()


def header_path(folder: Path, name: str) -> Path:
    """Where the header of list ``name`` lies; raises ``ListError`` for a name that no list may have."""
    if LIST_NAME.fullmatch(name) is None:
        raise ListError(name, "is no list name; expected lower-case letters, digits, - and _, at most 64")
    return folder / f"{name}.json"


def previous_path(folder: Path, name: str) -> Path:
    """Where the header of the generation before lies."""
    return header_path(folder, name).with_suffix(".previous")


def read_header(folder: Path, name: str, *, previous: bool = False) -> Header:
    """The header of a compiled list, or of the generation before; ``ListError`` when there is none, or one that this
    version cannot use.
    """
    path = previous_path(folder, name) if previous else header_path(folder, name)
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ListError(name, "is not compiled yet") from None
    except (OSError, ValueError) as error:
        raise ListError(name, f"its header {path} cannot be read: {error}") from error
    if not isinstance(values, dict) or values.get("version") != VERSION:
        raise ListError(name, f"was compiled by another version of safedns ({path})")
    if values.pop("checksum", "") != _checksum(values):
        raise ListError(name, f"its header {path} is damaged: the checksum differs")
    try:
        return _header(values, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ListError(name, f"its header {path} is damaged: {error!r}") from error


def _header(values: dict[str, Any], name: str) -> Header:
    values["skipped"] = {reason: SkippedCount(**count) for reason, count in values["skipped"].items()}
    values["tables"] = {kind: Table(**table) for kind, table in values["tables"].items()}
    header = Header(**values)
    if header.name != name or TRIES[0] not in header.tables or not set(header.tables) <= set(TABLES):
        raise ValueError("it belongs to another list")
    for table in header.tables.values():
        if not table.file.startswith(f"{name}.") or "/" in table.file:
            raise ValueError(f"{table.file!r} is no table of this list")
    return header
