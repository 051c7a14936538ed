"""What was measured where: the lines below a table without which its numbers mean nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bench.compare.measure import Plan
from tests.bench.compare.systems import System

_ROOT = Path(__file__).resolve().parents[3]


def facts(plan: Plan) -> list[str]:
    """Machine, commit, load and versions, one line each."""
    names = f"{len(plan.names.blocked)} blocked names ({plan.names.origin})"
    load = f"{plan.queries} queries a measurement at {plan.rate} a second from {plan.addresses} address(es)"
    return [
        *place(),
        f"load: {load}, {plan.rounds} round(s); {names}",
        *crowded(max(system.workers for system in plan.systems), os.cpu_count() or 1),
        *versions(plan.systems),
    ]


def place() -> list[str]:
    """Machine and commit."""
    return [
        f"machine: {cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        f"commit: {commit()}",
    ]


def versions(systems: Sequence[System]) -> list[str]:
    """Each system's own words about itself."""
    once = {system.version: system.name for system in reversed(systems)}
    return [f"{name}: {version()}" for version, name in reversed(once.items())]


def crowded(workers: int, cores: int) -> list[str]:
    """What must be known about ``workers`` that share their ``cores`` with the load and the upstream."""
    if workers == 1:
        return []
    line = f"up to {workers} workers on {cores} cores, which the load and the upstream use as well"
    scarce = workers + 2 > cores
    return [f"{line}; the figures show what workers cost, not how answers a second grow with them" if scarce else line]


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, or on small ARM boards the board's."""
    text = cpuinfo.read_text(encoding="utf-8")
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def commit() -> str:
    """The checkout's commit, marked where files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown (git is not installed)"
    command = [git, "-C", str(_ROOT), "describe", "--always", "--dirty=, with changes"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown (not a git checkout)"
