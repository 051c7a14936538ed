"""The kernel's tables of routes and addresses, as text (proc(5))."""

from __future__ import annotations

from pathlib import Path

TABLES = Path("/proc/self/net")
GATEWAY = 0x2
"""RTF_GATEWAY."""
HOST = 0x4
"""RTF_HOST."""


def lines(file: Path) -> list[list[str]]:
    """The fields of each line; empty where it cannot be read. Interfaces may be called anything."""
    try:
        return [line.split() for line in file.read_text(encoding="ascii", errors="replace").splitlines()]
    except OSError:
        return []
