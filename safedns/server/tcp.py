"""TCP (RFC 7766): pipelined queries, answers in the order they are ready, idle and slow peers let go.

Owns connections and their limits. Must not decode or decide: the pipeline does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter

from safedns.clock import Clock
from safedns.pipeline import Miss, Pipeline
from safedns.server.flush import Flusher
from safedns.wire.stream import Deframer, frame

IDLE = 10.0
"""Seconds without a query after which a connection is closed (RFC 7766 section 6.2.3 leaves the number to us)."""
CONNECTIONS = 256
CONNECTIONS_PER_PEER = 32
OUTSTANDING = 64
"""Unanswered queries on one connection before reading pauses."""
_READ = 16_384


class TcpServer:
    """Serves one bound, listening socket until closed."""

    def __init__(self, sock: socket.socket, pipeline: Pipeline, clock: Clock, flusher: Flusher) -> None:
        self._sock = sock
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._server: asyncio.Server | None = None
        self._peers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
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
        if task is None or self._peers.total() >= CONNECTIONS or self._peers[peer] >= CONNECTIONS_PER_PEER:
            writer.transport.abort()
            return
        self._tasks.add(task)
        self._peers[peer] += 1
        try:
            await _Connection(reader, writer, peer, self._pipeline, self._clock, self._flusher).serve()
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
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._pipeline = pipeline
        self._clock = clock
        self._flusher = flusher
        self._slots = asyncio.Semaphore(OUTSTANDING)

    async def serve(self) -> None:
        """Read and answer until the peer leaves, is idle or does not take its answers."""
        deframer = Deframer()
        with contextlib.suppress(TimeoutError, OSError):
            while data := await asyncio.wait_for(self._reader.read(_READ), IDLE):
                for packet in deframer.feed(data):
                    await asyncio.wait_for(self._slots.acquire(), IDLE)
                    self._answer(packet)
                await asyncio.wait_for(self._writer.drain(), IDLE)
            await self._finish_outstanding()

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
        for _ in range(OUTSTANDING):
            await asyncio.wait_for(self._slots.acquire(), IDLE)
        await asyncio.wait_for(self._writer.drain(), IDLE)
        self._writer.close()
        await asyncio.wait_for(self._writer.wait_closed(), IDLE)
