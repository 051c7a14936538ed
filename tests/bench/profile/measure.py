"""Two loads of each path: one that is only accounted for, one of which samples are taken and system calls counted."""

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
from tests.bench.compare.names import Names, Workload, primer, workloads
from tests.bench.compare.process import BenchError
from tests.bench.compare.stand import CANDIDATES, Stand, Started, through
from tests.bench.compare.systems import SYSTEMS, System
from tests.bench.profile.parts import ENTERED, Seen, Stacks, counted, stacks

INJECT = Path(__file__).with_name("inject")
SAMPLES_A_SECOND = 2999
CALLS = (
    *("sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "read", "write", "writev", "epoll_wait"),
    *("epoll_pwait", "epoll_ctl", "poll", "ppoll", "io_uring_enter", "futex", "getpid", "getrandom", "mmap", "munmap"),
    *("madvise", "brk", "socket", "bind", "connect", "getsockname", "setsockopt", "close", "clock_nanosleep"),
)
"""System calls that are counted, where the machine has them; for all that there are perf takes too long to begin."""


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
        """Of each path, both loads together."""
        return self.rate * self.seconds * 2


def absent() -> str:
    """Why nothing can be profiled here; empty if it can."""
    if shutil.which("perf") is None:
        return "perf is not installed, and it takes the samples; on Debian: apt install linux-perf"
    if os.geteuid():
        return "perf looks into the kernel for root only; run it as root"
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
        """Both loads of ``work``, each with queries of its own."""
        half = len(work.queries) // 2
        folder = self._stand.folder(work.name)
        if work.primed:
            self._load(folder, "before", primer(work, 1), work.expected)
        micros = self._accounted(folder, work._replace(queries=work.queries[:half]))
        with (
            self._samples_of(folder, "resolver") as resolver,
            self._samples_of(folder, "recorder") as recorder,
            self._calls_of(folder, "resolver") as calls,
            self._timer() as files,
        ):
            self._load(folder, "sampled", work.queries[half:], work.expected)
        return Seen(
            micros,
            _read(resolver),
            _read(recorder),
            json.loads(files.read_text()),
            {name: count / half for name, count in counted(calls.read_text()).items()},
        )

    def _accounted(self, folder: Path, work: Workload) -> dict[str, float]:
        process.settle(self._started.pid, self._clock)
        before = {role: process.cpu_of(pid) for role, pid in self._processes.items()}
        self._load(folder, "accounted", work.queries, work.expected)
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
    def _samples_of(self, folder: Path, role: str) -> Iterator[Path]:
        """Samples of one process while the block lasts, in the file that is given."""
        file = folder / f"{role}.perf"
        command = ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(SAMPLES_A_SECOND), "-g"]
        with _watching([*command, "--pid", str(self._processes[role]), "--output", str(file)], folder):
            yield file

    @contextlib.contextmanager
    def _calls_of(self, folder: Path, role: str) -> Iterator[Path]:
        """Numbers of system calls of one process while the block lasts."""
        file = folder / f"{role}.calls"
        command = ["perf", "stat", "--field-separator", ",", "--event", ",".join(_events())]
        with _watching([*command, "--pid", str(self._processes[role]), "--output", str(file)], folder):
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


def _events() -> list[str]:
    """Perf's names for the calls that this machine has."""
    listed = subprocess.run(["perf", "list", "--no-desc", f"{ENTERED}*"], capture_output=True, text=True, check=True)
    here = set(listed.stdout.split())
    return [event for call in CALLS if (event := ENTERED + call) in here]


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
