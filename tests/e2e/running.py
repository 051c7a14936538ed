"""The program as its users run it: ``safedns serve`` and its children, on loopback, in a folder of the test's own.

    with running(tmp_path) as house:
        house.ask("www.example", client=BINH) ... house.kill("resolver") ... house.save(family=...) ...

Whatever a test does to the processes, the end of the ``with`` block ends them all, each by its pid, and fails the test
if any wrote a traceback.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import dns.message
import dns.query
import yaml
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from safedns.cli.main import main
from safedns.clock import SystemClock
from tests.nameserver import NameServer
from tests.ports import free_port

ADULT, AN, BINH = "127.0.0.1", "127.0.0.2", "127.0.0.3"
BLOCKED = "blocked.example"
FAMILY: dict[str, Any] = {
    "children": {
        "an": {"name": "An", "preset": "open", "devices": [AN], "log": "full"},
        "binh": {"name": "Bình", "preset": "open", "devices": [BINH], "block": [BLOCKED], "log": "full"},
    },
    "groups": {"adults": {"preset": "open", "devices": [ADULT], "log": "full"}},
    "unknown": "adults",
}
SERVE = ("-m", "safedns", "serve")
IMPATIENT = ("-m", "tests.e2e.impatient")
"""The same with a supervisor that waits for hung children seconds instead of minutes."""
CLOCK = SystemClock()

Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str, within: float = 15.0) -> Found:
    """Look again and again until there is something; fails with ``what`` after ``within`` seconds."""
    deadline = CLOCK.monotonic() + within
    while not (found := look()):
        if CLOCK.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} seconds: {what}")
        time.sleep(0.02)
    return found


def listens(port: int) -> bool:
    """Whether a program takes TCP connections at ``port`` of loopback."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Running:
    """One household and the processes that serve it."""

    def __init__(self, folder: Path, upstream: NameServer, *, prefix: Sequence[str] = ()) -> None:
        """``prefix``: a command that runs the program elsewhere, such as in a network namespace."""
        self.config = folder / "config"
        self.state = folder / "state"
        self.port = free_port()
        self.metrics_port = free_port()
        self.upstream = upstream
        self.processes: list[subprocess.Popen[bytes]] = []
        self._errors = folder / "stderr"
        self._settings: dict[str, Any] = {
            "timezone": "Asia/Ho_Chi_Minh",
            "language": "en",
            "listen": {"dns": [f"127.0.0.1:{self.port}"], "metrics": f"127.0.0.1:{self.metrics_port}"},
            "upstreams": {"servers": [f"{upstream.host}:{upstream.port}"]},
            "lists": {"use": "none"},
        }
        self._prefix = prefix
        self.config.mkdir(exist_ok=True)
        self._errors.touch()

    def save(self, settings: Mapping[str, Any] | None = None, family: Mapping[str, Any] | None = None) -> None:
        """Save files as an editor does: ``settings`` are changes of what was, ``family`` is all of it."""
        if settings is not None:
            self._settings |= settings
            self.save_text("safedns.yaml", yaml.safe_dump(self._settings, allow_unicode=True))
        if family is not None:
            self.save_text("family.yaml", yaml.safe_dump(dict(family), allow_unicode=True))

    def save_text(self, name: str, text: str) -> None:
        """Save any text under ``name`` in the configuration folder."""
        new = self.config / f".{name}.new"
        new.write_text(text, encoding="utf-8")
        new.replace(self.config / name)

    def start(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = SERVE,
        wait: bool = True,
    ) -> subprocess.Popen[bytes]:
        """Start ``safedns serve`` and wait until it says that it answers."""
        before = self.said().count("safedns answers on")
        command = [*self._prefix, sys.executable, *program, *self._folders(), *arguments]
        with self._errors.open("ab") as errors:
            process = subprocess.Popen(
                command,
                env={**os.environ, **(environment or {})},
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        self.processes.append(process)

        def answers() -> bool:
            assert process.poll() is None, self.said()
            return self.said().count("safedns answers on") > before

        if wait:
            until(answers, "safedns says that it answers")
        return process

    def command(self, *arguments: str, timeout: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Run ``safedns ARGUMENTS`` on this household to its end."""
        folders = {"SAFEDNS_CONFIG": str(self.config), "SAFEDNS_STATE": str(self.state)}
        command = [*self._prefix, sys.executable, "-m", "safedns", *arguments]
        return subprocess.run(
            command, env={**os.environ, **folders}, capture_output=True, text=True, timeout=timeout, check=False
        )

    def status(self) -> dict[str, Any]:
        """What ``safedns status --json`` says, run in this process to be quick."""
        answer: dict[str, Any] = json.loads(self._here("status", "--json", "--state", str(self.state)).stdout)
        return answer

    def is_well(self) -> bool:
        """Whether ``safedns status`` finds nothing wrong."""
        return self._here("status", "--state", str(self.state)).exit_code == 0

    def logs(self) -> list[dict[str, Any]]:
        """Every row of the query log as ``safedns logs --json`` shows it, run in this process to be quick."""
        done = self._here("logs", "--json", "--limit", "0", *self._folders())
        assert done.exit_code == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def metrics(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Name and label values (in the order of their names) -> value, of ``GET /metrics``.

        The recorder may need a moment longer than the resolvers before it serves them.
        """
        text = until(self._scrape, "metrics are served")
        return {
            (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def ask(
        self,
        name: str,
        qtype: str = "A",
        *,
        client: str = ADULT,
        protocol: str = "udp",
        server: str = "127.0.0.1",
        timeout: float = 5.0,
    ) -> dns.message.Message:
        """The reply to one query from the address ``client``, checked to belong to it; asked once."""
        query = dns.message.make_query(name, qtype, use_edns=0)
        send = dns.query.tcp if protocol == "tcp" else dns.query.udp
        return send(query, server, port=self.port, source=client, timeout=timeout)

    def blocked(self, name: str, *, client: str = BINH, server: str = "127.0.0.1") -> bool:
        """Whether ``client`` may not have ``name``: a block reply carries no answer."""
        return not self.ask(name, client=client, server=server).answer

    def pids(self, role: str) -> list[int]:
        """Processes that serve this household as ``supervisor``, ``resolver`` or ``recorder``, the oldest first."""
        return [pid for pid, known in self.tree() if known == role]

    def kill(self, role: str, sign: signal.Signals = signal.SIGKILL) -> int:
        """Send ``sign`` to the oldest process of a role; its pid."""
        pid = self.pids(role)[0]
        os.kill(pid, sign)
        return pid

    def said(self) -> str:
        """Everything that the processes wrote to standard error."""
        return self._errors.read_text(encoding="utf-8")

    def end(self) -> None:
        """End every process of this household, however it is, and whoever started it."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.terminate()
        deadline = CLOCK.monotonic() + 5.0
        while self.tree() and CLOCK.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)
        for pid, _ in self.tree():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        until(lambda: not self.tree(), "every process has ended")

    def _scrape(self) -> str:
        """What the endpoint says; empty while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as reply:
                text: str = reply.read().decode()
                return text
        except urllib.error.URLError:
            return ""

    def _here(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    def _reap(self) -> None:
        for process in self.processes:
            process.poll()

    def _folders(self) -> tuple[str, ...]:
        return "--config", str(self.config), "--state", str(self.state)

    def tree(self) -> list[tuple[int, str]]:
        """Pids and roles of the processes that were started with this state folder."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue  # it ended while we looked
            if str(self.state) in words and sys.executable in words:
                role = words[words.index("safedns.app") + 1] if "safedns.app" in words else "supervisor"
                found.append((int(folder.name), role))
        return sorted(found)


@contextmanager
def household(folder: Path, *, prefix: Sequence[str] = ()) -> Iterator[Running]:
    """A saved household with an upstream that answers; nothing is started yet."""
    with NameServer() as upstream:
        house = Running(folder, upstream, prefix=prefix)
        house.save({}, FAMILY)
        try:
            yield house
        finally:
            house.end()
        assert "Traceback" not in house.said(), house.said()


@contextmanager
def running(
    folder: Path, *, settings: Mapping[str, Any] | None = None, family: Mapping[str, Any] | None = None
) -> Iterator[Running]:
    """A household that answers; ``settings`` are changes of the usual ones, ``family`` is all of it."""
    with household(folder) as house:
        house.save(settings or {}, family)
        house.start()
        yield house
