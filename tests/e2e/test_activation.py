"""Sockets that somebody else has bound are served: systemd's own tool, and one who holds them over a restart."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.e2e.running import Running, household, until
from tests.tools import tool

SERVE = (sys.executable, "-m", "safedns", "serve")
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Gives a program a descriptor as systemd does (sd_listen_fds(3))."""


def launch(house: Running, *command: str, hand_over: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """``command`` with the household's folders behind it; what it says is in ``house.said()``."""
    folders = ["--config", str(house.config), "--state", str(house.state)]
    with (house.config.parent / "stderr").open("ab") as errors:
        process = subprocess.Popen(
            [*command, *folders], stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True, pass_fds=hand_over
        )
    house.processes.append(process)
    return process


@contextmanager
def handed_over(folder: Path, *options: str) -> Iterator[Running]:
    """A household whose socket systemd's tool has bound; the first query will start the program."""
    program = tool("systemd-socket-activate")
    with household(folder) as house:
        at = f"127.0.0.1:{house.port}"
        process = launch(house, program, *options, f"--listen={at}", *SERVE)

        def waits() -> bool:
            assert process.poll() is None, house.said()
            return f"Listening on {at}" in house.said()

        until(waits, "systemd's tool listens")
        yield house


def answers(house: Running) -> None:
    """Both of its sockets do, one of which it has bound itself."""
    until(lambda: "safedns answers on" in house.said(), "the program runs")
    assert house.ask("www.example").answer
    assert house.ask("www.example", protocol="tcp").answer


def test_a_connection_starts_the_program_which_serves_it(tmp_path: Path) -> None:
    with (
        handed_over(tmp_path) as house,
        socket.create_connection(("127.0.0.1", house.port), timeout=30) as early,
    ):
        early.settimeout(30)
        answer = dns.query.tcp(dns.message.make_query("www.example", "A"), "127.0.0.1", sock=early, timeout=30)
        assert answer.answer
        answers(house)


def test_a_datagram_starts_the_program_which_answers_it(tmp_path: Path) -> None:
    with handed_over(tmp_path, "--datagram") as house:
        assert house.ask("www.example", timeout=30).answer
        answers(house)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_query_waits_in_a_socket_that_is_held_over_a_restart(tmp_path: Path, how: str) -> None:
    with household(tmp_path) as house, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", house.port))
        serve = (sys.executable, "-c", HAND_OVER, str(held.fileno()), *SERVE)
        process = launch(house, *serve, hand_over=[held.fileno()])
        answers(house)
        if how == "stopped":
            process.terminate()
        else:
            for pid, _ in house.tree():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait(timeout=30)
        until(lambda: not house.tree(), "every process has ended")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(30)
            query = dns.message.make_query("www.example", "A")
            asking.sendto(query.to_wire(), ("127.0.0.1", house.port))
            launch(house, *serve, hand_over=[held.fileno()])
            assert dns.message.from_wire(asking.recv(4096)).answer
