"""One soak from its start to its end."""

from __future__ import annotations

import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.bench.soak.books import Balance, Books, Metrics
from tests.bench.soak.home import OLD_ROWS, home
from tests.bench.soak.ledger import CLOCK, GIVE_UP, Ledger, Unanswered
from tests.bench.soak.load import Load
from tests.bench.soak.sampler import Repeated, Sampler
from tests.bench.soak.troubles import Happened, Troubles, Window
from tests.e2e.running import Running

_SHORTEST, _LONGEST = 0.5, 8.0
"""Seconds that a trouble lasts."""
_READ_EVERY = 2.0
NOTICE = 2 * GIVE_UP
"""Seconds within which a client notices that a QUIC connection has no other end any more."""
Trouble = Callable[[], Happened | None]


class Plan(NamedTuple):
    """How much of everything."""

    minutes: float
    rate: int
    """Queries a second."""
    listed: int
    """Names in the big lists."""
    workers: int

    @property
    def pace(self) -> float:
        return min(_LONGEST, max(_SHORTEST, self.minutes * 60 / 200))


class Result(NamedTuple):
    """What was found out."""

    plan: Plan
    seconds: float
    began: float
    ledger: Ledger
    balances: list[Balance]
    sampler: Sampler
    metrics: Metrics
    windows: list[Window]
    kills: list[str]
    old_rows: int
    pruned: int
    reads: int
    origin: str

    @property
    def outside(self) -> list[Unanswered]:
        """Queries without an answer that no death of a resolver explains."""
        explained = {id(each) for each in (*self.within, *self.orphaned)}
        return [each for each in self.ledger.unanswered if id(each) not in explained]

    @property
    def within(self) -> list[Unanswered]:
        """Those that were on their way, or sent, while no resolver was there."""
        return [each for each in self.ledger.unanswered if any(_within(each, one) for one in self.windows)]

    @property
    def orphaned(self) -> list[Unanswered]:
        """Those sent later, on a QUIC connection whose other end had died."""
        late = set(map(id, self.within))
        others = [each for each in self.ledger.unanswered if id(each) not in late]
        return [each for each in others if any(_orphaned(each, one) for one in self.windows)]

    @property
    def problems(self) -> list[str]:
        """Everything that must not be."""
        found = [f"{one.trouble}: {problem}" for one in self.balances for problem in one.problems]
        lost = Counter(each.protocol for each in self.outside)
        found += [f"{count} queries over {protocol} lost outside every window" for protocol, count in lost.items()]
        found += self.ledger.wrong
        if self.old_rows:
            found.append(f"{self.old_rows} rows are older than the log may keep them")
        if self.metrics.resets > (deaths := sum(one.death == "recorder" for one in self.balances)):
            found.append(f"the recorder began anew {self.metrics.resets} times, and was killed {deaths} times")
        return found


class Readers(Repeated):
    """Scrapes the metrics and reads the log all the while, as Prometheus and parents do."""

    def __init__(self, house: Running) -> None:
        self.reads = 0
        self._house = house
        super().__init__("readers", _READ_EVERY)

    def turn(self) -> None:
        url = f"http://127.0.0.1:{self._house.metrics_port}/metrics"
        commands = (("logs", "--limit", "50"), ("status",), ("usage", "an"), ("cache", "stats"))
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:
            reply.read()
            self.reads += 1
        if self.reads % 5 == 0:
            self._house.command(*commands[self.reads // 5 % len(commands)])


def soak(folder: Path, plan: Plan, say: Callable[[str], None]) -> Result:
    """Run it in ``folder``, and tell how it goes; raises ``AssertionError`` where it cannot go on."""
    with home(folder, listed=plan.listed, workers=plan.workers) as house:
        ledger = Ledger()
        metrics = Metrics(house.house.metrics)
        books = Books(house, metrics)
        troubles = Troubles(house, ledger, metrics, plan.pace)
        began = CLOCK.monotonic()
        with (
            Sampler(house.house.tree, troubles.kill_lists) as sampler,
            Readers(house.house) as readers,
            Load(house, ledger, plan.rate) as load,
        ):
            for name, trouble in _schedule(plan, troubles, began):
                load.go_on()
                happened = trouble() or Happened()
                load.hold_breath()
                balance = books.balance(name, ledger.turn(), happened.death, happened.bound)
                say(_told(balance, CLOCK.monotonic() - began))
        old_rows = books.old_rows()
        return Result(
            plan,
            CLOCK.monotonic() - began,
            began,
            ledger,
            books.balances,
            sampler,
            metrics,
            troubles.windows,
            troubles.kills,
            old_rows,
            OLD_ROWS - old_rows,
            readers.reads,
            house.listed.origin,
        )


def _schedule(plan: Plan, troubles: Troubles, began: float) -> Iterator[tuple[str, Trouble]]:
    """Everything once, and then again for as long as there is time.

    Processes die in the first third only: in the rest it shows whether their memory grows.
    """
    everything: Mapping[str, Trouble] = {**troubles.peaceful(), **troubles.deaths()}
    yield from everything.items()
    while True:
        for name, trouble in everything.items():
            gone = CLOCK.monotonic() - began
            if gone >= plan.minutes * 60:
                return
            if name not in troubles.deaths() or gone < plan.minutes * 20:
                yield name, trouble


def _within(gone: Unanswered, window: Window) -> bool:
    return gone.sent <= window.end and gone.given_up >= window.start


def _orphaned(gone: Unanswered, window: Window) -> bool:
    return 0.0 < gone.connected < window.end and window.end < gone.sent < window.end + NOTICE


def _told(balance: Balance, seconds: float) -> str:
    found = "; ".join(balance.problems) or "balanced"
    return (
        f"{seconds:6.0f} s  {balance.trouble}: {balance.answered} queries, {balance.rows} logged, "
        f"{balance.dropped} dropped, {balance.lost_rows} rows and {balance.lost_counts} counts lost: {found}"
    )
