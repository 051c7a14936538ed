"""Starts and stops measured programs, and reads the CPU time and memory of a whole process tree (Linux).

Stopping a program stops the children it has, each by its own id, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from safedns.clock import Clock

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PROCESS_CLOCK = 2
"""``CPUCLOCK_SCHED`` of the Linux ABI: with the complemented id above it, the clock of a whole process, in ns."""

STOP_WITHIN = 10.0
QUIET_SHARE = 0.02
"""A tree that uses less of one core than this has finished its work."""


class BenchError(Exception):
    """A measurement that cannot be made; ``str()`` is one clear line."""


class Stat(NamedTuple):
    """The part of ``/proc/PID/stat`` that matters here."""

    parent: int
    dead: bool
    """It has ended and only waits to be collected."""
    begun: int
    """When the process started, in ticks since the boot; with the id it names a process for ever."""
    reaped_seconds: float
    """CPU of the children that have ended and been waited for."""


def parse_stat(text: str) -> Stat:
    """Read one ``/proc/PID/stat`` line; the program's name in it may hold blanks and brackets."""
    fields = text.rpartition(")")[2].split()
    return Stat(int(fields[1]), fields[0] in "ZX", int(fields[19]), (int(fields[13]) + int(fields[14])) / _TICKS)


def stat(pid: int) -> Stat | None:
    """The process's state now; ``None`` once it has ended and been waited for."""
    try:
        return parse_stat((_PROC / str(pid) / "stat").read_text())
    except OSError:
        return None


def parse_pss(text: str) -> int:
    """Proportional memory in KiB, from a ``smaps_rollup`` text."""
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def tree(root: int) -> list[int]:
    """``root`` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (found := stat(int(entry.name))):
            children.setdefault(found.parent, []).append(int(entry.name))
    members = [root]
    for pid in members:
        members.extend(children.get(pid, ()))
    return members


def cpu_of(pid: int) -> float:
    """User and system time of one process so far, in seconds: what ``/proc/PID/stat`` counts in ticks, in nanoseconds.

    Raises ``OSError`` once it has ended.
    """
    return time.clock_gettime(~pid << 3 | _PROCESS_CLOCK)


def cpu_seconds(root: int) -> float:
    """User and system time of the tree so far."""
    total = 0.0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            total += cpu_of(pid)
        if found := stat(pid):
            total += found.reaped_seconds
    return total


def memory_mib(root: int) -> float:
    """Proportional memory (PSS) of the tree: a page shared by several processes is counted once in all."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            total += parse_pss((_PROC / str(pid) / "smaps_rollup").read_text())
    return total / 1024


def settle(root: int, clock: Clock, limit: float = 5.0) -> None:
    """Wait until the tree is idle, so that work it has put off (log batches) is counted, at most ``limit`` seconds."""
    give_up = clock.monotonic() + limit
    used = cpu_seconds(root)
    while clock.monotonic() < give_up:
        time.sleep(0.4)
        before, used = used, cpu_seconds(root)
        if used - before < 0.4 * QUIET_SHARE:
            return


@contextlib.contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program while the block lasts; its messages go to ``folder/output.txt``; nothing of it is left behind."""
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        members = {pid: found.begun for pid in tree(process.pid) if (found := stat(pid))}
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN)
        _kill(members)
        process.wait()


def alive(pid: int, begun: int) -> bool:
    """Whether the process that started at ``begun`` still runs; its id may have passed to another one."""
    found = stat(pid)
    return found is not None and found.begun == begun and not found.dead


def _kill(members: dict[int, int]) -> None:
    while left := [pid for pid, begun in members.items() if alive(pid, begun)]:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def last_words(folder: Path) -> str:
    """The last line that a program run in ``folder`` printed."""
    lines = (folder / "output.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
