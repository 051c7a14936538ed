"""The timer in a Python process: it counts the user time between two signals, for the code that is ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.profile.measure import INJECT

BUSY = """
import sys
sys.stdout.write("ready\\n"); sys.stdout.flush()
while True:
    sum(range(1000))
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the benchmark is for Linux")


def test_user_time_between_the_signals_is_counted_for_our_file(tmp_path: Path) -> None:
    module = tmp_path / "safedns" / "busy.py"
    module.parent.mkdir()
    module.write_text(BUSY)
    environment = {**os.environ, "PYTHONPATH": str(INJECT), "SAFEDNS_BENCH_SAMPLES": str(tmp_path)}
    with subprocess.Popen([sys.executable, str(module)], env=environment, stdout=subprocess.PIPE) as program:
        try:
            assert program.stdout is not None
            program.stdout.readline()
            assert (tmp_path / f"{program.pid}.ready").exists()
            enough = _user_ticks(program.pid) + 10
            program.send_signal(signal.SIGUSR1)
            while program.poll() is None and _user_ticks(program.pid) < enough:
                os.sched_yield()
            program.send_signal(signal.SIGUSR2)
            file = tmp_path / f"{program.pid}.json"
            while program.poll() is None and not file.exists():
                os.sched_yield()
        finally:
            program.kill()
    samples = json.loads(file.read_text())
    assert samples[str(module)] > 0


def test_a_process_that_is_not_measured_is_left_alone() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SAFEDNS_BENCH_SAMPLES"}
    code = "import signal; print(signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(INJECT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == "True"


def _user_ticks(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
