"""Notices that a parent saved a file: looks at what the configuration folder holds a few times a second.

A look is a handful of ``stat`` calls; it works on every file system and with every editor's way of saving.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = (".", "presets", "services")

Look = frozenset[tuple[str, int, int, int]]


def look(folder: Path) -> Look:
    """Path, inode, size and time of every configuration file: differs when anything was saved."""
    return frozenset(file for each in _FOLDERS for file in _files(folder / each))


def _files(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".yaml") and entry.name[0] != ".":
                    with contextlib.suppress(FileNotFoundError):  # an editor is just replacing it
                        stat = entry.stat()
                        yield entry.path, stat.st_ino, stat.st_size, stat.st_mtime_ns
    except OSError:
        return  # there is no such folder, or it cannot be read: nothing there has changed
