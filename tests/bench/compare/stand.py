"""What is measured: an upstream, and the systems that forward to it, each in a folder of its own."""

from __future__ import annotations

import getpass
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from safedns.clock import Clock
from tests.bench.compare import process
from tests.bench.compare.names import Names, dealt
from tests.bench.compare.process import BenchError
from tests.bench.compare.site import Site
from tests.bench.compare.systems import System
from tests.ports import free_port

START_WITHIN = 300.0
CANDIDATES = 1200
"""Popular names that are tried; those that all systems let through make the load."""

NOERROR, NXDOMAIN = 0, 3


@dataclass(frozen=True, slots=True)
class Started:
    """A system that answers."""

    system: System
    site: Site
    pid: int
    seconds: float
    """From its start to its first filtered answer."""
    answered: list[int] = field(default_factory=list)
    """Answers of each load so far."""


class Stand:
    """The upstream and the systems; leaving it stops all of them and removes their folders."""

    def __init__(self, names: Names, clients: tuple[str, ...], clock: Clock) -> None:
        """``clients`` are the addresses that will ask."""
        self._names = names
        self._clients = clients
        self._clock = clock
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="safedns-bench-")))
        self._upstream_port = free_port()

    def __enter__(self) -> Self:
        try:
            self._start_upstream()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def folder(self, name: str) -> Path:
        """A new folder for what is named so."""
        folder = self._folder / name
        folder.mkdir()
        return folder

    def site(self, name: str, workers: int = 1) -> Site:
        """A new place for what is named so."""
        return Site(
            folder=self.folder(name),
            port=free_port(),
            metrics_port=free_port(),
            upstream_port=self._upstream_port,
            lists=dealt(self._names.blocked),
            clients=self._clients,
            user=getpass.getuser(),
            workers=workers,
        )

    def start(self, system: System) -> Started:
        """Configure and start ``system``, and wait until it filters; raises ``BenchError``."""
        site = self.site(system.name, system.workers)
        system.prepare(site)
        begun = self._clock.monotonic()
        program = self._stack.enter_context(process.running(system.command(site), site.folder))
        expected = NXDOMAIN if system.filters else NOERROR
        self._await_answer(program, site.folder, site.port, self._names.blocked[-1], expected)
        return Started(system, site, program.pid, self._clock.monotonic() - begun)

    def _start_upstream(self) -> None:
        folder = self.folder("upstream")
        command = [sys.executable, "-m", "tests.bench.compare.upstream", str(self._upstream_port)]
        program = self._stack.enter_context(process.running(command, folder))
        self._await_answer(program, folder, self._upstream_port, self._names.allowed[0], NOERROR)

    def _await_answer(
        self, program: subprocess.Popen[bytes], folder: Path, port: int, name: str, expected: int
    ) -> None:
        give_up = self._clock.monotonic() + START_WITHIN
        got: int | None = None
        while self._clock.monotonic() < give_up:
            if program.poll() is not None:
                raise BenchError(f"it ended with {program.returncode} and said: {process.last_words(folder)}")
            got = ask(port, name)
            if got == expected:
                return
            time.sleep(0.002)
        answered = "never" if got is None else f"with RCODE {got}"
        raise BenchError(f"after {START_WITHIN:.0f} s it answered {answered} to {name}; RCODE {expected} was expected")


def through(started: Started, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that the system lets through; raises ``BenchError`` where that is less than half."""
    found = [name for name in names if ask(started.site.port, name) == NOERROR]
    if len(found) < len(names) / 2:
        raise BenchError(f"it answered only {len(found)} of {len(names)} allowed names; {last_words(started)}")
    return found


def last_words(started: Started) -> str:
    """What a system that does not do as expected said last."""
    return f"its last words: {process.last_words(started.site.folder)}"


def ask(port: int, name: str) -> int | None:
    """The RCODE of a query for the addresses of ``name``, or ``None`` without an answer within 50 ms."""
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    packet = b"\0\1\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.05)
        sock.connect(("127.0.0.1", port))
        try:
            sock.send(packet)
            return sock.recv(4096)[3] & 0x0F
        except OSError:  # nobody listens yet, or not in time
            return None
