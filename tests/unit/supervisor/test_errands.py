"""Short-lived processes: what they leave, and that none is left over."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from safedns.supervisor.errands import run_errand


async def test_an_errand_leaves_its_output_its_complaint_and_its_status(tmp_path: Path) -> None:
    done = await run_errand("prepare", tmp_path, tmp_path, stderr=asyncio.subprocess.PIPE)
    assert (done.code, done.output) == (2, b"")
    assert b"safedns.yaml" in done.complaint


def processes_of(folder: Path) -> list[Path]:
    """Those that were started with ``folder``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder).encode() in (process / "cmdline").read_bytes():
                found.append(process)
    return found


async def test_an_errand_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run_errand("prepare", tmp_path, tmp_path), 0.01)
    assert processes_of(tmp_path) == []
