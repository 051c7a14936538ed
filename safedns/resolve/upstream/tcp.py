"""DNS over TCP to one upstream, in the clear or in TLS (RFC 7858): pipelined, answers in any order (RFC 7766)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import EDNS, Exchange
from safedns.resolve.upstream.connection import Connection, ConnectionCarrier
from safedns.resolve.upstream.entropy import unpredictable
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.tls import TlsClient
from safedns.wire.answer import decode_answer
from safedns.wire.edns import KEEPALIVE
from safedns.wire.query import Edns, Query, option
from safedns.wire.request import padded_request, request_without_edns, upstream_request
from safedns.wire.stream import Deframer, frame
from safedns.wire.types import Ede, EdnsOption

KEPT_AT_MOST = 60.0
"""Seconds that an idle connection is kept, however long the server would (RFC 7828); home routers forget theirs."""

_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux: what has come is acknowledged at once. Servers that collect small packets (RFC 896) hold an answer back until
we have acknowledged the one before, which the kernel likes to do with our next query only."""


class TcpCarrier(ConnectionCarrier):
    """Carries exchanges over one stream, or a few where the server answers in the order of asking."""

    __slots__ = ("_port", "numbers", "tls")
    may_be_in_order = True

    def __init__(self, place: Place, port: int, mismatches: list[int], tls: TlsClient | None = None) -> None:
        super().__init__("TCP" if tls is None else "TLS", place, mismatches)
        self._port = port
        self.tls = tls
        self.numbers = unpredictable()
        """Message ids."""

    async def dial(self, address: str, connected: Callable[[], None]) -> Connection:
        """See ``ConnectionCarrier``."""
        if self.tls is None:
            loop = asyncio.get_running_loop()
            return (await loop.create_connection(lambda: _Stream(self), address, self._port))[1]
        stream, self.facts = await self.tls.connect(lambda: _Stream(self), address, self._port, connected)
        return stream


class _Stream(Connection, asyncio.Protocol):
    """One stream of framed messages."""

    def __init__(self, owner: TcpCarrier) -> None:
        super().__init__(owner)
        self._owner = owner
        self._deframer = Deframer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._socket: socket.socket = transport.get_extra_info("socket")

    def send(self, exchange: Exchange) -> None:
        """Send the query under an id of its own."""
        number = next(self._owner.numbers)
        while number in self._pending:
            number = next(self._owner.numbers)
        self._take_in(exchange, number)
        if exchange.without == EDNS:
            packet = request_without_edns(exchange.query, number)
        else:
            request = upstream_request if self._owner.tls is None else padded_request
            packet = request(exchange.query, number, b"" if self._terms_known else KEEPALIVE)
        self._transport.write(frame(packet))

    def hang_up(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        for message in self._deframer.feed(data):
            self._take(message)
        self._heard()
        if self._pending and _QUICK_ACK is not None and not self.gone:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._remember_session()
        self._ended()

    def _remember_session(self) -> None:
        if self._owner.tls is not None:
            self._owner.tls.remember(self._transport.get_extra_info("ssl_object"))

    def _take(self, message: bytes) -> None:
        exchange = self._pending.get(int.from_bytes(message[:2]))
        if exchange is None:
            self._owner.mismatches[0] += 1
            return
        try:
            answer = decode_answer(message, exchange.query)
            if not self._terms_known:
                self._learn_terms(message, exchange.query)
        except WireError:
            self._owner.mismatches[0] += 1
            return
        if self._owner.in_order and next(iter(self._pending)) != exchange.number:
            self._owner.in_order = False
        if answer.truncated:
            exchange.fail(UpstreamError("the upstream truncated an answer over TCP", Ede.NETWORK_ERROR))
        else:
            exchange.answer(answer)

    def _learn_terms(self, message: bytes, query: Query) -> Edns | None:
        """And how long the server keeps an idle connection, and where the next handshake may go on from."""
        self._remember_session()
        edns = super()._learn_terms(message, query)
        kept = option(edns.options, EdnsOption.TCP_KEEPALIVE) if edns is not None else None
        if kept is not None and len(kept) == 2:
            self._idle_seconds = min(int.from_bytes(kept) / 10, KEPT_AT_MOST)
        return edns
