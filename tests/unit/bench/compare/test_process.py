"""Reading processes, and leaving none behind."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.compare.process import (
    alive,
    cpu_seconds,
    last_words,
    memory_mib,
    parse_pss,
    parse_stat,
    running,
    stat,
    tree,
)
from tests.ports import free_port

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")

PARENT_OF_TWO = """
import subprocess, sys
sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
children = [subprocess.Popen(sleeper, start_new_session=apart) for apart in (False, True)]
print("ready", flush=True)
children[0].wait()
"""


def test_a_program_name_with_brackets_and_blanks_does_not_shift_the_fields() -> None:
    fields = ["S", "7", *("0" for _ in range(11)), "150", "50", *("0" for _ in range(4)), "12345", "0"]
    found = parse_stat(f"42 (odd ) name) {' '.join(fields)}")
    assert (found.parent, found.dead, found.begun) == (7, False, 12345)
    assert found.reaped_seconds > 0


def test_proportional_memory_is_found_among_its_relatives() -> None:
    assert parse_pss("Rss:  900 kB\nPss:               512 kB\nPss_Dirty: 1 kB\n") == 512


def test_a_free_port_can_be_bound_for_both_transports() -> None:
    port = free_port()
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
        stream.bind(("127.0.0.1", port))
        datagram.bind(("127.0.0.1", port))


@LINUX
def test_cpu_time_grows_with_work() -> None:
    root = subprocess.Popen([sys.executable, "-c", "sum(range(10**6)); input()"], stdin=subprocess.PIPE)
    try:
        first = cpu_seconds(root.pid)
        while cpu_seconds(root.pid) == first:
            assert root.poll() is None
        assert memory_mib(root.pid) > 0
    finally:
        root.communicate(b"\n")


@LINUX
def test_a_stopped_program_leaves_no_child_behind_even_in_a_session_of_its_own(tmp_path: Path) -> None:
    with running([sys.executable, "-c", PARENT_OF_TWO], tmp_path) as program:
        while "ready" not in (tmp_path / "output.txt").read_text():
            assert program.poll() is None
        members = tree(program.pid)
        assert len(members) == 3
        begun = {pid: found.begun for pid in members if (found := stat(pid))}
    assert not any(alive(pid, birth) for pid, birth in begun.items())


@LINUX
def test_the_last_words_of_a_program_are_kept(tmp_path: Path) -> None:
    with running([sys.executable, "-c", "print('first'); raise SystemExit('no such port\\n')"], tmp_path) as program:
        assert program.wait(30) == 1
        assert last_words(tmp_path) == "no such port"
