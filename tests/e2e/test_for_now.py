"""What parents decide for now, and limits that are used up, against the program as it runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from safedns.app.live import state_file
from safedns.control import ask
from safedns.record.schema import QUERY_LOG
from safedns.record.state import StateWriter
from tests.e2e.load import Load
from tests.e2e.running import ADULT, AN, BINH, CLOCK, FAMILY, Running, household, running, until

LIMITED: dict[str, Any] = FAMILY | {
    "children": {
        "an": {"name": "An", "preset": "open", "devices": [AN], "log": "off", "limits": {"internet": "1m"}},
        "binh": {"name": "Bình", "preset": "open", "devices": [BINH], "log": "full", "limits": {"internet": "1m"}},
    }
}


def is_replaced(house: Running, role: str, killed: int) -> bool:
    """Whether another process plays the role of the one that was killed."""
    return house.pids(role) not in ([killed], [])


def said(house: Running, *words: str) -> str:
    """What a command that does its work prints."""
    done = house.command(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("workers", [1, 2])
def test_a_pause_is_in_force_when_the_command_returns_and_ends_with_the_next(tmp_path: Path, workers: int) -> None:
    with running(tmp_path, settings={"workers": workers}) as house:
        for _ in range(20):
            assert not house.blocked("www.example")
        assert said(house, "pause", "binh", "--for", "20m").startswith("Bình: paused until ")
        assert all(house.blocked("www.example") for _ in range(20))
        assert house.ask("www.example", client=ADULT).answer
        assert house.status()["profiles"][1]["now"].startswith("Bình: paused until ")
        assert house.metrics()["safedns_overrides", ("pause", "binh")] == 1
        assert said(house, "resume", "binh").startswith("Bình: no longer paused")
        assert not any(house.blocked("www.example") for _ in range(20))


def test_a_decision_acts_within_a_second_while_queries_arrive_and_costs_none_of_them(tmp_path: Path) -> None:
    with running(tmp_path) as house, Load(("127.0.0.1", house.port), ["www.example"], client=BINH) as load:
        load.go_on_for(100)
        now = CLOCK.wall()
        with StateWriter(state_file(house.state)) as state:
            state.add_override("binh", "pause", ("internet", ""), start=now, until=now + 60, by="a test")
        decided = CLOCK.monotonic()
        assert ask(house.state, "live") == {"ok": True}
        assert CLOCK.monotonic() - decided < 1.0
        taken = CLOCK.monotonic()
        load.go_on_for(100)
    assert not load.lost
    assert {bool(asked.reply.answer) for asked in load.asked if asked.sent < decided} == {True}
    assert {bool(asked.reply.answer) for asked in load.asked if asked.sent > taken} == {False}


def test_an_override_ends_by_itself_at_its_second(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        end = CLOCK.wall() + 2.5
        with StateWriter(state_file(house.state)) as state:
            state.add_override("binh", "pause", ("internet", ""), start=CLOCK.wall(), until=end, by="a test")
        assert ask(house.state, "live") == {"ok": True}
        assert house.blocked("www.example")
        until(lambda: not house.blocked("www.example"), "the pause is over")
        assert 0 <= CLOCK.wall() - end < 1.0


def test_a_decision_outlives_every_process_and_a_restart_of_all(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        said(house, "pause", "binh", "--for", "20m")
        for role in ("resolver", "recorder"):
            killed = house.kill(role)
            until(partial(is_replaced, house, role, killed), f"another {role}")
            assert house.blocked("www.example")
        house.kill("supervisor")
        house.processes[0].wait()
        assert house.blocked("www.example")
        house.start()
        assert house.blocked("www.example")
        house.end()
        house.start()
        assert house.blocked("www.example")
        assert not house.blocked("www.example", client=AN)


def test_what_is_decided_while_nothing_runs_counts_from_the_start(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.state.mkdir()
        done = house.command("pause", "binh", "--for", "20m")
        assert (done.returncode, done.stderr) == (0, "safedns does not run; this counts as soon as it does\n")
        house.start()
        assert house.blocked("www.example")


def test_a_limit_that_is_used_up_acts_within_ten_seconds_and_extra_minutes_at_once(tmp_path: Path) -> None:
    with running(tmp_path, family=LIMITED) as house:
        begun, minute = CLOCK.monotonic(), CLOCK.wall() // 60
        assert not house.blocked("www.example")
        until(lambda: house.blocked("www.example"), "the one minute is used up", within=10.0)
        assert CLOCK.monotonic() - begun < 10.0
        assert house.ask("www.example", client=ADULT).answer
        assert "www.example" in said(house, "usage", "binh")
        assert house.status()["profiles"][1]["now"].endswith("internet 0 of 1 min left (estimated)")
        touched = CLOCK.wall() // 60 - minute + 1  # asking goes on until it is closed: a second minute may have begun
        assert house.metrics()["safedns_limit_used_seconds", ("binh", "internet")] / 60 in range(1, int(touched) + 1)
        house.kill("recorder")
        house.kill("resolver")
        until(lambda: len(house.pids("resolver")) == 1, "another resolver")
        assert house.blocked("www.example"), "minutes outlive the processes that counted them"
        assert (
            said(house, "grant", "binh", "internet", "--bonus", "5m") == "Bình: internet 5 of 6 min left (estimated)\n"
        )
        assert not house.blocked("www.example")


def test_a_child_without_a_log_is_counted_and_leaves_nothing_but_minutes(tmp_path: Path) -> None:
    with running(tmp_path, family=LIMITED) as house:
        house.ask("secret.example", client=AN)
        house.ask("www.example", client=BINH)
        until(lambda: house.blocked("www.example", client=AN), "the one minute is used up", within=10.0)
        until(house.logs, "the other child's row is written")
        assert {row["profile"] for row in house.logs()} == {"binh"}
        assert "no names are kept for An (log: off)" in said(house, "usage", "an")
        house.end()
        with closing(sqlite3.connect(house.state / QUERY_LOG.name)) as db:
            assert db.execute("SELECT DISTINCT profile FROM rollup").fetchall() == [("binh",)]
        files = [file for file in house.state.iterdir() if file.is_file()]
        assert {file.name for file in files} >= {QUERY_LOG.name, state_file(house.state).name}
        assert not any(b"secret" in file.read_bytes() for file in files)


def test_a_damaged_state_never_stops_answers_and_makes_room_for_a_new_one(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.state.mkdir()
        state_file(house.state).write_bytes(b"not a database" * 1000)
        house.start()
        assert not house.blocked("www.example")
        until(lambda: list(house.state.glob("state.db.corrupt-*")), "it is set aside")
        said(house, "pause", "binh", "--for", "20m")
        assert house.blocked("www.example")
