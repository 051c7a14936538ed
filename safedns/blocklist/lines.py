"""The lines of a list's file: may be read more than once, tell how far they are, and know the files beside them.

Whatever the file holds, a line is never longer than ``LONGEST``: what is longer reads as an empty line and is counted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path

Progress = Callable[[int, int], None]
"""Told, now and then, how much of how much is done; both are bytes."""

LONGEST = 64 * 1024
"""Characters of a line: hosts lines with hundreds of names are far shorter."""

_PIECE = 1 << 20
_SIBLING = re.compile(r"[A-Za-z0-9!_-]+")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Lines(Iterable[str]):
    """Broken bytes are replaced; UTF-16 is told by its mark. Going through raises ``OSError``."""

    __slots__ = ("_path", "_progress", "part", "too_long")

    def __init__(self, path: Path, progress: Progress | None = None, part: str = "") -> None:
        self._path = path
        self._progress = progress
        self.part = part
        """Which of them are meant, in a format that marks them; empty for all."""
        self.too_long: dict[int, str] = {}
        """Number and beginning of every line that was longer than ``LONGEST``, once they have been gone through."""

    def __iter__(self) -> Iterator[str]:
        return self._read(self._progress)

    def quietly(self) -> Iterator[str]:
        """Go through them without telling anybody."""
        return self._read(None)

    def sibling(self, name: str) -> Lines | None:
        """The lines of the file ``name`` beside this one, where there is such a file."""
        if not is_sibling(name):
            return None
        path = self._path.with_name(name)
        return Lines(path) if path.is_file() else None

    def _read(self, progress: Progress | None) -> Iterator[str]:
        total, number = self._path.stat().st_size, 0
        with self._path.open("rb") as raw:
            encoding = "utf-16" if raw.peek(2)[:2] in _UTF16 else "utf-8"
            file = TextIOWrapper(raw, encoding, "replace")
            rest, overflowing = "", False
            while piece := file.read(_PIECE):
                lines = f"{rest}{piece}".split("\n")
                rest = lines.pop()
                if overflowing and lines:
                    lines[0], overflowing = "", False
                elif overflowing:
                    rest = ""
                for line in lines:
                    number += 1
                    yield line if len(line) <= LONGEST else self._refused(number, line)
                if len(rest) > LONGEST:
                    rest, overflowing = self._refused(number + 1, rest), True
                if progress is not None:
                    progress(min(raw.tell(), total), total)
            if rest:
                number += 1
                yield rest

    def _refused(self, number: int, line: str) -> str:
        self.too_long.setdefault(number, line[:LONGEST])
        return ""


def is_sibling(name: str) -> bool:
    """Whether a list may mean a file beside itself by ``name``."""
    return _SIBLING.fullmatch(name) is not None


def again(lines: Iterable[str]) -> tuple[Iterable[str], Iterable[str]]:
    """``lines`` to be read, and once more to look ahead; those of an iterator are held for it."""
    if isinstance(lines, Lines):
        return lines, lines.quietly()
    held = list(lines)
    return held, held
