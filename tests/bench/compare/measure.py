"""The rounds: start every system, load each in turn with every workload, read CPU and memory, stop everything.

A round interleaves the systems, so that a busy neighbour on the machine disturbs all of them alike; rounds turn the
order about. A system that fails is reported and left out from then on; the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from safedns.clock import Clock
from tests.bench.compare import dnsperf, process
from tests.bench.compare.names import Names, Workload, primer, workloads
from tests.bench.compare.process import BenchError
from tests.bench.compare.stand import CANDIDATES, Stand, Started, last_words, through
from tests.bench.compare.systems import System
from tests.bench.compare.table import IDLE, MEMORY, START, Result

MOST_ODD = 0.01
"""Share of queries that may stay unanswered, or be answered otherwise than expected, before it is remarked on."""
FULL_SPEED_PASSES = 5
REST = 3.0
"""Seconds of rest over which idle CPU is measured."""


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


def run(plan: Plan, clock: Clock, say: Callable[[str], None]) -> Result:
    """Make all rounds; ``say`` is told of progress. The result's ``failed`` names every system that fell out."""
    result = Result([system.name for system in plan.systems], [work.name for work in _works(plan, plan.names.allowed)])
    for number in range(plan.rounds):
        turn = number % len(plan.systems)
        systems = [*plan.systems[turn:], *plan.systems[:turn]]
        with _Round(plan, clock, result, f"round {number + 1}", say) as one:
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
    """One round on a ``Stand``."""

    def __init__(self, plan: Plan, clock: Clock, result: Result, title: str, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._clock = clock
        self._result = result
        self._title = title
        self._say = say
        self._stand = Stand(plan.names, plan.clients, clock)
        self._started: list[Started] = []

    def __enter__(self) -> Self:
        self._stand.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._stand.__exit__(*error)

    def start(self, system: System) -> None:
        """Configure ``system`` and time it from its start to its first filtered answer."""
        self._say(f"{self._title}: starting {system.name}")
        try:
            started = self._stand.start(system)
        except BenchError as error:
            self._result.fail(system.name, str(error))
            return
        self._result.other[system.name, START].append(started.seconds)
        self._started.append(started)

    def agreed(self) -> list[str]:
        """Allowed names that every started system lets through: safedns has rules of its own beside the lists."""
        agreed = list(self._plan.names.allowed[:CANDIDATES])
        for started in tuple(self._started):
            try:
                agreed = through(started, agreed)
            except BenchError as error:
                self._fall_out(started, str(error))
        return agreed

    def load(self, work: Workload) -> None:
        """Measure every started system under ``work``."""
        parts = self._plan.addresses
        files = dnsperf.write_queries(work.queries, self._stand.folder(work.name), parts)
        for started in tuple(self._started):
            self._say(f"{self._title}: {work.name}: {started.system.name}")
            try:
                if work.primed:
                    self._prime(started, work)
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

    def _prime(self, started: Started, work: Workload) -> None:
        queries = primer(work, started.system.workers)
        folder = self._stand.folder(f"{work.name} (before), {started.system.name}")
        files = dnsperf.write_queries(queries, folder, self._plan.addresses)
        self._ask(started, files, rate=self._plan.rate, seconds=len(queries) // self._plan.rate + 2)

    def _ask(
        self, started: Started, files: Sequence[Path], *, rate: int, seconds: int, passes: int = 1
    ) -> dnsperf.Report:
        sockets = dnsperf.SOCKETS * started.system.workers
        report = dnsperf.run(started.site.port, files, rate=rate, seconds=seconds, passes=passes, sockets=sockets)
        started.answered.append(report.completed)
        return report

    def _measure(self, started: Started, work: Workload, files: list[Path]) -> None:
        process.settle(started.pid, self._clock)
        before = process.cpu_seconds(started.pid)
        rate, passes = (0, FULL_SPEED_PASSES) if work.full_speed else (self._plan.rate, 1)
        report = self._ask(started, files, rate=rate, seconds=self._plan.seconds, passes=passes)
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
