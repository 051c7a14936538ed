"""The rounds: start every system, load each in turn with every workload, read CPU and memory, stop everything.

A round interleaves the systems, so that a busy neighbour on the machine disturbs all of them alike; rounds turn the
order about. A system that fails is reported and left out from then on; the others go on.
"""

from __future__ import annotations

import getpass
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from safedns.clock import Clock
from tests.bench.compare import dnsperf, process
from tests.bench.compare.names import Names, Workload, dealt, workloads
from tests.bench.compare.process import BenchError
from tests.bench.compare.site import Site
from tests.bench.compare.systems import System
from tests.bench.compare.table import IDLE, MEMORY, START, Result

START_WITHIN = 300.0
MOST_ODD = 0.01
"""Share of queries that may stay unanswered, or be answered otherwise than expected, before it is remarked on."""
FULL_SPEED_PASSES = 5
REST = 3.0
"""Seconds of rest over which idle CPU is measured."""
CANDIDATES = 1200
"""Popular names that are tried; those that all systems let through make the load."""

NOERROR, NXDOMAIN = 0, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does."""

    systems: tuple[System, ...]
    names: Names
    queries: int
    rate: int
    """Queries a second."""
    rounds: int
    addresses: int
    """From how many client addresses the queries come."""
    full_speed: bool

    @property
    def seconds(self) -> int:
        """Upper bound of one measurement."""
        return self.queries // self.rate + 2

    @property
    def clients(self) -> tuple[str, ...]:
        """The addresses that ask."""
        return tuple(f"127.0.0.{number}" for number in range(1, self.addresses + 1))


@dataclass(frozen=True, slots=True)
class Started:
    """A system that answers."""

    system: System
    site: Site
    pid: int
    answered: list[int] = field(default_factory=list)
    """Answers of each load so far."""

    def ask(self, files: Sequence[Path], *, rate: int, seconds: int, passes: int = 1) -> dnsperf.Report:
        """Load it with dnsperf; ``rate`` 0 = as fast as it goes."""
        sockets = dnsperf.SOCKETS * self.system.workers
        report = dnsperf.run(self.site.port, files, rate=rate, seconds=seconds, passes=passes, sockets=sockets)
        self.answered.append(report.completed)
        return report


def run(plan: Plan, clock: Clock, say: Callable[[str], None]) -> Result:
    """Make all rounds; ``say`` is told of progress. The result's ``failed`` names every system that fell out."""
    result = Result([system.name for system in plan.systems], [work.name for work in _works(plan, plan.names.allowed)])
    for number in range(plan.rounds):
        turn = number % len(plan.systems)
        systems = [*plan.systems[turn:], *plan.systems[:turn]]
        with _Round(plan, clock, result, f"round {number + 1}", say) as one:
            one.start_upstream()
            for system in systems:
                if system.name not in result.failed:
                    one.start(system)
            for work in _works(plan, one.agreed()):
                one.load(work)
            one.look_back()
    return result


def _works(plan: Plan, allowed: Sequence[str]) -> tuple[Workload, ...]:
    names = plan.names._replace(allowed=tuple(allowed))
    return workloads(names, plan.queries, full_speed=plan.full_speed)


