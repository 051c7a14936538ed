"""Notices that a parent saved a file: looks at what the configuration folder holds a few times a second.

A look is a handful of ``stat`` calls; it works on every file system and with every editor's way of saving.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PATTERNS = ("*.yaml", "presets/*.yaml", "services/*.yaml")

Look = frozenset[tuple[str, int, int, int]]


def look(folder: Path) -> Look:
    """Name, inode, size and time of every configuration file: differs when anything was saved."""
    return frozenset(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    for pattern in _PATTERNS:
        for file in folder.glob(pattern):
            try:
                stat = file.stat()
            except OSError:
                continue  # an editor is just replacing it
            yield str(file), stat.st_ino, stat.st_size, stat.st_mtime_ns
