"""What lists cost, by size: time and memory to compile, bytes on disk, time to open and to match.

    python -m tests.bench.lists [--names 10000,600000,5000000] [--each 600000]

Names come from the real lists as far as those go, the rest are invented. Each list has a process of its own: plain
lists of each size, then one of every other format.
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
EACH = 600_000
PLAIN = "domains"
FORMS = {
    PLAIN: "{}",
    "hosts": "0.0.0.0 {}",
    "adblock": "||{}^",
    "dnsmasq": "address=/{}/",
    "unbound": 'local-zone: "{}" always_nxdomain',
    "rpz": "*.{} CNAME .",
    "v2fly": "domain:{}",
    "regex": r"(^|\.){}$",
}
"""How a name is written in each format."""
LIMIT_S = 600
"""For one size."""

_SYLLABLES = [consonant + vowel for consonant in "bcdghklmnprstv" for vowel in "aeiou"]
_TOPS = ("com", "com", "com", "net", "org", "vn", "com.vn", "info", "xyz", "top")
_SCRAMBLE = 2_654_435_761  # odd, so multiplying by it shuffles the numbers below 2**32 without a clash
_HEADING = ("format", "names", "kept", "compile s", "peak MiB", "bytes a name", "open ms", "hit us", "miss us")


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


def cost(form: str, count: int, listed: Sequence[str]) -> Cost:
    """What a list of ``count`` names costs in a format; raises ``click.ClickException``."""
    with TemporaryDirectory(prefix="safedns-bench-") as temporary:
        names, source, folder = (Path(temporary) / each for each in ("names.txt", "list.txt", "lists"))
        write_source(names, count, listed)
        with names.open(encoding="ascii") as lines, source.open("w", encoding="ascii") as file:
            pattern = FORMS[form] + "\n"
            for line in lines:
                name = line.rstrip("\n")
                file.write(pattern.format(name.replace(".", r"\.") if form == "regex" else name))
        return Cost(**json.loads(_run("one_list", str(source), form, str(names), str(folder))))


def _run(module: str, *arguments: str) -> bytes:
    """What a process of its own prints."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    try:
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=LIMIT_S).stdout
    except subprocess.SubprocessError as error:
        raise click.ClickException(f"{module} could not be measured: {error}") from error


def row(costs: Cost) -> list[str]:
    """The cells of one line."""
    return [
        costs.form,
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
@click.option("--each", default=EACH, show_default=True, type=click.IntRange(0), help="Names in each other format.")
@click.option("--markdown", is_flag=True, help="Print for a document.")
def main(sizes: list[int], each: int, markdown: bool) -> None:
    """Seconds, memory and bytes that lists of these sizes cost."""
    if not sys.platform.startswith("linux"):
        raise click.ClickException("memory is read from Linux's /proc, which this system has not")
    # Without this, a termination would leave the files behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    listed = real()
    wanted = [(PLAIN, size) for size in sizes] + [(form, each) for form in FORMS if each and form != PLAIN]
    table: list[Sequence[str]] = [_HEADING, *(row(cost(form, count, listed)) for form, count in wanted)]
    click.echo(as_markdown(table) if markdown else as_text(table))
    bullet = "- " if markdown else ""
    click.echo()
    if each:
        click.echo(f"{bullet}20 lists of 30 000 names, a name that is on none: {float(_run('many_lists')):.1f} us")
    click.echo(f"{bullet}machine: {cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    click.echo(f"{bullet}commit: {commit()}")
    click.echo(f"{bullet}names: the first {len(listed)} from real lists, the rest invented")


if __name__ == "__main__":
    main()
