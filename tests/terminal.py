"""A terminal's screen as an image: what a camera sees of the block characters that were printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_PIECES = re.compile(r"\x1b\[([0-9;]*)m|(.)", re.DOTALL)
_HALVES = {"█": (True, True), "▀": (True, False), "▄": (False, True)}
_SCALE = 6
"""Pixels of half a character."""


class Scheme(NamedTuple):
    """The grey of letters and of what is behind them where a program says nothing, 0 = black to 255 = white."""

    ink: int
    paper: int


DARK, LIGHT = Scheme(204, 0), Scheme(0, 255)
_GREYS = {"30": 0, "97": 255, "40": 0, "107": 255}


def photograph(printed: str, scheme: Scheme, file: Path) -> None:
    """Write the screen as a grey map (PGM); letters are left out."""
    rows = [row for line in printed.splitlines() for row in _rows(line, scheme)]
    width = max(len(row) for row in rows) + 8
    pixels = b""
    for row in rows:
        line = b"".join(bytes((grey,)) * _SCALE for grey in (*row, *[scheme.paper] * (width - len(row))))
        pixels += line * _SCALE
    file.write_bytes(b"P5 %d %d 255\n" % (width * _SCALE, len(rows) * _SCALE) + pixels)


def _rows(line: str, scheme: Scheme) -> tuple[list[int], list[int]]:
    """The upper and the lower half of a line, one grey for each character."""
    upper, lower = [], []
    ink, paper = scheme
    for codes, char in _PIECES.findall(line):
        for code in codes.split(";") if not char else ():
            if code == "0":
                ink, paper = scheme
            elif code[0] in "39":
                ink = _GREYS[code]
            else:
                paper = _GREYS[code]
        if char:
            above, below = _HALVES.get(char, (False, False))
            upper.append(ink if above else paper)
            lower.append(ink if below else paper)
    return upper, lower
