"""The carriers that share a connection, by the face of the server that they ask: what their tests begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream.connection import ConnectionCarrier
from safedns.resolve.upstream.http import Resource
from safedns.resolve.upstream.http3 import Http3Carrier
from safedns.resolve.upstream.https import HttpsCarrier
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.quic import QuicCarrier
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.tls import TlsClient
from safedns.wire.answer import Answer
from safedns.wire.types import Ede
from tests.certificates import Authority
from tests.nameserver import NameServer, Secure
from tests.unit.resolve.values import PATIENCE, Awaited, question

NAME = "dns.test"
Face = Literal["tcp"] | Secure

CALLED: dict[Face, str] = {"tcp": "TCP", "tls": "TLS", "https": "HTTPS", "h3": "HTTP/3", "quic": "QUIC"}
"""What a connection with each face is called in messages."""
EVERY: list[Face] = [*CALLED]
MESSAGES: list[Face] = ["tcp", "tls"]
"""Messages follow one another, told apart by their ids."""
STREAMS: list[Face] = ["https", "h3", "quic"]
"""Each query has a stream of its own."""
OVER_TCP: list[Face] = ["tcp", "tls", "https"]
OVER_QUIC: list[Face] = ["h3", "quic"]
HTTP: list[Face] = ["https", "h3"]
SECURE: list[Face] = ["tls", *STREAMS]
"""The server proves who it is."""
PINNED: list[Face] = ["tls", "https"]
"""It may do so by its key."""


def serving(face: Face, authority: Authority, *names: str, days: int = 1) -> NameServer:
    """A server with this face, and a certificate as ``Authority.issue`` makes it, where it needs one."""
    if face == "tcp":
        return NameServer()
    return NameServer(certificate=authority.issue(*names or (NAME,), days=days), face=face)


class Carried:
    """A carrier with what it reports."""

    def __init__(self, face: Face, port: int, name: str, pins: tuple[bytes, ...]) -> None:
        self.mismatches = [0]
        self.carrier = _carrier(face, port, self.mismatches, name, pins)

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.carrier.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)

    async def refusal(self) -> str:
        """Why there is no answer; whatever it is, clients are told of the network."""
        with pytest.raises(UpstreamError) as caught:
            await self.ask()
        assert caught.value.ede == Ede.NETWORK_ERROR
        return str(caught.value)


@asynccontextmanager
async def carrying(face: Face, port: int, name: str = NAME, *pins: bytes) -> AsyncIterator[Carried]:
    """A carrier that asks ``name``, or whoever has a key that is pinned; closed in the end."""
    carried = Carried(face, port, name, pins)
    try:
        yield carried
    finally:
        await carried.carrier.close()


def _carrier(face: Face, port: int, mismatches: list[int], name: str, pins: tuple[bytes, ...]) -> ConnectionCarrier:
    place, resource = Fixed("127.0.0.1"), Resource(NAME, "/dns-query")
    match face:
        case "tcp":
            return TcpCarrier(place, port, mismatches)
        case "tls":
            return TcpCarrier(place, port, mismatches, TlsClient(name, pins))
        case "https":
            return HttpsCarrier(place, port, mismatches, TlsClient(name, pins, "h2"), resource)
        case "h3":
            return Http3Carrier(place, port, mismatches, name, resource)
        case "quic":
            return QuicCarrier(place, port, mismatches, name)
