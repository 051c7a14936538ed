"""Notices that a parent saved a file: looks at what the configuration folder holds a few times a second.

A look is a handful of ``stat`` calls; it works on every file system and with every editor's way of saving.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_FOLDERS = (".", "presets", "services")

Seen = tuple[str, int, int, int]
"""Path, inode, size and time."""
Look = frozenset[Seen]


def look(folder: Path, others: Iterable[str] = ()) -> Look:
    """What every configuration file in ``folder``, and each of ``others``, looks like: differs when one was saved."""
    return frozenset((*(file for each in _FOLDERS for file in _files(folder / each)), *look_at(others)))


def look_at(paths: Iterable[str]) -> Iterator[Seen]:
    """The same of single files; one that is not there has no look."""
    for path in paths:
        with contextlib.suppress(OSError):
            yield _seen(path, os.stat(path))  # noqa: PTH116 - of what a link leads to


def _files(folder: Path) -> Iterator[Seen]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".yaml") and entry.name[0] != ".":
                    with contextlib.suppress(FileNotFoundError):  # an editor is just replacing it
                        yield _seen(entry.path, entry.stat())
    except OSError:
        return  # there is no such folder, or it cannot be read: nothing there has changed


def _seen(path: str, stat: os.stat_result) -> Seen:
    return path, stat.st_ino, stat.st_size, stat.st_mtime_ns
