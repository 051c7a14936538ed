"""Starts that cannot succeed: one clear line or every problem of the files, the right exit code, no traceback."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import FAMILY, Running, household, running, until


def refusal(house: Running) -> tuple[int, list[str]]:
    """Exit code and standard error of ``safedns serve``, but for the line about running as root."""
    done = house.command("serve")
    assert "Traceback" not in done.stderr
    return done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("running as root")]


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_another_server_has(tmp_path: Path, kind: socket.SocketKind) -> None:
    with household(tmp_path) as house, socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", house.port))
        if kind is socket.SOCK_STREAM:
            other.listen()
        place = f"{'udp' if kind is socket.SOCK_DGRAM else 'tcp'}://127.0.0.1:{house.port}"
        advice = "is another DNS server running? see docs/operations.md"
        assert refusal(house) == (1, [f"cannot listen on {place}: Address already in use; {advice}"])


def test_an_address_that_is_not_this_machines(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.save({"listen": {"dns": [f"192.0.2.1:{house.port}"]}})
        code, (line,) = refusal(house)
        assert code == 1
        assert line.startswith(f"cannot listen on udp://192.0.2.1:{house.port}: Cannot assign requested address")


def test_a_state_folder_that_another_safedns_uses(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        assert refusal(house) == (1, [f"another safedns already runs with the state folder {house.state}"])
        assert house.blocked("blocked.example")


def test_a_state_folder_that_cannot_be(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.state = tmp_path / "file" / "state"
        house.state.parent.write_text("not a folder")
        code, (line,) = refusal(house)
        assert (code, line.partition(": ")[0]) == (1, f"the state folder {house.state} cannot be used")


def test_a_configuration_with_problems_shows_them_all(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.save_text("safedns.yaml", "timezone: Asia/Saigonn\nlisten: {dns: ['127.0.0.1:70000']}\n")
        house.save_text("family.yaml", "children: {binh: {preset: opne, bed_time: x}}\nunknown: nobody\n")
        code, lines = refusal(house)
        assert code == 2
        assert [line.removeprefix(f"{house.config}/").partition(": ")[0] for line in lines] == [
            "family.yaml:1:27",  # no such preset
            "family.yaml:1:33",  # no such key
            "family.yaml:2:10",  # no such group
            "safedns.yaml:1:1",  # no upstreams
            "safedns.yaml:1:11",  # no such time zone
            "safedns.yaml:2:16",  # no such port
        ]


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        (house.config / "safedns.yaml").unlink()
        (house.config / "family.yaml").unlink()
        code, lines = refusal(house)
        assert code == 2
        assert {"safedns.yaml", "family.yaml"} <= {Path(line.partition(":")[0]).name for line in lines}


def test_a_metrics_port_that_is_taken_costs_only_the_metrics(tmp_path: Path) -> None:
    with household(tmp_path) as house, socket.socket() as other:
        other.bind(("127.0.0.1", house.metrics_port))
        other.listen()
        house.start()
        assert house.blocked("blocked.example")
        until(lambda: "DNS goes on without" in house.said(), "it says so")


def test_a_log_of_a_newer_safedns_costs_only_the_log_until_it_is_moved_away(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        house.state.mkdir()
        log = house.state / "querylog.db"
        with closing(sqlite3.connect(log)) as db:
            db.execute("PRAGMA user_version = 99")
        house.start()
        assert house.blocked("blocked.example")
        until(lambda: "was written by a newer safedns" in house.said(), "it says so")
        status = house.command("status")
        assert status.returncode == 1
        assert "recorder" in status.stdout
        log.unlink()
        assert house.command("reload").returncode == 0
        until(house.is_well, "all is well")
        until(lambda: house.logs(), "what was asked before is logged")


def terminate(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)


def press_ctrl_c(pid: int) -> None:
    os.killpg(pid, signal.SIGINT)  # the terminal tells the whole group


@pytest.mark.parametrize("call_off", [terminate, press_ctrl_c])
def test_a_start_that_is_called_off_leaves_nothing_behind(tmp_path: Path, call_off: Callable[[int], None]) -> None:
    with household(tmp_path) as house:
        process = house.start(wait=False)
        until(lambda: house.pids("prepare"), "it reads the configuration")
        call_off(process.pid)
        assert process.wait(timeout=5) == 0
        assert not [role for role in ("prepare", "resolver", "recorder") if house.pids(role)]
        assert house.said().startswith("running as root") or not house.said()


def test_a_hang_up_while_it_starts_does_no_harm(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        process = house.start(wait=False)
        until(lambda: house.pids("prepare"), "it reads the configuration")
        process.send_signal(signal.SIGHUP)
        until(lambda: "configuration loaded" in house.said(), "it has read the configuration again")
        assert house.blocked("blocked.example")


def test_lists_that_were_never_fetched_are_one_line_at_the_start_and_another_when_they_change(tmp_path: Path) -> None:
    def lists(*names: str) -> dict[str, Any]:
        extra = [{"name": name, "category": "social", "source": "http://127.0.0.1:9/list.txt"} for name in names]
        return {"lists": {"use": "none", "extra": extra}}

    with running(tmp_path, settings=lists("one", "two")) as house:
        told = "lists that were never fetched yet"
        assert f"INFO: {told}, 2: one, two" in house.said()
        house.kill("resolver")
        house.save(family=FAMILY | {"children": {}})
        until(lambda: "configuration loaded" in house.said(), "a change that has nothing to do with lists")
        assert house.said().count(told) == 1
        house.save(lists("one"))
        until(lambda: f"{told}, 1: one" in house.said(), "a change of the lists")
        assert "not compiled" not in house.said()
