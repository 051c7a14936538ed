"""The lines of a list's file: may be read more than once, tell how far they are, and know the files beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Progress = Callable[[int, int], None]
"""Told, now and then, how much of how much is done; both are bytes."""

_TELL_EVERY = 20_000
_SIBLING = re.compile(r"[A-Za-z0-9!_-]+")


class Lines(Iterable[str]):
    """Broken bytes are replaced. Going through raises ``OSError``."""

    __slots__ = ("_path", "_progress")

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self._path = path
        self._progress = progress

    def __iter__(self) -> Iterator[str]:
        if self._progress is None:
            yield from self.quietly()
            return
        total, done = self._path.stat().st_size, 0
        for number, line in enumerate(self.quietly(), 1):
            done += len(line)
            if number % _TELL_EVERY == 0:
                self._progress(min(done, total), total)
            yield line
        self._progress(total, total)

    def quietly(self) -> Iterator[str]:
        """Go through them without telling anybody."""
        with self._path.open(encoding="utf-8", errors="replace") as lines:
            yield from lines

    def sibling(self, name: str) -> Lines | None:
        """The lines of the file ``name`` beside this one, where there is such a file."""
        path = self._path.with_name(name) if _SIBLING.fullmatch(name) else self._path.parent
        return Lines(path) if path.is_file() else None


def again(lines: Iterable[str]) -> tuple[Iterable[str], Iterable[str]]:
    """``lines`` to be read, and once more to look ahead; those of an iterator are held for it."""
    if isinstance(lines, Lines):
        return lines, lines.quietly()
    held = list(lines)
    return held, held
