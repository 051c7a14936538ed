"""The lease files of the settings, read again when they have changed. Must not be asked by a query: it reads files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from safedns.lan.leases import Lease, read_leases

log = logging.getLogger(__name__)


class _Look(NamedTuple):
    """What a file was when it was read."""

    inode: int
    size: int
    changed: int


class LeaseFiles:
    """Remembers what it has read; a file that cannot be read keeps what it said last."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._looks: dict[Path, _Look | None] = {}
        self._leases: dict[Path, tuple[Lease, ...]] = {}

    def look(self, now: float) -> tuple[Lease, ...] | None:
        """Every lease by ``now`` (epoch seconds), or ``None`` if no file has changed since the last look."""
        changed = [file for file in self.files if self._read(file, now)]
        return tuple(lease for leases in self._leases.values() for lease in leases) if changed else None

    def _read(self, file: Path, now: float) -> bool:
        try:
            stat = file.stat()
            look = _Look(stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if self._looks.get(file) == look:
                return False
            self._leases[file] = read_leases(file.read_text(encoding="utf-8", errors="replace"), now)
        except OSError as error:
            if self._looks.get(file, True) is not None:
                log.warning("the lease file %s cannot be read: %s", file, error.strerror)
            self._looks[file] = None
            return False
        self._looks[file] = look
        return True
