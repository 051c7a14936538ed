"""``safedns serve`` with a supervisor that takes a child for hung after one second instead of fifteen."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from safedns.app.logs import set_up_logging
from safedns.clock import SystemClock
from safedns.control import ControlServer
from safedns.supervisor.supervisor import Supervisor

BEAT_LIMIT = 2.5
"""Seconds; children give a sign of life every second."""


async def main(config: Path, state: Path) -> None:
    """Run until told to stop."""
    (state / "run").mkdir(parents=True)
    supervisor = Supervisor(config, state, SystemClock(), beat_limit=BEAT_LIMIT)
    control = ControlServer(state, {"status": supervisor.status})
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, supervisor.stop)
    await control.start()
    await supervisor.run(lambda _: print("safedns answers on", file=sys.stderr))
    await control.close()


if __name__ == "__main__":
    set_up_logging("supervisor")
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--state", type=Path)
    folders = parser.parse_args()
    asyncio.run(main(folders.config, folders.state))
