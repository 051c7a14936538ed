"""What the servers need around them: a pipeline that does as the packet says, and a sender whose events are seen."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from safedns.asked import Deliver, Miss
from safedns.clock import SystemClock
from safedns.pipeline import Pipeline
from safedns.record.counters import Counters
from safedns.record.link import EventSender
from safedns.server.flush import Flusher

_CLOCK = SystemClock()


class ScriptedPipeline(Pipeline):
    """``slow ...`` waits until the test delivers it, ``junk ...`` gets no reply, anything else is echoed at once.

    ``too much ...`` gets none as long as ``busy`` is set.
    """

    def __init__(self, *, reply_size: int = 0) -> None:
        """``reply_size``: octets of each reply at least."""
        self.seen: list[tuple[bytes, str, str]] = []
        """Packet, sender and protocol of each query."""
        self.waiting: dict[bytes, Deliver] = {}
        self.batches: list[int] = []
        self.busy = True
        self._reply_size = reply_size

    def answer_now(self, packet: bytes, sender: str, protocol: str, wall: float, mono: float) -> bytes | Miss | None:  # noqa: ARG002 - as the real one
        self.seen.append((packet, sender, protocol))
        if packet.startswith(b"slow"):
            return tuple.__new__(Miss, (packet,))  # the servers only pass it on
        if packet.startswith((b"junk", b"ju\x80k")) or not packet or (self.busy and packet.startswith(b"too much")):
            return None
        return self.reply(packet)

    def answer_later(self, miss: Miss, deliver: Deliver) -> None:
        self.waiting[cast("bytes", miss[0])] = deliver

    def batch_done(self, queries: int, start: float) -> None:  # noqa: ARG002 - as the real one
        self.batches.append(queries)

    def reply(self, packet: bytes) -> bytes:
        """What ``packet`` is answered with."""
        return (b"re: " + packet).ljust(self._reply_size)

    def deliver(self, packet: bytes) -> None:
        """The answer to a slow query has come."""
        self.waiting.pop(packet)(self.reply(packet))


class Recording:
    """A flusher over a real pipe; ``received`` counts the messages that came out at its other end."""

    def __init__(self) -> None:
        ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._theirs.setblocking(False)
        self._ours = ours
        self.sender = EventSender(ours, Counters())
        self.flusher = Flusher(self.sender)

    def received(self) -> int:
        """Messages since the last call."""
        count = 0
        while True:
            try:
                self._theirs.recv(65_536)
            except BlockingIOError:
                return count
            count += 1

    def close(self) -> None:
        self.flusher.close()
        self._ours.close()
        self._theirs.close()


async def eventually(look: Callable[[], object], what: str) -> None:
    """Let the loop run until ``look`` finds something."""
    deadline = _CLOCK.monotonic() + 10.0
    while not look():
        assert _CLOCK.monotonic() < deadline, f"never: {what}"
        await asyncio.sleep(0.002)
