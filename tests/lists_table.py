"""Compiles every real list there is and prints what became of it, as the Markdown table of docs/lists.md.

    python -m tests.lists_table

A folder of very many small lists is one line with its totals. Seconds are this machine's, once.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from safedns.blocklist.compile import compile_list
from safedns.blocklist.header import Header
from safedns.clock import SystemClock
from safedns.errors import ListError
from tests.realdata import real_data

NO_LISTS = {"LICENSE", "global_usage.txt"}
"""Files beside the lists that are about them."""
TOGETHER = {"nextdns/services", "v2fly/data"}
"""Folders of many small lists: one line each."""

HEADINGS = ("list", "format found", "names read", "kept", "needless", "skipped", "bytes", "seconds")
UNREADABLE = "in no known format"


class Row(NamedTuple):
    """What became of one list, or of several together."""

    title: str
    formats: Counter[str]
    read: int
    kept: int
    needless: int
    skipped: Counter[str]
    """By reason; lists that cannot be read at all under ``UNREADABLE``."""
    size: int
    """Bytes of the compiled tables."""
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """As shown, in the order of ``HEADINGS``; a format carries its number of lists where there are several."""
        formats = self.formats.most_common()
        several = sum(self.formats.values()) > 1
        return (
            f"`{self.title}`",
            ", ".join(f"`{name}` {count}" if several else f"`{name}`" for name, count in formats) or "-",
            grouped(self.read),
            grouped(self.kept),
            grouped(self.needless),
            "; ".join(f"{grouped(count)} {reason}" for reason, count in self.skipped.most_common()) or "-",
            grouped(self.size),
            f"{self.seconds:.2f}",
        )


def grouped(number: int) -> str:
    """``95 440``: read more easily than without the blank."""
    return f"{number:,}".replace(",", " ")


def read_row(title: str, file: Path, folder: Path) -> Row:
    """Compile one list into ``folder``; a file that no format fits is a row as well."""
    start = SystemClock.monotonic()
    try:
        header = compile_list(file, name="list", category="adult", folder=folder, now=0.0)
    except ListError:
        return Row(title, Counter(), 0, 0, 0, Counter({UNREADABLE: 1}), 0, SystemClock.monotonic() - start)
    return row_of(title, header, SystemClock.monotonic() - start)


def row_of(title: str, header: Header, seconds: float) -> Row:
    """The row of a list that was compiled; exceptions are kept as well, for they too become entries of a table."""
    return Row(
        title,
        formats=Counter([header.source_format]),
        read=header.read,
        kept=header.read - header.subsumed,
        needless=header.subsumed,
        skipped=Counter({reason: count.total for reason, count in header.skipped.items()}),
        size=header.size,
        seconds=seconds,
    )


def total(title: str, rows: Iterable[Row]) -> Row:
    """Several lists as one row."""
    several = list(rows)
    return Row(
        title,
        formats=sum((row.formats for row in several), Counter()),
        read=sum(row.read for row in several),
        kept=sum(row.kept for row in several),
        needless=sum(row.needless for row in several),
        skipped=sum((row.skipped for row in several), Counter()),
        size=sum(row.size for row in several),
        seconds=sum(row.seconds for row in several),
    )


def rows_of(lists: Path) -> Iterator[Row]:
    """A row for every list below the folder ``lists``, by path; each folder of ``TOGETHER`` is one."""
    folders = sorted({path.parent for path in lists.rglob("*") if path.is_file() and path.name not in NO_LISTS})
    with TemporaryDirectory() as scratch:
        for folder in folders:
            files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in NO_LISTS)
            rows = (read_row(file.relative_to(lists).as_posix(), file, Path(scratch)) for file in files)
            name = folder.relative_to(lists).as_posix()
            if name in TOGETHER:
                yield total(f"{name}/* ({grouped(len(files))} lists)", rows)
            else:
                yield from rows


def markdown(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of the table."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---|---|--:|--:|--:|---|--:|--:|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row.cells())} |"


def main() -> int:
    """Print the table; 1, with the reason, where there are no real lists."""
    try:
        lists = real_data() / "lists"
    except pytest.skip.Exception as reason:
        print(reason, file=sys.stderr)
        return 1
    rows = list(rows_of(lists))
    for line in markdown([*rows, total("all together", rows)]):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
