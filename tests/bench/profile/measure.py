"""Three loads of each path: one that only counts, one whose samples are taken, one whose system calls are counted."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safedns.clock import Clock
from tests.bench.compare import dnsperf, process
from tests.bench.compare.measure import oddities
from tests.bench.compare.names import Names, Workload, workloads
from tests.bench.compare.process import BenchError
from tests.bench.compare.stand import CANDIDATES, Stand, Started, through
from tests.bench.compare.systems import SYSTEMS, System
from tests.bench.profile.parts import Seen, Stacks, stacks, summary

INJECT = Path(__file__).with_name("inject")
SAMPLES_A_SECOND = 3000
COUNTED_SECONDS = 3
"""Of the load whose system calls are counted: that watch is too heavy for more than numbers."""
_PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does."""

    names: Names
    rate: int
    """Queries a second."""
    seconds: int
    """Of each load."""

    @property
    def queries(self) -> int:
        """Of each path, all loads together."""
        return self.rate * (2 * self.seconds + COUNTED_SECONDS)


def absent() -> str:
    """Why nothing can be profiled here; empty if it can."""
    if shutil.which("perf") is None:
        return "perf is not installed, and it takes the samples; on Debian: apt install linux-perf"
    if os.geteuid() and int(_PARANOID.read_text()) > 0:
        return "perf may not look into the kernel; run as root, or set kernel.perf_event_paranoid to 0"
    return ""


def run(plan: Plan, clock: Clock, say: Callable[[str], None]) -> tuple[dict[str, Seen], list[str]]:
    """Path -> what was found out, and what looked odd; raises ``BenchError``."""
    remarks: list[str] = []
    seen: dict[str, Seen] = {}
    with (
        tempfile.TemporaryDirectory(prefix="safedns-bench-") as samples,
        Stand(plan.names, ("127.0.0.1",), clock) as stand,
    ):
        say("starting safedns")
        started = stand.start(_watched(Path(samples)))
        names = plan.names._replace(allowed=tuple(through(started, plan.names.allowed[:CANDIDATES])))
        measuring = _Measuring(plan, stand, started, Path(samples), clock, remarks)
        for work in workloads(names, plan.queries, full_speed=False):
            say(f"{work.name}, {plan.rate} a second")
            seen[work.name] = measuring.path(work)
    return seen, remarks


def _watched(samples: Path) -> System:
    system = SYSTEMS["safedns"]
    path = os.pathsep.join(filter(None, (str(INJECT), os.environ.get("PYTHONPATH", ""))))
    environment = ["env", f"PYTHONPATH={path}", f"SAFEDNS_BENCH_SAMPLES={samples}"]
    return replace(system, command=lambda site: [*environment, *system.command(site)])


class _Measuring:
    """The loads of one started safedns."""

    def __init__(
        self, plan: Plan, stand: Stand, started: Started, samples: Path, clock: Clock, remarks: list[str]
    ) -> None:
        self._plan = plan
        self._stand = stand
        self._started = started
        self._samples = samples
        self._clock = clock
        self._remarks = remarks
        self._processes = roles(started.pid)
        if not (samples / f"{self._processes['resolver']}.ready").exists():
            raise BenchError("the resolver did not load the timer that samples it")

    def path(self, work: Workload) -> Seen:
        """All three loads of ``work``, each with queries of its own."""
        rate, seconds = self._plan.rate, self._plan.seconds
        folder = self._stand.folder(work.name)
        if work.primed:
            self._load(folder, "before", tuple(dict.fromkeys(work.queries)), work.expected)
        long = rate * seconds
        micros = self._counted(folder, work._replace(queries=work.queries[:long]))
        with (
            self._perf(folder, "resolver") as resolver,
            self._perf(folder, "recorder") as recorder,
            self._timer() as files,
        ):
            self._load(folder, "sampled", work.queries[long : 2 * long], work.expected)
        short = work.queries[2 * long :]
        with self._traced(folder) as calls:
            self._load(folder, "traced", short, work.expected)
        return Seen(
            micros,
            _read(resolver),
            _read(recorder),
            json.loads(files.read_text()),
            {name: count / len(short) for name, count in summary(calls.read_text()).items()},
        )

    def _counted(self, folder: Path, work: Workload) -> dict[str, float]:
        process.settle(self._started.pid, self._clock)
        before = {role: process.cpu_of(pid) for role, pid in self._processes.items()}
        self._load(folder, "counted", work.queries, work.expected)
        process.settle(self._started.pid, self._clock)
        return {
            role: (process.cpu_of(pid) - before[role]) / len(work.queries) * 1e6
            for role, pid in self._processes.items()
        }

    def _load(self, folder: Path, name: str, names: Sequence[str], expected: str) -> None:
        own = folder / name
        own.mkdir()
        files = dnsperf.write_queries(names, own, 1)
        seconds = len(names) // self._plan.rate + 2
        port = self._started.site.port
        report = dnsperf.run(port, files, rate=self._plan.rate, seconds=seconds, passes=1, sockets=dnsperf.SOCKETS)
        self._remarks.extend(f"{folder.name}, {name}: {odd}" for odd in oddities(report, expected))

    @contextlib.contextmanager
    def _perf(self, folder: Path, role: str) -> Iterator[Path]:
        """Samples of one process while the block lasts, in the file that is given."""
        file = folder / f"{role}.perf"
        command = ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(SAMPLES_A_SECOND), "-g"]
        with _watching([*command, "--pid", str(self._processes[role]), "--output", str(file)], folder):
            yield file

    @contextlib.contextmanager
    def _traced(self, folder: Path) -> Iterator[Path]:
        file = folder / "calls.txt"
        command = ["perf", "trace", "--summary", "--pid", str(self._processes["resolver"]), "--output", str(file)]
        with _watching(command, folder):
            yield file

    @contextlib.contextmanager
    def _timer(self) -> Iterator[Path]:
        resolver = self._processes["resolver"]
        file = self._samples / f"{resolver}.json"
        file.unlink(missing_ok=True)
        os.kill(resolver, signal.SIGUSR1)
        yield file
        os.kill(resolver, signal.SIGUSR2)
        give_up = self._clock.monotonic() + 5
        while not file.exists():
            if self._clock.monotonic() > give_up:
                raise BenchError("the resolver did not write its samples")
            time.sleep(0.05)


@contextlib.contextmanager
def _watching(command: Sequence[str], folder: Path) -> Iterator[None]:
    """``command`` while the block lasts, ended as by Ctrl-C; raises ``BenchError`` if it ended before."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as program:
        try:
            time.sleep(0.5)  # until it watches
            if program.poll() is not None:
                said = program.communicate()[1].strip().splitlines() or ["nothing"]
                raise BenchError(f"{' '.join(command[:2])} ended at once and said: {said[-1]}")
            yield
        finally:
            program.send_signal(signal.SIGINT)
            program.communicate()


def _read(file: Path) -> Stacks:
    command = ["perf", "script", "--fields", "ip,sym", "--input", str(file)]
    return stacks(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def roles(root: int) -> dict[str, int]:
    """Role -> process of a running safedns: ``supervisor`` is ``root`` itself."""
    found = {"supervisor": root}
    for pid in process.tree(root)[1:]:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        found.update({role: pid for role in ("resolver", "recorder") if role.encode() in words})
    return found
