"""Processes that are killed while queries arrive: answers go on, and what died comes back."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import dns.rcode
import pytest

from tests.e2e.load import Load
from tests.e2e.running import ADULT, BINH, BLOCKED, CLOCK, IMPATIENT, Running, household, running, until

NAMES = ["www.example", BLOCKED]
UNIQUE = [f"n{number}.{BLOCKED}" for number in range(20_000)]
"""Names that are all blocked for Bình, so that each query is one row of its own."""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_resolver_that_is_killed_under_load_costs_at_most_the_one_query_in_its_hands(
    tmp_path: Path, workers: int
) -> None:
    with running(tmp_path, settings={"workers": workers}) as house:
        assert len(house.pids("resolver")) == workers
        for _ in range(20):
            house.ask("www.example", client=BINH)
        with Load(("127.0.0.1", house.port), NAMES, client=BINH) as load:
            load.go_on_for(100)
            killed = house.kill("resolver")
            until(lambda: killed not in house.pids("resolver"), "the kernel has taken it away")
            until(lambda: len(house.pids("resolver")) == workers, "another resolver")
            load.go_on_for(300)
        assert len(load.lost) <= 1
        assert all(len(asked.replies) <= 1 for asked in load.asked)
        blocked = [asked for asked in load.asked if asked.name == BLOCKED and asked.replies]
        assert {asked.reply.rcode() for asked in blocked} == {dns.rcode.NXDOMAIN}
        assert house.metrics()["safedns_process_restarts_total", ("resolver",)] == 1
        assert house.ask("www.example", client=ADULT).answer


def test_a_recorder_that_hangs_and_is_killed_under_load_costs_no_answer_and_each_row_is_there_or_counted_as_dropped(
    tmp_path: Path,
) -> None:
    """What it had read and not yet written, at most a quarter of a second's rows, is what may be missing."""
    with running(tmp_path) as house:
        with Load(("127.0.0.1", house.port), UNIQUE, client=BINH) as load:
            load.go_on_for(100)
            written = {asked.name for asked in load.asked[:100]}
            until(lambda: written <= logged(house).keys(), "the first hundred rows are written")
            killed = house.kill("recorder", signal.SIGSTOP)
            stopped = CLOCK.monotonic()
            load.go_on_for(200)
            os.kill(killed, signal.SIGKILL)
            until(lambda: house.pids("recorder") not in ([killed], []), "another recorder")
            load.go_on_for(200)
        assert not load.lost
        assert all(len(asked.replies) == 1 for asked in load.asked)
        kept = {asked.name for asked in load.asked if asked.sent > stopped}
        assert len(kept) >= 400
        until(lambda: kept <= logged(house).keys(), "every row since it hung is written")
        rows = logged(house)
        assert written <= rows.keys()
        assert set(rows.values()) == {1}
        dropped = house.metrics()["safedns_log_rows_dropped_total", ()]
        assert len(rows) + dropped == len(load.asked)
        assert house.metrics()["safedns_process_restarts_total", ("recorder",)] == 1
        assert blocked_by_metrics(house) >= len(kept)


def test_answers_go_on_while_the_supervisor_is_dead_and_its_successor_takes_over(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        orphans = {*house.pids("resolver"), *house.pids("recorder")}
        with Load(("127.0.0.1", house.port), NAMES, client=BINH) as load:
            load.go_on_for(100)
            house.kill("supervisor")
            house.processes[0].wait()
            load.go_on_for(300)
        assert not load.lost
        gone = house.command("status")
        assert (gone.returncode, gone.stdout) == (3, "")
        assert "safedns does not run" in gone.stderr
        house.start()
        assert not orphans & {*house.pids("resolver"), *house.pids("recorder")}
        assert "took over from a supervisor that was killed: 2 of its processes ended" in house.said()
        assert house.command("status").returncode == 0
        assert house.blocked(BLOCKED)
        assert not house.blocked("www.example")
        until(lambda: BLOCKED in logged(house), "the log goes on")


def test_processes_that_hang_are_found_out_and_replaced(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.start(program=IMPATIENT)
        hung = {house.kill(role, signal.SIGSTOP) for role in ("resolver", "recorder")}
        until(lambda: not {*house.pids("resolver"), *house.pids("recorder")} & hung, "both are gone")
        until(lambda: house.pids("resolver") and house.pids("recorder"), "others are in their places")
        for name in ("resolver-0", "recorder"):
            assert f"{name} does not answer any more; starting it again" in house.said()
        assert house.blocked(BLOCKED)
        until(house.is_well, "all is well again")


def logged(house: Running) -> Counter[str]:
    """Names in the query log, and how many rows each has."""
    return Counter(str(row["name"]) for row in house.logs())


def blocked_by_metrics(house: Running) -> float:
    """How many queries of Bình's the metrics have counted as blocked."""
    return sum(
        value
        for (name, labels), value in house.metrics().items()
        if name == "safedns_queries_total" and {"binh", "blocked"} <= set(labels)
    )
