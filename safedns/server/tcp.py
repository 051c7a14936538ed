"""DNS over TCP (RFC 7766) and TLS (RFC 7858): pipelined queries, answers in the order they are ready, idle and slow
peers let go.

Owns what is spoken on a connection. Must not accept connections (``door`` does), decode or decide (the pipeline does).
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from safedns.asked import Miss
from safedns.clock import Clock
from safedns.pipeline import Pipeline
from safedns.record.counters import Cell
from safedns.server.door import BehindDoor, Door, Guest
from safedns.server.flush import Flusher
from safedns.server.room import Limits
from safedns.server.terms import Terms
from safedns.tasks import let_go
from safedns.wire.query import is_ignored
from safedns.wire.stream import Deframer, frame
from safedns.wire.transport import dressed

_READ = 16_384
_SLOWED = 0.2
"""Seconds between attempts to answer a device that has asked too much (`rate_limit`)."""
ALPN = "dot"
USUAL = Limits()
ENCRYPTED = Limits(idle=30.0)
"""A handshake costs more than a connection that waits a little longer."""


class TcpServer(BehindDoor):
    """Serves one bound, listening socket until closed."""

    def __init__(
        self,
        sock: socket.socket,
        pipeline: Pipeline,
        clock: Clock,
        flusher: Flusher,
        limits: Limits = USUAL,
        *,
        terms: Terms | None = None,
        encrypted: bool = False,
        refused: Cell | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._limits = limits
        self._terms = terms or Terms()
        self._protocol = "tls" if encrypted else "tcp"
        self._door = Door(sock, self._serve, limits, self._terms, ALPN if encrypted else "", refused)

    async def _serve(self, guest: Guest) -> None:
        sender = self._terms.sender(guest.address, guest.server_name)
        await _Connection(
            guest, sender, self._protocol, self._pipeline, self._clock, self._flusher, self._limits
        ).serve()


class _Connection:
    """One client's connection."""

    def __init__(
        self,
        guest: Guest,
        sender: str,
        protocol: str,
        pipeline: Pipeline,
        clock: Clock,
        flusher: Flusher,
        limits: Limits,
    ) -> None:
        self._reader = guest.reader
        self._writer = guest.writer
        self._sender = sender
        self._protocol = protocol
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.outstanding)
        self._deframer = Deframer()

    async def serve(self) -> None:
        """Read and answer until the peer leaves, is idle or does not take its answers."""
        with let_go(TimeoutError, OSError):
            while packets := await self._queries():
                for packet in packets:
                    await self._room()
                    if not self._answer(packet):
                        await self._answer_late(packet)
            await self._finish_outstanding()

    async def _queries(self) -> list[bytes]:
        """The next whole queries; none once the peer has closed its sending half."""
        async with asyncio.timeout(self._limits.idle):
            while data := await self._reader.read(_READ):
                if packets := self._deframer.feed(data):
                    return packets
        return []

    async def _room(self) -> None:
        """Wait until another query may be outstanding, and the peer has taken most of its answers."""
        async with asyncio.timeout(self._limits.idle):
            await self._slots.acquire()
            await self._writer.drain()

    def _answer(self, packet: bytes) -> bool:
        """``False`` while its device has asked too much; the query keeps its slot."""
        wall, mono = self._clock.wall(), self._clock.monotonic()
        reply = self._pipeline.answer_now(packet, self._sender, self._protocol, wall, mono)
        if isinstance(reply, Miss):
            self._pipeline.answer_later(reply, partial(self._hand_over, packet))
            return True
        if reply is not None:
            self._pipeline.batch_done(1, mono)
        elif not is_ignored(packet):
            return False
        self._hand_over(packet, reply)
        return True

    async def _answer_late(self, packet: bytes) -> None:
        """Slow a client down that asks too much, instead of leaving it to wait for an answer that never comes.

        Nothing more is read from it meanwhile. One that is over its rate for as long as a client may be idle is let go.
        """
        async with asyncio.timeout(self._limits.idle):
            while not self._answer(packet):  # noqa: ASYNC110 - time alone makes it less
                await asyncio.sleep(_SLOWED)

    def _hand_over(self, packet: bytes, reply: bytes | None) -> None:
        self._slots.release()
        if reply is not None and not self._writer.is_closing():
            reply = dressed(packet, reply, keepalive=self._limits.idle, padded=self._protocol == "tls")
            self._writer.write(frame(reply))
        self._flusher.due()

    async def _finish_outstanding(self) -> None:
        """A peer that has closed only its sending half still wants its answers."""
        async with asyncio.timeout(self._limits.idle):
            for _ in range(self._limits.outstanding):
                await self._slots.acquire()
            await self._writer.drain()
            self._writer.close()
            await self._writer.wait_closed()
