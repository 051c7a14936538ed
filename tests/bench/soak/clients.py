"""Clients over UDP, TCP and TLS: they send a ``Query``, and the ledger is told what became of it.

A connection that breaks loses what was on its way, as a client sees it; the next query makes a new one.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, Protocol, TypeVar, cast

from safedns.tasks import spawn
from safedns.wire.stream import Deframer, frame
from tests.bench.soak.ledger import CLOCK, GIVE_UP, Ledger, Query

_SOCKETS = 4
"""Ports of one client, for the kernel deals queries out to several resolvers by port."""
_CONNECT = 10.0
"""Seconds that a client waits for a handshake."""
Key = TypeVar("Key")
Lost = Callable[[Query], None]


class Client(Protocol):
    """One device over one transport."""

    @property
    def ready(self) -> bool:
        """Whether it can send now; otherwise it has begun to connect."""
        ...

    def send(self, query: Query) -> None: ...

    def sweep(self) -> None:
        """Give up what has waited too long."""
        ...

    def close(self) -> None: ...


class Waiting(Generic[Key]):
    """Queries on their way, by what their answers are known by."""

    def __init__(self, ledger: Ledger, lost: Lost) -> None:
        self._ledger = ledger
        self._lost = lost
        self._queries: dict[Key, Query] = {}

    def sent(self, key: Key, query: Query) -> None:
        self._ledger.sent(query)
        self._queries[key] = query

    def answered(self, key: Key, packet: bytes) -> None:
        """What comes too late, or twice, is nobody's."""
        if (query := self._queries.pop(key, None)) is not None:
            self._ledger.answered(query, packet)

    def lose(self, key: Key) -> None:
        if (query := self._queries.pop(key, None)) is not None:
            self._lost(query)

    def lose_all(self) -> None:
        for key in list(self._queries):
            self.lose(key)

    def sweep(self) -> None:
        late = CLOCK.monotonic() - GIVE_UP
        for key in [key for key, query in self._queries.items() if query.sent < late]:
            self.lose(key)


class UdpClient:
    """Sends from a few ports in turn."""

    ready = True

    def __init__(self, client: str, server: tuple[str, int], ledger: Ledger, lost: Lost) -> None:
        self._server = server
        self._waiting: Waiting[tuple[int, int]] = Waiting(ledger, lost)
        self._loop = asyncio.get_running_loop()
        self._sockets = [_udp(client) for _ in range(_SOCKETS)]
        self._ids = [itertools.cycle(range(1, 65_536)) for _ in range(_SOCKETS)]
        self._turn = itertools.cycle(range(_SOCKETS))
        for number, sock in enumerate(self._sockets):
            self._loop.add_reader(sock, self._receive, number, sock)

    def send(self, query: Query) -> None:
        number = next(self._turn)
        message_id = next(self._ids[number])
        self._waiting.sent((number, message_id), query)
        with suppress(OSError):
            self._sockets[number].sendto(message_id.to_bytes(2) + query.packet, self._server)

    def sweep(self) -> None:
        self._waiting.sweep()

    def close(self) -> None:
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()

    def _receive(self, number: int, sock: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                packet = sock.recv(4096)
                self._waiting.answered((number, int.from_bytes(packet[:2])), packet)


class Connecting:
    """Makes connections when they are needed, one at a time."""

    def __init__(self) -> None:
        self._attempt: asyncio.Task[None] | None = None
        self._closed = False

    def begin(self) -> None:
        """Start an attempt, unless one is under way."""
        if not self._closed and (self._attempt is None or self._attempt.done()):
            self._attempt = spawn(self._try(), "connect")

    async def _try(self) -> None:
        with suppress(OSError, TimeoutError, ssl.SSLError):
            async with asyncio.timeout(_CONNECT):
                await self.connect()

    async def connect(self) -> None:
        """Make a connection, or raise ``OSError``."""
        raise NotImplementedError

    def end(self) -> None:
        """Make no more connections."""
        self._closed = True
        if self._attempt is not None:
            self._attempt.cancel()


class StreamClient(Connecting):
    """DNS over TCP or TLS: one connection, pipelined, answers in any order."""

    def __init__(
        self,
        client: str,
        server: tuple[str, int],
        ledger: Ledger,
        lost: Lost,
        secure: tuple[ssl.SSLContext, str] | None = None,
    ) -> None:
        """``secure``: whom it trusts, and which name it asks for."""
        super().__init__()
        self._client = client
        self._server = server
        self._secure = secure
        self._waiting: Waiting[int] = Waiting(ledger, lost)
        self._ids = itertools.cycle(range(1, 65_536))
        self._stream: _Stream | None = None

    @property
    def ready(self) -> bool:
        if self._stream is None:
            self.begin()
        return self._stream is not None

    def send(self, query: Query) -> None:
        assert self._stream is not None
        message_id = next(self._ids)
        self._waiting.sent(message_id, query)
        self._stream.transport.write(frame(message_id.to_bytes(2) + query.packet))

    def sweep(self) -> None:
        self._waiting.sweep()

    def close(self) -> None:
        self.end()
        if self._stream is not None:
            self._stream.transport.abort()

    def received(self, packet: bytes) -> None:
        self._waiting.answered(int.from_bytes(packet[:2]), packet)

    def broken(self) -> None:
        self._stream = None
        self._waiting.lose_all()

    async def connect(self) -> None:
        context, name = self._secure or (None, None)
        _, self._stream = await asyncio.get_running_loop().create_connection(
            lambda: _Stream(self), *self._server, local_addr=(self._client, 0), ssl=context, server_hostname=name
        )


class _Stream(asyncio.Protocol):
    def __init__(self, owner: StreamClient) -> None:
        self._owner = owner
        self._deframer = Deframer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        for packet in self._deframer.feed(data):
            self._owner.received(packet)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._owner.broken()


class Nuisance:
    """Sends packets that are no queries, and listens for the errors that some of them deserve."""

    def __init__(self, client: str, server: tuple[str, int], packets: Iterator[tuple[bytes, bool]], ledger: Ledger):
        """``packets``: without end, each with whether it deserves a reply."""
        self._server = server
        self._packets = packets
        self._ledger = ledger
        self._waiting = 0
        self._sock = _udp(client)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._receive)

    def annoy(self) -> None:
        packet, deserves_reply = next(self._packets)
        with suppress(OSError):
            self._sock.sendto(packet, self._server)
        if deserves_reply:
            self._waiting += 1
        else:
            self._ledger.silent += 1
            self._ledger.period.silent["udp"] += 1

    @property
    def waits(self) -> int:
        """Errors that are still to come."""
        return self._waiting

    def forget(self) -> None:
        """No more errors come for what was sent so far."""
        self._waiting = 0

    def close(self) -> None:
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._sock.recv(4096)
                self._waiting -= 1
                self._ledger.refused += 1
                self._ledger.period.refused["udp"] += 1


def _udp(client: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((client, 0))
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return sock
