"""Short-lived processes: ``prepare``, ``lists``. Started for one piece of work, and run to their end."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NamedTuple


class Done(NamedTuple):
    """What a short-lived process left."""

    code: int
    output: bytes
    complaint: bytes
    """What it wrote to standard error, where that was asked for."""


async def run_errand(role: str, config: Path, state: Path, stderr: int | None = None) -> Done:
    """Run a process of a role to its end; it ends with us, but not by a Ctrl-C of its own. Raises ``OSError``."""
    command = (sys.executable, "-m", "safedns.app", role, "--config", str(config), "--state", str(state))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=stderr, start_new_session=True
    )
    try:
        output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Done(process.returncode or 0, output, complaint or b"")
