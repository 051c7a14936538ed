"""One child process each: started with a channel, watched by its pid descriptor, restarted with back-off.

Children live in a session of their own and outlive the supervisor: should it be killed, DNS goes on with the last
policy until the next supervisor replaces them (``replace_orphans``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from safedns.clock import Clock
from safedns.supervisor.channel import Channel, ChannelClosedError, Message

log = logging.getLogger(__name__)

_FIRST_DELAY = 0.05
_LONGEST_DELAY = 5.0
_CALM = 30.0
"""Seconds a child must live for its next restart to be immediate again."""


class Child:
    """A role (``resolver-0``, ``recorder``) and the process that plays it at the moment."""

    def __init__(
        self,
        name: str,
        arguments: tuple[str, ...],
        *,
        clock: Clock,
        started: Callable[[Child], None],
        heard: Callable[[Child, Message], None],
        changed: Callable[[], None],
    ) -> None:
        """``started`` hands a new process what it needs; ``heard`` gets its messages; ``changed``: pids changed."""
        self.name = name
        self.restarts = 0
        self.settled = asyncio.Event()
        """Set when the process has loaded what it was told to, or could not."""
        self.failure = ""
        self.last_beat = clock.monotonic()
        self._arguments = arguments
        self._clock = clock
        self._started = started
        self._heard = heard
        self._changed = changed
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._pidfd = -1
        self._delay = 0.0
        self._born = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._gone = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def ready(self) -> bool:
        """Whether the process has loaded what it was told to."""
        return self.settled.is_set() and not self.failure

    def settle(self, *, failure: str = "") -> None:
        """The process has loaded what it was told to, or says why it could not."""
        self.failure = failure
        self.settled.set()

    def unsettle(self) -> None:
        """The process is about to be told to load something."""
        self.failure = ""
        self.settled.clear()

    def start(self) -> None:
        """Start the process and hand it what it needs; a system that has no room for one is asked again."""
        ours, theirs = Channel.pair()
        command = [sys.executable, "-m", "safedns.app", *self._arguments, "--channel", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), start_new_session=True)
        except OSError as error:
            ours.close()
            log.error("%s cannot be started: %s; trying again", self.name, error.strerror)  # noqa: TRY400 - the line says it all
            self._timer = asyncio.get_running_loop().call_later(_LONGEST_DELAY, self.start)
            return
        finally:
            theirs.close()
        self._timer = None
        self._channel = ours
        self._gone.clear()
        self._born = self.last_beat = self._clock.monotonic()
        self._pidfd = os.pidfd_open(self._process.pid)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._pidfd, self._on_exit)
        loop.add_reader(ours.fileno(), self._on_message)
        self._changed()
        self._started(self)

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Tell the process something; one that has just died is told nothing and gets everything at its restart."""
        if self._channel is not None:
            with contextlib.suppress(ChannelClosedError):
                self._channel.send(message, descriptors)

    def kill(self) -> None:
        """End a process that has stopped answering; it is then restarted like any that died."""
        if self._process is not None:
            self._process.kill()

    async def stop(self, patience: float) -> None:
        """End the process for good: ask, wait ``patience`` seconds, then kill."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(self._gone.wait(), patience)
        except TimeoutError:
            process.kill()
        self._let_go()

    def _on_message(self) -> None:
        channel = self._channel
        try:
            while channel is not None and (received := channel.receive()) is not None:
                self._heard(self, received.message)
        except ChannelClosedError:
            asyncio.get_running_loop().remove_reader(self._channel_fileno())

    def _channel_fileno(self) -> int:
        return self._channel.fileno() if self._channel is not None else -1

    def _on_exit(self) -> None:
        process = self._process
        if process is None or process.poll() is None:
            return
        self._gone.set()
        if self._stopping:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            return
        lived = self._clock.monotonic() - self._born
        self._let_go()
        self._delay = 0.0 if lived >= _CALM else min(_LONGEST_DELAY, max(_FIRST_DELAY, 2 * self._delay))
        log.warning("%s (pid %d) ended with status %d; starting it again", self.name, process.pid, process.returncode)
        self.restarts += 1
        delay = self._delay if self.restarts > 1 else 0.0
        self._timer = asyncio.get_running_loop().call_later(delay, self.start)

    def _let_go(self) -> None:
        loop = asyncio.get_running_loop()
        if self._pidfd >= 0:
            loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._channel is not None:
            loop.remove_reader(self._channel.fileno())
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.wait()
            self._process = None
        self.unsettle()


def remember(file: Path, pids: list[int]) -> None:
    """Write down which children there are, so that a supervisor after this one can find them."""
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps([[pid, _birth(pid)] for pid in pids]))
    temporary.replace(file)


def replace_orphans(file: Path, patience: float, pause: Callable[[float], None]) -> int:
    """End the children of a supervisor that was killed; returns how many there were.

    A pid counts only with its start time, so that nobody else's process is ever touched.
    """
    try:
        known = [(int(pid), str(birth)) for pid, birth in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError):
        return 0
    alive = [pid for pid, birth in known if birth and _birth(pid) == birth]
    births = dict(known)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        waited = 0.0
        while any(_birth(pid) == births[pid] for pid in alive) and waited < patience:
            pause(0.02)
            waited += 0.02
    return len(alive)


def _birth(pid: int) -> str:
    """Start time of a process in clock ticks since boot (proc(5), stat field 22); empty when there is none.

    One that has ended counts as none, also where nobody has taken note of its end yet.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        return ""
