"""Queries at a steady rate, each asked exactly once: what is lost or answered twice shows."""

from __future__ import annotations

import itertools
import selectors
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

import dns.message

from tests.e2e.running import CLOCK, until

SOCKETS = 8
"""Ports that queries come from, for the kernel deals them out to several resolvers by port."""
MOST = 65_536
"""Message ids are the numbers of the queries, so there are no more."""


@dataclass(slots=True)
class Asked:
    """One query and what came back."""

    name: str
    sent: float
    """Monotonic seconds."""
    replies: list[bytes] = field(default_factory=list)

    @property
    def reply(self) -> dns.message.Message:
        """The one reply."""
        (only,) = self.replies
        return dns.message.from_wire(only)


class Load:
    """Asks for ``names`` in turn from one address while its ``with`` block runs, then waits for the last answers."""

    def __init__(
        self, server: tuple[str, int], names: Sequence[str], *, client: str = "127.0.0.1", rate: int = 500
    ) -> None:
        self.asked: list[Asked] = []
        self.answered = 0
        self._server = server
        self._names = itertools.cycle([(name, dns.message.make_query(name, "A").to_wire()[2:]) for name in names])
        self._rate = rate
        self._sockets = [_bound(client) for _ in range(SOCKETS)]
        self._sending = True
        self._running = True
        self._thread = threading.Thread(target=self._run, name="load")

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deadline = CLOCK.monotonic() + (5.0 if error is None and self._sending else 0.0)
        self._sending = False
        while self.answered < len(self.asked) and CLOCK.monotonic() < deadline:
            self._thread.join(0.02)
        self._running = False
        self._thread.join()
        for sock in self._sockets:
            sock.close()

    @property
    def lost(self) -> list[Asked]:
        """What got no answer."""
        return [asked for asked in self.asked if not asked.replies]

    def go_on_for(self, answers: int) -> None:
        """Wait until so many more queries were answered."""
        enough = self.answered + answers
        until(lambda: self.answered >= enough, f"{answers} more answers")

    def stop(self) -> None:
        """Ask no more, and do not wait for what is not answered yet."""
        self._sending = False

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for sock in self._sockets:
                selector.register(sock, selectors.EVENT_READ)
            due = CLOCK.monotonic()
            while self._running:
                now = CLOCK.monotonic()
                if self._sending and now >= due and len(self.asked) < MOST:
                    self._send(now)
                    due += 1 / self._rate
                wait = max(0.0, due - now) if self._sending else 0.01
                for key, _ in selector.select(wait):
                    self._receive(key.fileobj)  # type: ignore[arg-type]  # only our sockets are registered

    def _send(self, now: float) -> None:
        number = len(self.asked)
        name, tail = next(self._names)
        self.asked.append(Asked(name, now))
        self._sockets[number % SOCKETS].sendto(number.to_bytes(2) + tail, self._server)

    def _receive(self, sock: socket.socket) -> None:
        packet = sock.recv(4096)
        self.asked[int.from_bytes(packet[:2])].replies.append(packet)
        self.answered += 1


def _bound(client: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((client, 0))
    return sock
