"""Each path at each rate in each situation, the systems in turn; every load is a process of its own."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import dns.rcode

from safedns.clock import Clock
from tests.bench.compare import dnsperf, process
from tests.bench.compare.measure import oddities
from tests.bench.compare.names import Names, Workload, primer, workloads
from tests.bench.compare.process import BenchError
from tests.bench.compare.stand import CANDIDATES, Stand, Started, through
from tests.bench.compare.systems import SYSTEMS, System
from tests.bench.latency.background import Home
from tests.bench.latency.load import Load
from tests.bench.latency.table import COMPILE, COMPILE_AND_READ, QUIET, SITUATIONS, Case

PATHS = ("cached", "blocked", "miss")
LOG_ROWS = 100_000
"""Queries that stand in the log before it is read."""
PRIME_RATE = 4000
"""Queries a second at which names are asked before they are measured."""
WARM_UP = 2.0
"""Seconds until the other work is under way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does."""

    systems: tuple[System, ...]
    names: Names
    rates: tuple[int, ...]
    seconds: int
    """Of one measurement."""


@dataclass(slots=True)
class Times:
    """All that one run found out."""

    loads: dict[Case, Load] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    """What went wrong or looks odd; a reader must see these."""


def run(plan: Plan, clock: Clock, say: Callable[[str], None]) -> Times:
    """Measure everything; ``say`` is told of progress. Raises ``BenchError`` if a system does not start."""
    times = Times()
    with Stand(plan.names, ("127.0.0.1",), clock) as stand:
        say("starting the safedns whose log is read, and preparing the lists that are compiled")
        home = stand.start(SYSTEMS["safedns"])
        lists = stand.site("lists")
        SYSTEMS["safedns"].prepare(lists)
        started = [home]
        for system in plan.systems:
            if system.name != home.system.name:
                say(f"starting {system.name}")
                started.append(stand.start(system))
        measured = [one for one in started if one.system in plan.systems]
        agreed = list(plan.names.allowed[:CANDIDATES])
        for one in measured:
            agreed = through(one, agreed)
        _Measuring(plan, stand, Home(home.site, lists), clock, times, say).all(measured, agreed, home)
    return times


class _Measuring:
    """What all measurements of a run share."""

    def __init__(
        self, plan: Plan, stand: Stand, home: Home, clock: Clock, times: Times, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._stand = stand
        self._home = home
        self._clock = clock
        self._times = times
        self._say = say
        self._numbers = itertools.count()

    def all(self, systems: Sequence[Started], allowed: Sequence[str], home: Started) -> None:
        """Fill the log of ``home``, then measure."""
        names = self._plan.names._replace(allowed=tuple(allowed))
        file = dnsperf.write_queries(names.allowed, self._stand.folder("filling the log"), 1)
        self._say(f"filling the log with {LOG_ROWS} queries")
        passes = LOG_ROWS // len(names.allowed) + 1
        dnsperf.run(home.site.port, file, rate=0, seconds=60, passes=passes, sockets=dnsperf.SOCKETS)
        for rate in self._plan.rates:
            works = workloads(names, rate * self._plan.seconds, full_speed=False)
            for situation, work, one in itertools.product(SITUATIONS, works, systems):
                if work.name in PATHS:
                    self._measure(one, work, Case(rate, one.system.name, work.name, situation))

    def _measure(self, one: Started, work: Workload, case: Case) -> None:
        self._say(f"{case.rate} a second, {case.situation}: {case.path}: {case.system}")
        folder = self._stand.folder(f"load {next(self._numbers)}")
        queries = work.queries
        if work.primed:
            _load(one, primer(work, one.system.workers), PRIME_RATE, folder.with_suffix(".before"))
        else:
            queries = tuple(f"{folder.name.split()[1]}-{name}" for name in queries)
        process.settle(one.pid, self._clock)
        with self._busy(case.situation):
            if case.situation != QUIET:
                time.sleep(WARM_UP)
            load = _load(one, queries, case.rate, folder / "names.txt")
        self._times.loads[case] = load
        codes = {dns.rcode.to_text(dns.rcode.Rcode(int(code))): count for code, count in load.codes.items()}
        report = dnsperf.Report(len(queries), sum(load.codes.values()), codes, 1.0)
        self._times.remarks.extend(
            f"{case.system}, {case.path} at {case.rate} a second, {case.situation}: {oddity}"
            for oddity in oddities(report, work.expected)
        )

    def _busy(self, situation: str) -> AbstractContextManager[None]:
        if situation == COMPILE:
            return self._home.busy(self._home.compile_lists)
        if situation == COMPILE_AND_READ:
            return self._home.busy(self._home.compile_lists, self._home.read_log)
        return nullcontext()


def _load(one: Started, names: Sequence[str], rate: int, file: Path) -> Load:
    """Ask ``names``, which are written to ``file``; raises ``BenchError``."""
    file.write_text("\n".join(names), encoding="ascii")
    command = [sys.executable, "-m", "tests.bench.latency.load", str(one.site.port), str(rate), str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=len(names) / rate * 3 + 30)
        return Load(*json.loads(done.stdout))
    except subprocess.SubprocessError as error:
        raise BenchError(f"the load did not end well: {error}") from error
