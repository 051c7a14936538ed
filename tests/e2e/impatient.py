"""``safedns serve`` with a supervisor that waits for hung children seconds instead of minutes."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from safedns.app.logs import set_up_logging
from safedns.clock import SystemClock
from safedns.control import ControlServer
from safedns.supervisor.supervisor import Patience, Supervisor

PATIENCE = Patience(beat=2.5, ready=5.0, stop=0.5)
"""Children give a sign of life every second."""


async def main(config: Path, state: Path) -> None:
    """Run until told to stop."""
    (state / "run").mkdir(parents=True)
    supervisor = Supervisor(config, state, SystemClock(), PATIENCE)
    control = ControlServer(state, {"status": lambda _: supervisor.status()})
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
