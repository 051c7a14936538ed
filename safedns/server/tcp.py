"""TCP (RFC 7766): pipelined queries, answers in the order they are ready, idle and slow peers let go.

Owns connections and their limits. Must not decode or decide: the pipeline does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from typing import NamedTuple

from safedns.asked import Miss
from safedns.clock import Clock
from safedns.pipeline import Pipeline
from safedns.server.flush import Flusher
from safedns.wire.stream import Deframer, frame

_READ = 16_384


class Limits(NamedTuple):
    """What one server grants its clients."""

    idle: float = 10.0
    """Seconds without a whole query after which a connection is closed (RFC 7766 section 6.2.3 leaves the number to
    us), and in which a client must take its answers."""
    connections: int = 256
    per_peer: int = 32
    """Connections of one address."""
    outstanding: int = 64
    """Unanswered queries on one connection before reading pauses."""


USUAL = Limits()


class TcpServer:
    """Serves one bound, listening socket until closed."""

    def __init__(
        self, sock: socket.socket, pipeline: Pipeline, clock: Clock, flusher: Flusher, limits: Limits = USUAL
    ) -> None:
        self._sock = sock
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._limits = limits
        self._server: asyncio.Server | None = None
        self._peers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._peers.total()

    async def start(self) -> None:
        """Accept connections from now on."""
        self._server = await asyncio.start_server(self._on_connection, sock=self._sock)

    async def close(self) -> None:
        """Stop accepting and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = (writer.get_extra_info("peername") or ("",))[0]
        task = asyncio.current_task()
        limits = self._limits
        if task is None or self.connections >= limits.connections or self._peers[peer] >= limits.per_peer:
            writer.transport.abort()
            return
        self._tasks.add(task)
        self._peers[peer] += 1
        try:
            await _Connection(reader, writer, peer, self._pipeline, self._clock, self._flusher, limits).serve()
        except asyncio.CancelledError:
            pass  # close() ends connections this way; the stream machinery would log it as an error
        finally:
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]
            self._tasks.discard(task)
            writer.transport.abort()


class _Connection:
    """One client's connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        pipeline: Pipeline,
        clock: Clock,
        flusher: Flusher,
        limits: Limits,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.outstanding)
        self._deframer = Deframer()

    async def serve(self) -> None:
        """Read and answer until the peer leaves, is idle or does not take its answers."""
        with contextlib.suppress(TimeoutError, OSError):
            while packets := await self._queries():
                for packet in packets:
                    await self._room()
                    self._answer(packet)
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

    def _answer(self, packet: bytes) -> None:
        wall, mono = self._clock.wall(), self._clock.monotonic()
        reply = self._pipeline.answer_now(packet, self._peer, "tcp", wall, mono)
        if isinstance(reply, Miss):
            self._pipeline.answer_later(reply, self._hand_over)
            return
        if reply is not None:
            self._pipeline.batch_done(1, mono)
        self._hand_over(reply)

    def _hand_over(self, reply: bytes | None) -> None:
        self._slots.release()
        if reply is not None and not self._writer.is_closing():
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
