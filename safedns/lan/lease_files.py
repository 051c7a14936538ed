"""The lease files of the settings, read again when they have changed. Must not be asked by a query: it reads files."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from safedns.lan.leases import Lease, is_kea, read_leases

log = logging.getLogger(__name__)


class _Look(NamedTuple):
    """What a file was when it was read."""

    path: Path
    inode: int
    size: int
    changed: int


class LeaseFiles:
    """Remembers what it has read; a file that cannot be read keeps what it said last."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._looks: dict[Path, list[_Look] | None] = {}
        self._leases: dict[Path, tuple[Lease, ...]] = {}

    def look(self, now: float) -> tuple[Lease, ...] | None:
        """Every lease by ``now`` (epoch seconds), or ``None`` if no file has changed since the last look."""
        changed = [file for file in self.files if self._read(file, now)]
        return tuple(lease for leases in self._leases.values() for lease in leases) if changed else None

    def _read(self, file: Path, now: float) -> bool:
        try:
            looks = [*_set_aside(file), _look(file)]
            if self._looks.get(file) == looks:
                return False
            *before, text = [look.path.read_text(encoding="utf-8", errors="replace") for look in looks]
            kea = [old for old in before if is_kea(old)]
            self._leases[file] = read_leases("\n".join((*kea, text)), now)
        except OSError as error:
            if self._looks.get(file, True) is not None:
                log.warning("the lease file %s cannot be read: %s", file, error.strerror)
            self._looks[file] = None
            return False
        self._looks[file] = looks
        return True


def _look(file: Path) -> _Look:
    stat = file.stat()
    return _Look(file, stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _set_aside(file: Path) -> list[_Look]:
    """Where Kea has put what it wrote before, the oldest first.

    Now and then it begins a new file, calls the old one ``.1``, merges that with ``.2`` into ``.completed``, and calls
    the result ``.2``: a lease stands there until it is renewed.
    """
    for suffixes in ((".completed",), (".2", ".1")):
        found = []
        for suffix in suffixes:
            with contextlib.suppress(FileNotFoundError):
                found.append(_look(file.with_name(file.name + suffix)))
        if found:
            return found
    return []
