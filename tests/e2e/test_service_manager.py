"""What a service manager sees: ready, alive, stopping; and an end that is quick, clean and complete."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.load import Load
from tests.e2e.running import BINH, BLOCKED, IMPATIENT, household, running, until


class Manager:
    """The receiving end of ``$NOTIFY_SOCKET``."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(self.address)
        self._sock.settimeout(10)

    def next_word(self) -> str:
        """The next state that was told, without its details."""
        return self._sock.recv(4096).decode().split("\n")[0]

    def close(self) -> None:
        self._sock.close()


@contextmanager
def manager(folder: Path) -> Iterator[Manager]:
    opened = Manager(folder)
    try:
        yield opened
    finally:
        opened.close()


def test_it_says_when_it_is_ready_that_it_is_alive_that_it_reloads_and_that_it_stops(tmp_path: Path) -> None:
    with household(tmp_path) as house, manager(tmp_path) as systemd:
        environment = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "200000"}
        process = house.start(environment=environment, wait=False)
        assert systemd.next_word() == "READY=1"
        assert house.blocked(BLOCKED)
        assert [systemd.next_word() for _ in range(3)] == ["WATCHDOG=1"] * 3
        house.kill("supervisor", signal.SIGHUP)
        said = [word for word in (systemd.next_word() for _ in range(20)) if word != "WATCHDOG=1"]
        assert said == ["RELOADING=1", "READY=1"]
        process.terminate()
        until(lambda: systemd.next_word() == "STOPPING=1", "it says that it stops")


def test_a_watchdog_that_nobody_asked_for_says_nothing(tmp_path: Path) -> None:
    with household(tmp_path) as house, manager(tmp_path) as systemd:
        process = house.start(environment={"NOTIFY_SOCKET": systemd.address})
        process.terminate()
        assert process.wait(timeout=5) == 0
        assert [systemd.next_word() for _ in range(2)] == ["READY=1", "STOPPING=1"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_under_load_it_ends_within_three_seconds_and_every_answer_is_in_the_log(
    tmp_path: Path, sign: signal.Signals
) -> None:
    with running(tmp_path, settings={"workers": 2}) as house:
        (process,) = house.processes
        with Load(("127.0.0.1", house.port), [f"n{number}.{BLOCKED}" for number in range(5000)], client=BINH) as load:
            load.go_on_for(300)
            process.send_signal(sign)
            assert process.wait(timeout=3) == 0
            load.stop()
        assert not [role for role in ("supervisor", "resolver", "recorder") if house.pids(role)]
        assert not (house.state / "run" / "children.json").exists()
        answered = {asked.name for asked in load.asked if asked.replies}
        assert len(answered) >= 300
        logged = Counter(str(row["name"]) for row in house.logs())
        assert answered <= logged.keys()
        assert set(logged.values()) == {1}
        assert house.command("status").returncode == 3


def test_children_that_do_not_end_are_made_to(tmp_path: Path) -> None:
    with household(tmp_path) as house:
        process = house.start(program=IMPATIENT)
        for role in ("resolver", "recorder"):
            house.kill(role, signal.SIGSTOP)
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert not house.pids("resolver")
        assert not house.pids("recorder")
