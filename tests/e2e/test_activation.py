"""Sockets bound by systemd's own tool are served, and go on waiting while the program is restarted."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import dns.message
import dns.query

from tests.e2e.running import household, until
from tests.tools import tool


def test_queries_come_through_a_socket_that_systemd_bound(tmp_path: Path) -> None:
    program = tool("systemd-socket-activate")
    with household(tmp_path) as house:
        at = f"127.0.0.1:{house.port}"
        command = [program, f"--listen={at}", sys.executable, "-m", "safedns", "serve"]
        command += ["--config", str(house.config), "--state", str(house.state)]
        with (tmp_path / "stderr").open("ab") as errors:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        house.processes.append(process)

        def waits() -> bool:
            assert process.poll() is None, house.said()
            return f"Listening on {at}" in house.said()

        until(waits, "systemd's tool listens")
        with socket.create_connection(("127.0.0.1", house.port), timeout=30) as early:
            early.settimeout(30)  # the first connection starts the program
            answer = dns.query.tcp(dns.message.make_query("www.example", "A"), "127.0.0.1", sock=early, timeout=30)
            assert answer.answer
        until(lambda: "safedns answers on" in house.said(), "the program runs")
        assert house.ask("www.example").answer  # by UDP, which it has bound itself
        assert house.ask("www.example", protocol="tcp").answer
