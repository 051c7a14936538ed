"""A table that can grow: columns are as wide as the widest cell so far, so that a followed log stays aligned."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import click

GAP = "  "

Line = tuple[Sequence[str], str | None]
"""Cells, and the colour of the whole line on a terminal."""


class Table:
    """Renders lines under their headings; the headings come with the first lines."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._headings: Sequence[str] | None = headings
        self._widths = [_width(heading) for heading in headings]

    def render(self, lines: Sequence[Line]) -> Iterator[str]:
        """Aligned text lines; colours are ANSI codes, which ``click.echo`` takes out where no terminal listens."""
        clean = [([_printable(cell) for cell in cells], colour) for cells, colour in lines]
        for cells, _ in clean:
            self._widths = [max(width, _width(cell)) for width, cell in zip(self._widths, cells, strict=True)]
        if self._headings is not None and clean:
            yield self._aligned(self._headings)
            self._headings = None
        for cells, colour in clean:
            text = self._aligned(cells)
            yield click.style(text, fg=colour) if colour else text

    def _aligned(self, cells: Sequence[str]) -> str:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, self._widths, strict=True))
        return GAP.join(padded).rstrip()


def _printable(cell: str) -> str:
    """Without what moves a terminal's cursor or turns its text round."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in cell)


def _width(cell: str) -> int:
    """Columns on a terminal: wide East Asian letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in cell
    )
