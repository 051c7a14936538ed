"""A network of the test's own: a namespace for the server and one for each client, by a cable (veth pair) or a switch.

Each namespace lives as long as the process that holds it, so nothing is left behind on the machine. In the server's,
the folders that lead to this interpreter are open to everybody, so that an ordinary user can run it there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tests.e2e.running import until
from tests.tools import missing, tool

_CLONE_NEWNET = 0x40000000
_OPEN_TO_ALL = 0o005
_HOLD = "set -e; {mounts} ip link set lo up; echo ready; exec sleep 600"


class Program:
    """One that runs in a namespace, and what it says."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def said(self) -> str:
        """Everything on its standard output and standard error so far."""
        return os.pread(self._output.fileno(), 1 << 22, 0).decode(errors="replace")


class Namespace:
    """Held open by one process."""

    def __init__(self, *, mounts: Iterable[str] = ()) -> None:
        script = _HOLD.format(mounts="".join(f"{mount}; " for mount in mounts))
        command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script]
        self._holder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._holder.stdout is not None
        said = self._holder.stdout.readline()
        if said != "ready\n":
            said += self._holder.stdout.read()
            self.close()
            missing(f"network namespaces cannot be made here: {said.strip()}")

    @property
    def pid(self) -> int:
        """The process whose network this is."""
        return self._holder.pid

    @property
    def prefix(self) -> tuple[str, ...]:
        """What runs a command in here."""
        return "nsenter", "--target", str(self.pid), "--net", "--mount", "--"

    def ip(self, *arguments: str) -> str:
        """Run ``ip ARGUMENTS`` in here; what it prints."""
        done = subprocess.run([*self.prefix, "ip", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def checks_addresses(self) -> bool:
        """Whether duplicate address detection is still under way for any address."""
        return bool(self.ip("-6", "address", "show", "tentative"))

    def run(self, *command: str, text: str = "") -> None:
        """Run a command in here with ``text`` on its standard input."""
        done = subprocess.run([*self.prefix, *command], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"

    def add(self, *addresses: str, device: str = "eth") -> None:
        """Give the cable's end in here more addresses, usable at once."""
        for address in addresses:
            self.ip("address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))

    def serves_udp(self) -> bool:
        """Whether any UDP socket is bound in here."""
        tables = (Path(f"/proc/{self.pid}/net/{name}").read_text() for name in ("udp", "udp6"))
        return any(len(table.splitlines()) > 1 for table in tables)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets that this thread opens in the ``with`` block are in here, and stay so."""
        with Path("/proc/thread-self/ns/net").open() as home, Path(f"/proc/{self.pid}/ns/net").open() as here:
            _enter(here.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    @contextmanager
    def program(
        self,
        name: str,
        *arguments: str,
        ready: Callable[[], bool] = lambda: True,
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[Program]:
        """A program that runs in here while the ``with`` block does, which begins when it is ``ready``."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*self.prefix, tool(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
            running = Program(output)
            try:
                until(lambda: ready() or process.poll() is not None, f"{name} is ready")
                assert process.poll() is None, f"{name} has ended"
                yield running
                assert process.poll() is None, f"{name} has ended"
            except AssertionError as error:
                error.add_note(f"{name} said: {running.said()}")
                raise
            finally:
                process.terminate()
                process.wait(timeout=20)

    def close(self) -> None:
        """End the holder, and the namespace with the last process in it."""
        self._holder.kill()
        self._holder.wait()
        assert self._holder.stdout is not None
        self._holder.stdout.close()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own are not."""
    made = Path(tempfile.mkdtemp(prefix="safedns-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@contextmanager
def server_and_client(scratch: Path) -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces with a cable whose ends are both called ``eth``; skips where they cannot be made."""
    needs("unshare", "nsenter", "ip")
    server = Namespace(mounts=_interpreter_for_all(scratch))
    client = Namespace()
    try:
        connect(server, "eth", client, "eth")
        yield server, client
    finally:
        client.close()
        server.close()


@contextmanager
def home_network(scratch: Path, *macs: str) -> Iterator[tuple[Namespace, list[Namespace]]]:
    """The server and a namespace for each hardware address, all on one switch; each one's end is called ``eth``."""
    needs("unshare", "nsenter", "ip")
    server = Namespace(mounts=_interpreter_for_all(scratch))
    clients: list[Namespace] = []
    try:
        server.ip("link", "add", "eth", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        server.ip("link", "set", "eth", "up")
        for number, mac in enumerate(macs):
            client = Namespace()
            clients.append(client)
            port = f"port{number}"
            server.ip("link", "add", port, "type", "veth", "peer", "name", "eth", "netns", str(client.pid))
            server.ip("link", "set", port, "master", "eth", "up")
            client.ip("link", "set", "eth", "address", mac)
            client.ip("link", "set", "eth", "up")
        yield server, clients
    finally:
        for client in clients:
            client.close()
        server.close()


def needs(*tools: str) -> None:
    """Skip where namespaces cannot be made or a tool is missing."""
    if os.geteuid() != 0:
        missing("needs root, to make network namespaces")
    for name in tools:
        tool(name)


def connect(one: Namespace, end: str, other: Namespace, other_end: str) -> None:
    """A cable between two namespaces; its ends are called ``end`` in ``one`` and ``other_end`` in ``other``."""
    one.ip("link", "add", end, "type", "veth", "peer", "name", other_end, "netns", str(other.pid))
    one.ip("link", "set", end, "up")
    other.ip("link", "set", other_end, "up")


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _interpreter_for_all(scratch: Path) -> Iterator[str]:
    """Mounts, of the holder only, that open each closed folder above the interpreter and this checkout to everybody.

    An overlay without changes: what is in the folder stays, and its own mode comes from a new, open one.
    """
    needed = {Path(sys.executable), Path(sys.executable).resolve(), Path(sys.prefix), Path(__file__).resolve()}
    above = {folder for path in needed for folder in path.parents}
    for number, folder in enumerate(sorted(above)):
        if folder.stat().st_mode & _OPEN_TO_ALL != _OPEN_TO_ALL:
            upper, work = scratch / f"upper{number}", scratch / f"work{number}"
            upper.mkdir(mode=0o755)
            work.mkdir()
            yield f"mount -t overlay overlay -o lowerdir={folder},upperdir={upper},workdir={work} {folder}"


def capabilities(pid: int) -> int:
    """Effective capabilities of a process, as bits."""
    return int(_status(pid, "CapEff")[0], 16)


def uids(pid: int) -> set[int]:
    """Real, effective, saved and file system user of a process."""
    return {int(word) for word in _status(pid, "Uid")}


def _status(pid: int, field: str) -> list[str]:
    """The words behind ``field`` in ``/proc/PID/status``."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{field}:")).split()[1:]
