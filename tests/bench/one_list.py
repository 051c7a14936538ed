"""What one list costs, measured in a process of its own: imports what safedns needs to compile it and nothing else.

    python -m tests.bench.one_list SOURCE FORMAT NAMES FOLDER

``NAMES`` holds the same names as ``SOURCE``, one a line. Prints one JSON object. ``tests.bench.lists`` starts it.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.compile import compile_list
from safedns.wire.names import key_of

_NAME = "bench"
_ROUNDS = 7
_ASKED = 20_000


class Cost(NamedTuple):
    """One line of the table."""

    form: str
    """The format of the source."""
    names: int
    """In the source."""
    kept: int
    """Those that no other covers."""
    compile_s: float
    peak_mib: float
    """Of the whole process, Python included."""
    bytes_a_name: float
    """On disk, by names kept."""
    open_ms: float
    hit_us: float
    miss_us: float


def measure(source: Path, form: str, names: Path, folder: Path) -> Cost:
    """Compile the list ``source`` to ``folder`` and match its ``names`` against it."""
    start = time.perf_counter()
    header = compile_list(source, name=_NAME, category="adult", folder=folder, now=0.0, format=form)
    compile_s = time.perf_counter() - start
    peak = peak_mib()
    artefact = open_artefact(folder, _NAME)
    hits, misses = questions(names, artefact)
    return Cost(
        form=form,
        names=header.read,
        kept=header.entries,
        compile_s=compile_s,
        peak_mib=peak,
        bytes_a_name=header.size / max(header.entries, 1),
        open_ms=median_of(lambda: open_artefact(folder, _NAME)) * 1e3,
        hit_us=median_of(lambda: _ask(artefact, hits)) / len(hits) * 1e6,
        miss_us=median_of(lambda: _ask(artefact, misses)) / len(misses) * 1e6,
    )


def questions(names: Path, artefact: Artefact) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Names with their keys: some of the list in random order, and as many that only look like them."""
    with names.open(encoding="utf-8") as lines:
        listed = [line.strip() for line in lines]
    asked = random.Random(1).choices(listed, k=_ASKED)
    hits = [(name, key_of(name)) for name in asked]
    alike = (f"x{name}" for name in asked)
    return hits, [(name, key) for name in alike if artefact.match(name, key := key_of(name)) is None]


def peak_mib(status: Path = Path("/proc/self/status")) -> float:
    """The most memory this process ever had. Not ``ru_maxrss``, into which the size of the starting process goes."""
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _ask(artefact: Artefact, questions: Sequence[tuple[str, str]]) -> None:
    match = artefact.match
    for name, key in questions:
        match(name, key)


def median_of(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    spent = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


if __name__ == "__main__":
    source, form, names, folder = sys.argv[1:]
    print(json.dumps(measure(Path(source), form, Path(names), Path(folder))._asdict()))
