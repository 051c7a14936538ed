"""The real servers in front of a household, each on a port of its own while its block runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from safedns.clock import SystemClock
from safedns.pipeline import Pipeline
from safedns.server.doh import DohServer
from safedns.server.doq import DoqServer
from safedns.server.flush import Flusher
from safedns.server.room import Limits
from safedns.server.tcp import TcpServer
from safedns.server.udp import UdpServer
from tests.house import House
from tests.unit.server.encrypted import Trust

USUAL = Limits()


class _Server(Protocol):
    async def start(self) -> None: ...
    async def close(self) -> None: ...


class Doors:
    """Where a household can be asked."""

    def __init__(self, house: House, flusher: Flusher, trust: Trust) -> None:
        self.trust = trust
        self._house = house
        self._flusher = flusher
        self._clock = SystemClock()

    @asynccontextmanager
    async def udp(self) -> AsyncIterator[int]:
        """The port of plain DNS over UDP."""
        with _bound(socket.SOCK_DGRAM) as sock:
            async with _open(UdpServer(sock, self._pipeline, self._clock, self._flusher)):
                yield sock.getsockname()[1]

    @asynccontextmanager
    async def tcp(self, limits: Limits = USUAL) -> AsyncIterator[int]:
        """The port of plain DNS over TCP."""
        with _bound(socket.SOCK_STREAM) as sock:
            async with _open(TcpServer(sock, self._pipeline, self._clock, self._flusher, limits)):
                yield sock.getsockname()[1]

    @asynccontextmanager
    async def tls(self) -> AsyncIterator[int]:
        """The port of DNS over TLS."""
        with _bound(socket.SOCK_STREAM) as sock:
            terms = self.trust.terms()
            server = TcpServer(sock, self._pipeline, self._clock, self._flusher, terms=terms, encrypted=True)
            async with _open(server):
                yield sock.getsockname()[1]

    @asynccontextmanager
    async def https(self) -> AsyncIterator[int]:
        """The port of DNS over HTTPS."""
        with _bound(socket.SOCK_STREAM) as sock:
            async with _open(DohServer(sock, self._pipeline, self._clock, self._flusher, self.trust.terms(), USUAL)):
                yield sock.getsockname()[1]

    @asynccontextmanager
    async def quic(self) -> AsyncIterator[int]:
        """The port of DNS over QUIC."""
        with _bound(socket.SOCK_DGRAM) as sock:
            async with _open(DoqServer(sock, self._pipeline, self._clock, self._flusher, self.trust.terms(), USUAL)):
                yield sock.getsockname()[1]

    @property
    def _pipeline(self) -> Pipeline:
        assert self._house.pipeline is not None
        return self._house.pipeline


def _bound(kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind(("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        sock.listen()
    sock.setblocking(False)
    return sock


@asynccontextmanager
async def _open(server: _Server) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.close()
        await asyncio.sleep(0)
