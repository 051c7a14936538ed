"""UDP: one socket in, bytes out. Drains what has arrived, answers at once what can be, and waits for nothing.

No task is made for a query. Must not decode or decide: the pipeline does.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from safedns.clock import Clock
from safedns.pipeline import Pipeline
from safedns.server.flush import Flusher

BATCH = 64
"""Datagrams answered in one wake-up before the loop may turn to its other sockets."""
_BUSY = 0.0001
"""Seconds between wake-ups below which datagrams are taken to come in bursts."""
_RECEIVE = 4096
"""Bytes; a query is far smaller, and what is cut off does not parse."""


class UdpServer:
    """Serves one bound, non-blocking datagram socket until closed."""

    def __init__(self, sock: socket.socket, pipeline: Pipeline, clock: Clock, flusher: Flusher) -> None:
        self._sock = sock
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._last_wake = 0.0
        self._loop = asyncio.get_running_loop()

    @property
    def connections(self) -> int:
        """UDP knows none."""
        return 0

    async def start(self) -> None:
        """Read from now on."""
        self._loop.add_reader(self._sock, self._on_readable)

    def pause(self) -> None:
        """Stop reading; queries already waiting for an upstream are still answered."""
        self._loop.remove_reader(self._sock)

    async def close(self) -> None:
        """Stop reading, and let the socket go."""
        self.pause()
        self._sock.close()

    def _on_readable(self) -> None:
        receive, answer_now = self._sock.recvfrom, self._pipeline.answer_now
        wall, mono = self._clock.wall(), self._clock.monotonic()
        answered = 0
        # One at a time while they come singly: looking for a second that is not there costs as much as an answer.
        batch = BATCH if mono - self._last_wake < _BUSY else 1
        self._last_wake = mono
        for _ in range(batch):
            try:
                packet, peer = receive(_RECEIVE)
            except BlockingIOError:
                break
            except OSError:
                continue  # word of an earlier reply that could not be delivered (ICMP)
            reply = answer_now(packet, peer[0], "udp", wall, mono)
            if reply.__class__ is bytes:
                answered += 1
                self._send(reply, peer)
            elif reply is not None:
                self._pipeline.answer_later(reply, partial(self._send_late, peer))  # type: ignore[arg-type]  # a ``Miss``
        if answered:
            self._pipeline.batch_done(answered, mono)
        self._flusher.due()

    def _send_late(self, peer: tuple[str, int], reply: bytes | None) -> None:
        if reply is not None:
            self._send(reply, peer)
        self._flusher.due()

    def _send(self, reply: bytes, peer: tuple[str, int]) -> None:
        try:  # noqa: SIM105 - contextlib.suppress costs half of what the memo does
            self._sock.sendto(reply, peer)
        except OSError:
            pass  # a full buffer or a peer that cannot be reached: it will ask again
