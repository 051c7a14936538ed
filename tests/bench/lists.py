"""What lists cost, by size: time and memory to compile, bytes on disk, time to open and to match.

    python -m tests.bench.lists [--names 10000,600000,5000000]

Names come from the real lists as far as those go, the rest are invented. Each size has a process of its own.
"""

from __future__ import annotations

import json
import os
import platform
import random
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest

from tests.bench.compare.machine import commit, cpu_model
from tests.bench.compare.names import is_name
from tests.bench.compare.table import as_markdown, as_text
from tests.bench.one_list import Cost
from tests.realdata import real_data

ROOT = Path(__file__).resolve().parents[2]
SIZES = "10000,600000,5000000"
LIMIT_S = 600
"""For one size."""

_SYLLABLES = [consonant + vowel for consonant in "bcdghklmnprstv" for vowel in "aeiou"]
_TOPS = ("com", "com", "com", "net", "org", "vn", "com.vn", "info", "xyz", "top")
_SCRAMBLE = 2_654_435_761  # odd, so multiplying by it shuffles the numbers below 2**32 without a clash
_HEADING = ("names", "kept", "compile s", "peak MiB", "bytes a name", "open ms", "hit us", "miss us")


def invented() -> Iterator[str]:
    """Different names without end that share little but their top-level domain, which is hard on a trie."""
    for number in range(1, 2**32):
        rest = number * _SCRAMBLE % 2**32
        word = ""
        while rest:
            rest, place = divmod(rest, len(_SYLLABLES))
            word += _SYLLABLES[place]
        yield f"{word}-{number % 10}.{_TOPS[number % len(_TOPS)]}"


def real() -> list[str]:
    """The different names in the real lists, shuffled; none where those are absent."""
    try:
        folder = real_data() / "lists"
    except pytest.skip.Exception:
        return []
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = sorted({word for path in files for word in _words(path) if is_name(word)})
    random.Random(1).shuffle(names)
    return names


def write_source(path: Path, count: int, listed: Sequence[str]) -> None:
    """A plain list of ``count`` different names, those of ``listed`` first."""
    known = frozenset(listed)
    names: Iterable[str] = chain(listed, (name for name in invented() if name not in known))
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{name}\n" for name in islice(names, count))


def cost(source: Path, folder: Path) -> Cost:
    """Measure in a process of its own; raises ``subprocess.SubprocessError``."""
    command = [sys.executable, "-m", "tests.bench.one_list", str(source), str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
    return Cost(**json.loads(done.stdout))


def row(costs: Cost) -> list[str]:
    """The cells of one line."""
    return [
        f"{costs.names:,}".replace(",", " "),
        f"{costs.kept:,}".replace(",", " "),
        f"{costs.compile_s:.2f}",
        f"{costs.peak_mib:.0f}",
        f"{costs.bytes_a_name:.1f}",
        f"{costs.open_ms:.2f}",
        f"{costs.hit_us:.2f}",
        f"{costs.miss_us:.2f}",
    ]


def _words(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not line.startswith(("#", "!")):
                yield from line.lower().split()


def _sizes(_: click.Context, __: click.Parameter, text: str) -> list[int]:
    try:
        sizes = [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter("expected numbers with commas between them") from None
    if not all(1 <= size <= 2**25 for size in sizes):
        raise click.BadParameter(f"expected numbers from 1 to {2**25}")
    return sizes


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--names", "sizes", default=SIZES, show_default=True, callback=_sizes, help="Sizes to measure.")
@click.option("--markdown", is_flag=True, help="Print for a document.")
def main(sizes: list[int], markdown: bool) -> None:
    """Seconds, memory and bytes that lists of these sizes cost."""
    if not sys.platform.startswith("linux"):
        raise click.ClickException("memory is read from Linux's /proc, which this system has not")
    # Without this, a termination would leave the files behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    listed = real()
    table: list[Sequence[str]] = [_HEADING]
    for size in sizes:
        with TemporaryDirectory(prefix="safedns-bench-") as temporary:
            source = Path(temporary) / "names.txt"
            write_source(source, size, listed)
            try:
                table.append(row(cost(source, Path(temporary) / "lists")))
            except subprocess.SubprocessError as error:
                raise click.ClickException(f"{size} names could not be measured: {error}") from error
    click.echo(as_markdown(table) if markdown else as_text(table))
    bullet = "- " if markdown else ""
    click.echo(f"\n{bullet}machine: {cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    click.echo(f"{bullet}commit: {commit()}")
    click.echo(f"{bullet}names: the first {len(listed)} from real lists, the rest invented")


if __name__ == "__main__":
    main()