class _Round:
    """One round's processes and folders; leaving it stops and removes them all."""

    def __init__(self, plan: Plan, clock: Clock, result: Result, title: str, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._clock = clock
        self._result = result
        self._title = title
        self._say = say
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="safedns-bench-")))
        self._upstream_port = process.free_port()
        self._started: list[Started] = []

    def __enter__(self) -> _Round:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_upstream(self) -> None:
        """Begin to answer what the systems forward."""
        folder = self._made_folder("upstream")
        command = [sys.executable, "-m", "tests.bench.compare.upstream", str(self._upstream_port)]
        program = self._stack.enter_context(process.running(command, folder))
        self._await_answer(program, folder, self._upstream_port, self._plan.names.allowed[0], NOERROR)

    def start(self, system: System) -> None:
        """Configure ``system`` and time it from its start to its first filtered answer."""
        self._say(f"{self._title}: starting {system.name}")
        folder = self._made_folder(system.name)
        site = Site(
            folder=folder,
            port=process.free_port(),
            metrics_port=process.free_port(),
            upstream_port=self._upstream_port,
            lists=dealt(self._plan.names.blocked),
            clients=self._plan.clients,
            user=getpass.getuser(),
            workers=system.workers,
        )
        try:
            system.prepare(site)
            begun = self._clock.monotonic()
            program = self._stack.enter_context(process.running(system.command(site), folder))
            expected = NXDOMAIN if system.filters else NOERROR
            self._await_answer(program, folder, site.port, self._plan.names.blocked[-1], expected)
        except BenchError as error:
            self._result.fail(system.name, str(error))
            return
        self._result.other[system.name, START].append(self._clock.monotonic() - begun)
        self._started.append(Started(system, site, program.pid))

    def agreed(self) -> list[str]:
        """Allowed names that every started system lets through: safedns has rules of its own beside the lists."""
        agreed = list(self._plan.names.allowed[:CANDIDATES])
        for started in tuple(self._started):
            through = [name for name in agreed if ask(started.site.port, name) == NOERROR]
            if len(through) < len(agreed) / 2:
                refused = f"it answered only {len(through)} of {len(agreed)} allowed names; {last_words(started)}"
                self._fall_out(started, refused)
            else:
                agreed = through
        return agreed

    def load(self, work: Workload) -> None:
        """Measure every started system under ``work``."""
        parts = self._plan.addresses
        files = dnsperf.write_queries(work.queries, self._made_folder(work.name), parts)
        primers = dnsperf.write_queries(
            tuple(dict.fromkeys(work.queries)), self._made_folder(f"{work.name} (before)"), parts
        )
        for started in tuple(self._started):
            self._say(f"{self._title}: {work.name}: {started.system.name}")
            try:
                if work.primed:
                    started.ask(primers, rate=self._plan.rate, seconds=self._plan.seconds)
                self._measure(started, work, files)
            except BenchError as error:
                self._fall_out(started, f"{work.name}: {error}")

    def look_back(self) -> None:
        """After the last load: what rest costs, memory, and whether the queries were logged."""
        self._rest()
        for started in self._started:
            name = started.system.name
            self._result.other[name, MEMORY].append(process.memory_mib(started.pid))
            if started.system.logged and (gap := unlogged(started.system.logged(started.site), started.answered)):
                self._result.remark(f"{name} {gap}, so its figures leave that work out")

    def _rest(self) -> None:
        for started in self._started:
            process.settle(started.pid, self._clock)
        before = {started.system.name: process.cpu_seconds(started.pid) for started in self._started}
        time.sleep(REST)
        for started in self._started:
            used = process.cpu_seconds(started.pid) - before[started.system.name]
            self._result.other[started.system.name, IDLE].append(used / REST * 1000)

    def _fall_out(self, started: Started, why: str) -> None:
        self._result.fail(started.system.name, why)
        self._started.remove(started)

    def _measure(self, started: Started, work: Workload, files: list[Path]) -> None:
        process.settle(started.pid, self._clock)
        before = process.cpu_seconds(started.pid)
        rate, passes = (0, FULL_SPEED_PASSES) if work.full_speed else (self._plan.rate, 1)
        report = started.ask(files, rate=rate, seconds=self._plan.seconds, passes=passes)
        process.settle(started.pid, self._clock)
        used = process.cpu_seconds(started.pid) - before
        if not report.completed:
            raise BenchError(f"none of {report.sent} queries was answered; {last_words(started)}")
        key = (started.system.name, work.name)
        self._result.cpu[key].append(used / report.completed * 1e6)
        if work.full_speed:
            self._result.speed[key].append(report.per_second)
        for oddity in oddities(report, work.expected if started.system.filters else "NOERROR"):
            self._result.remark(f"{started.system.name}, {work.name}: {oddity}")

    def _await_answer(
        self, program: subprocess.Popen[bytes], folder: Path, port: int, name: str, expected: int
    ) -> None:
        give_up = self._clock.monotonic() + START_WITHIN
        got: int | None = None
        while self._clock.monotonic() < give_up:
            if program.poll() is not None:
                raise BenchError(f"it ended with {program.returncode} and said: {process.last_words(folder)}")
            got = ask(port, name)
            if got == expected:
                return
            time.sleep(0.002)
        answered = "never" if got is None else f"with RCODE {got}"
        raise BenchError(f"after {START_WITHIN:.0f} s it answered {answered} to {name}; RCODE {expected} was expected")

    def _made_folder(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder


def last_words(started: Started) -> str:
    """What a system that does not do as expected said last."""
    return f"its last words: {process.last_words(started.site.folder)}"


def oddities(report: dnsperf.Report, expected: str) -> list[str]:
    """What makes a measurement doubtful: lost queries, answers other than ``expected``."""
    found = []
    if report.sent - report.completed > MOST_ODD * report.sent:
        found.append(f"{report.sent - report.completed} of {report.sent} queries were not answered")
    as_expected = report.codes.get(expected, 0)
    if report.completed - as_expected > MOST_ODD * report.completed:
        answers = ", ".join(f"{code} {count}" for code, count in sorted(report.codes.items()))
        found.append(f"{expected} was expected, the answers were {answers}")
    return found


def unlogged(entries: int, answered: Sequence[int]) -> str:
    """What a log with ``entries`` lacks after loads with so many answers each; empty if each left an entry."""
    total = sum(answered)
    return f"logged {entries} of {total} answers" if entries < total * (1 - MOST_ODD) else ""


def ask(port: int, name: str) -> int | None:
    """The RCODE of a query for the addresses of ``name``, or ``None`` without an answer within 50 ms."""
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    packet = b"\0\1\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.05)
        sock.connect(("127.0.0.1", port))
        try:
            sock.send(packet)
            return sock.recv(4096)[3] & 0x0F
        except OSError:  # nobody listens yet, or not in time
            return None
