"""Lets connections in: accepts, counts, hears a proxy out, and speaks TLS where that is wanted.

    listening socket -> room? -> PROXY header, from trusted proxies -> TLS handshake -> whoever serves

Whatever comes before a connection can be served is bounded in time, size and number. Must not know what is spoken on
it afterwards. Importing it makes the buffer of every TLS connection of the process smaller, also of those to upstreams.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from asyncio import sslproto
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from safedns.errors import WireError
from safedns.record.counters import Cell
from safedns.server.proxy import read_header
from safedns.server.room import Limits, Place, Room
from safedns.server.terms import Terms, asked_name
from safedns.tasks import let_go, spawn

_BATCH = 32
"""Connections accepted in one wake-up before the loop may turn to its other sockets."""
_NO_ROOM = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_PAUSE = 1.0
"""Seconds without accepting after the system had no room for a connection."""
_GOODBYE = 1.0
"""Seconds that a client has to confirm the end of TLS."""
sslproto.SSLProtocol.max_size = 16_384
"""Octets that asyncio sets aside for each TLS connection to read into, and fills with noughts: as many as a record of
TLS carries (RFC 8446 section 5.1), not 256 KB. asyncio knows one size only, so it counts for the whole process: for TLS
and HTTPS to upstreams too, whose messages are as small."""


class Guest(NamedTuple):
    """A connection that may be served."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str
    """The client's: the proxy's word where there is one."""
    server_name: str
    """What the client asked for in its TLS handshake, in lower case."""
    alpn: str
    """What both sides agreed to speak inside TLS; empty for nothing."""


Serve = Callable[[Guest], Awaitable[None]]


class Door:
    """One listening socket, from ``open`` to ``close``."""

    def __init__(
        self,
        sock: socket.socket,
        serve: Serve,
        limits: Limits,
        terms: Terms,
        alpn: str = "",
        refused: Cell | None = None,
    ) -> None:
        """``serve`` returns when the connection is over; ``alpn``: what is spoken inside TLS, empty for no TLS;
        ``refused`` counts connections for which there was no room."""
        self._sock = sock
        self._serve = serve
        self._limits = limits
        self._terms = terms
        self._alpn = alpn
        self._loop = asyncio.get_running_loop()
        self._room = Room(limits, terms, refused)
        self._tasks: set[asyncio.Task[None]] = set()
        """One a connection, until it has cleared up."""
        self._pause: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._room)

    def open(self) -> None:
        """Accept connections from now on."""
        self._pause = None
        self._loop.add_reader(self._sock, self._on_acceptable)

    async def close(self) -> None:
        """Accept nothing more and drop every connection."""
        if self._pause is not None:
            self._pause.cancel()
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._sock.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_acceptable(self) -> None:
        for _ in range(_BATCH):
            try:
                sock, peer = self._sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._loop.remove_reader(self._sock)
                    self._pause = self._loop.call_later(_PAUSE, self.open)
                    return
                continue  # it was gone again before we looked
            self._let_in(sock, peer[0])

    def _let_in(self, sock: socket.socket, address: str) -> None:
        place = self._room.take(address)
        if place is None:
            sock.close()
            return
        sock.setblocking(False)
        task = spawn(self._attend(sock, place), "connection")
        place.evict = task.cancel
        self._tasks.add(task)
        task.add_done_callback(partial(self._left, place))

    def _left(self, place: Place, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.leave(place)

    async def _attend(self, sock: socket.socket, place: Place) -> None:
        with let_go(asyncio.CancelledError, OSError), sock:
            if self._terms.is_proxy(place.address):
                client = await self._told_by(sock)
                if client and not self._room.move(place, client):
                    return
            await self._welcome(sock, place.address)

    async def _told_by(self, sock: socket.socket) -> str:
        """For whom a proxy connects; raises ``OSError`` when it does not say."""
        async with asyncio.timeout(self._limits.greeting):
            try:
                return await read_header(lambda size: self._read(sock, size))
            except WireError as error:
                raise ConnectionError(str(error)) from error

    async def _read(self, sock: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = await self._loop.sock_recv(sock, size - len(data))
            if not part:
                raise ConnectionError("the connection ended before its first query")
            data += part
        return data

    async def _welcome(self, sock: socket.socket, address: str) -> None:
        """Speak TLS if that is wanted, and hand over."""
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol,
            sock,
            ssl=self._terms.context(self._alpn) if self._alpn else None,
            ssl_handshake_timeout=self._limits.greeting if self._alpn else None,
            ssl_shutdown_timeout=_GOODBYE if self._alpn else None,
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        connected = transport.get_extra_info("ssl_object")
        alpn = (connected.selected_alpn_protocol() or "") if connected is not None else ""
        try:
            await self._serve(Guest(reader, writer, address, asked_name(connected), alpn))
            if connected is not None:
                writer.close()  # an end that is not announced would look like an attack
                await writer.wait_closed()
        finally:
            transport.abort()


class BehindDoor:
    """What servers have in common whose connections come through a door; they set ``_door``."""

    _door: Door

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._door.connections

    async def start(self) -> None:
        """Accept connections from now on."""
        self._door.open()

    def pause(self) -> None:
        """Nothing: a connection that is open goes on until ``close``."""

    async def close(self) -> None:
        """Stop accepting and drop every connection."""
        await self._door.close()
