"""The real stage: ``safedns serve`` with its processes on 127.0.0.1, clients at 127.0.0.x, scripted name servers.

    client 127.0.0.x --UDP, TCP--> safedns serve --> NameServer threads of this process
                                     |- /metrics          counters
                                     |- control socket    whether saved files were taken
                                     '- safedns logs      read once everything has ended

Nothing sleeps for luck: whatever takes a moment is asked for again until a deadline.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import dns.message
import yaml
from prometheus_client.parser import text_string_to_metric_families

from safedns.blocklist.library import lists_folder
from safedns.clock import SystemClock
from safedns.control import ask
from safedns.metrics import METRICS
from safedns.supervisor.children import replace_orphans
from safedns.wire.stream import Deframer, frame
from tests.house import table_response
from tests.nameserver import Asked, NameServer, Reaction
from tests.scenarios.expect import Counted
from tests.scenarios.scenario import MAIN, Scenario, Step

PATIENCE = 20.0
"""Seconds that anything may take before the scenario has failed."""
HOST = "127.0.0.1"
UPSTREAM_UDP = 1232
"""Octets that a scripted name server sends over UDP; the rest has to be fetched over TCP."""

T = TypeVar("T")


class Live:
    """Plays in real time."""

    def __init__(self, scenario: Scenario, compiled: Path) -> None:
        """``compiled``: lists that need not be compiled again."""
        self._compiled = compiled
        self._tables = {MAIN: scenario.upstream, **scenario.other_upstreams}
        self._resources = ExitStack()
        self._servers: dict[str, NameServer] = {}
        self._asked: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Live:
        with self._resources as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="safedns-")))
            self._config, self._state = folder / "config", folder / "state"
            self._said = folder / "said"
            self._config.mkdir()
            shutil.copytree(self._compiled, lists_folder(self._state))
            for name, table in self._tables.items():
                self._servers[name] = stack.enter_context(NameServer())
                self.answer_by(name, table)
            self.places = {f"<{name}>": f"{server.host}:{server.port}" for name, server in self._servers.items()}
            self._dns, self._metrics = _free_ports()
            stack.callback(self._end)
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def start(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            self._write(name, text)
        said = self._resources.enter_context(self._said.open("wb"))
        self._process = subprocess.Popen(
            [*_SAFEDNS, "serve", *_AS_OURSELVES, *self._folders()],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _until(self._answers, "safedns does not start", self._complaints)
        _until(self._measures, "there are no metrics", self._complaints)

    def exchange(self, packets: Sequence[bytes], client: str, protocol: str, replies: int) -> list[bytes]:
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.settimeout(PATIENCE)
            sock.bind((client, 0))
            sock.connect((HOST, self._dns))
            before = self._queries() if replies < len(packets) else 0
            if protocol == "tcp":
                return _over_tcp(sock, packets, replies)
            for packet in packets:
                sock.send(packet)
            received = [sock.recv(65_535) for _ in range(replies)]
            if replies < len(packets):
                # What gets no reply is counted as dropped: once it is, nothing more can come.
                _until(lambda: self._queries() >= before + len(packets), "queries are not counted", self._complaints)
                sock.setblocking(False)
                received += _what_is_there(sock)
            return received

    def counters(self, queries: int) -> Counted:
        def enough() -> Counted | None:
            counted = self._scrape()
            return counted if _sum_of_queries(counted) >= queries else None

        return _until(enough, f"{queries} queries are not counted", self._complaints)

    def asked(self) -> list[str]:
        return list(self._asked)

    def answer_by(self, upstream: str, table: Mapping[str, list[str]]) -> None:
        mark = "" if upstream == MAIN else f" <{upstream}>"

        def behave(asked: Asked) -> Reaction:
            self._asked.append(f"{asked.name.lower()} {asked.qtype}{mark}")
            response = table_response(table, dns.message.from_wire(asked.packet))
            if response is None:
                return None
            limit = UPSTREAM_UDP if asked.transport == "udp" else 65_535
            return response.to_wire(max_size=limit, prefer_truncation=True)

        self._servers[upstream].behave = behave

    def save(self, files: Mapping[str, str]) -> str:
        complaint = ""
        # Only YAML files are watched; one at a time, so that no household is half old and half new.
        for name, text in sorted(files.items(), key=lambda item: item[0].endswith(".yaml")):
            before = self._configuration()
            self._write(name, text)
            if name.endswith(".yaml"):
                after = _until(lambda: self._configuration_unlike(before), "saving is not noticed", self._complaints)  # noqa: B023 - called at once
                complaint = str(after["problems"])
        return complaint

    def move_clock(self, step: Step) -> None:
        raise AssertionError(f"{step.title}: real time cannot be moved; reading the file should have said so")

    def wait(self, seconds: int) -> None:
        raise AssertionError(f"{seconds} seconds: real time cannot be moved; reading the file should have said so")

    def command(self, words: Sequence[str]) -> tuple[int, str]:
        arguments = [*_SAFEDNS, *words, *self._folders()]
        done = subprocess.run(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False
        )
        return done.returncode, done.stdout

    def restart(self) -> None:
        raise AssertionError("numbers would begin anew; reading the file should have said so")

    def log(self) -> list[dict[str, Any]]:
        self._end()
        arguments = [*_SAFEDNS, "logs", "--json", "--limit", "0", *self._folders()]
        shown = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return [json.loads(line) for line in shown.stdout.splitlines()]

    def _write(self, name: str, text: str) -> None:
        if name == "safedns.yaml":
            listen = {"dns": [f"{HOST}:{self._dns}"], "metrics": f"{HOST}:{self._metrics}"}
            text = yaml.safe_dump({**yaml.safe_load(text), "listen": listen}, allow_unicode=True)
        file = self._config / name
        file.parent.mkdir(exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)  # as an editor does it: never half a file

    def _folders(self) -> tuple[str, ...]:
        return "--config", str(self._config), "--state", str(self._state)

    def _answers(self) -> bool:
        """Whether queries are answered: what greets is written then."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"safedns ended with {self._process.returncode}:\n{self._complaints()}")
        return "safedns answers on" in self._complaints()

    def _measures(self) -> bool:
        """Whether the recorder is there, too: answers do not wait for it."""
        with contextlib.suppress(ConnectionRefusedError):
            self._scrape()
            return True
        return False

    def _configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = ask(self._state, "status")["configuration"]
        return found

    def _configuration_unlike(self, before: dict[str, Any]) -> dict[str, Any] | None:
        now = self._configuration()
        return now if now != before else None

    def _queries(self) -> int:
        return _sum_of_queries(self._scrape())

    def _scrape(self) -> Counted:
        connection = http.client.HTTPConnection(HOST, self._metrics, timeout=PATIENCE)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        counters = {metric.name: metric for metric in METRICS if metric.kind == "counter"}
        counted: Counted = Counter()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if (metric := counters.get(sample.name)) is not None:
                    key = (metric.key, *(sample.labels[label] for label in metric.labels))
                    counted[key] = int(sample.value)
        return counted

    def _complaints(self) -> str:
        return self._said.read_text(encoding="utf-8", errors="replace") if self._said.exists() else ""

    def _end(self) -> None:
        """End safedns; it ends its processes."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            replace_orphans(self._state / "run" / "children.json", PATIENCE, time.sleep)
            raise AssertionError(f"safedns does not end:\n{self._complaints()}") from None
        assert status == 0, f"safedns ended with {status}:\n{self._complaints()}"


_SAFEDNS = (sys.executable, "-m", "safedns")
_AS_OURSELVES = ("--user", "root") if os.geteuid() == 0 else ()
"""A machine may have a user ``safedns`` that root would become: it could not read our folder."""


def _over_tcp(sock: socket.socket, packets: Sequence[bytes], replies: int) -> list[bytes]:
    deframer = Deframer()
    received: list[bytes] = []
    sock.sendall(b"".join(frame(packet) for packet in packets))
    while len(received) < replies and (data := sock.recv(65_535)):
        received += deframer.feed(data)
    return received


def _what_is_there(sock: socket.socket) -> list[bytes]:
    received = []
    try:
        while True:
            received.append(sock.recv(65_535))
    except BlockingIOError:
        return received


def _sum_of_queries(counted: Counted) -> int:
    return sum(count for key, count in counted.items() if key[0] == "queries")


def _until(look: Callable[[], T | None], failure: str, complaints: Callable[[], str]) -> T:
    """The first thing that ``look`` finds; asks again until the deadline."""
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if clock.monotonic() > deadline:
            raise AssertionError(f"{failure}; safedns says:\n{complaints()}")
        time.sleep(0.01)


def _free_ports() -> tuple[int, int]:
    """A port that is free for DNS and one for metrics, outside of what the kernel hands out by itself."""
    found: list[int] = []
    while len(found) < 2:
        port = random.randint(10_000, 30_000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind((HOST, port))
                tcp.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
    return found[0], found[1]
