"""Millions of short texts, put in as they come and taken out sorted, each once, in little memory.

    add --> loose --sort, join--> run --.
            loose --sort, join--> run --+--merge--> sorted, each once

A ``str`` costs fifty bytes beside its letters, and a place in a set thirty more; in a run a text costs its letters and
a line end. Must not know what the texts mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from io import BytesIO

RUN = 250_000
"""Texts that are sorted at once: enough that few runs are merged, few enough that they are small beside the trie."""


class Pile:
    """ASCII texts without control characters; may be read more than once, and added to in between."""

    __slots__ = ("_loose", "_run", "_runs")

    def __init__(self, run: int = RUN) -> None:
        self._run = run
        self._loose: list[str] = []
        self._runs: list[bytes] = []

    def add(self, text: str) -> None:
        """Put one more text on the pile."""
        self._loose.append(text)
        if len(self._loose) >= self._run:
            self._pack()

    def __iter__(self) -> Iterator[str]:
        """The texts in order, each once."""
        self._pack()
        before = b""
        # A line end sorts before every letter, so lines have the order of their texts.
        for line in merge(*map(BytesIO, self._runs)):
            if line != before:
                before = line
                yield line[:-1].decode("ascii")

    def _pack(self) -> None:
        if self._loose:
            self._loose.sort()
            self._runs.append(("\n".join(self._loose) + "\n").encode("ascii"))
            self._loose.clear()
