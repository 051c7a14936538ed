"""DNS over TCP to one upstream: one connection, opened when needed, pipelined, answers in any order (RFC 7766).

    start --> connecting (exchanges queue) --> connected (pending[id]) --> idle --> closed
                        ^                            |
                        '---- once, if the peer closed it under us

Must not time anything out but an idle connection: whoever started an exchange cancels it.
"""

from __future__ import annotations

import asyncio
from typing import cast

from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.entropy import unpredictable
from safedns.tasks import spawn
from safedns.wire.answer import decode_answer
from safedns.wire.request import upstream_request
from safedns.wire.stream import Deframer, frame
from safedns.wire.types import Ede

IDLE_SECONDS = 10.0
"""How long a connection without exchanges stays open; servers close theirs after about as long."""


class TcpCarrier:
    """Carries exchanges over one stream to one address."""

    __slots__ = ("_address", "_connecting", "_connection", "_waiting", "mismatches", "numbers")

    def __init__(self, host: str, port: int, mismatches: list[int]) -> None:
        self._address = (host, port)
        self.numbers = unpredictable()
        """Message ids."""
        self.mismatches = mismatches
        """Counts answers that match nothing."""
        self._waiting: dict[Exchange, bool] = {}
        """Until there is a connection: exchange -> whether it has already lost one."""
        self._connecting: asyncio.Task[None] | None = None
        self._connection: _Connection | None = None

    def start(self, exchange: Exchange) -> None:
        """Send the query as soon as there is a connection."""
        if self._connection is not None:
            self._connection.send(exchange, retried=False)
        else:
            self._queue(exchange, retried=False)

    def drop(self, exchange: Exchange) -> None:
        """Forget an exchange that is still waiting for the connection."""
        del self._waiting[exchange]

    async def close(self) -> None:
        """Close the connection; everything under way fails."""
        error = UpstreamError("the upstream is being closed", Ede.NETWORK_ERROR)
        self._fail_waiting(error)
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._connection is not None:
            await self._connection.close(error)

    def connected(self, connection: _Connection) -> None:
        """There is a connection: everything that waited for it goes out."""
        self._connecting = None
        self._connection = connection
        waiting, self._waiting = self._waiting, {}
        for exchange, retried in waiting.items():
            connection.send(exchange, retried=retried)

    def lost(self, connection: _Connection, unanswered: list[tuple[Exchange, bool]]) -> None:
        """The connection ended; each exchange gets one more, unless it had that already."""
        if self._connection is connection:
            self._connection = None
        for exchange, retried in unanswered:
            if retried:
                exchange.fail(UpstreamError("the upstream closed the connection twice", Ede.NETWORK_ERROR))
            else:
                self._queue(exchange, retried=True)

    def _queue(self, exchange: Exchange, *, retried: bool) -> None:
        self._waiting[exchange] = retried
        exchange.carrier = self
        if self._connecting is None:
            self._connecting = spawn(self._connect(), f"connect to {self._address[0]} over TCP")

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: _Connection(self), *self._address)
        except OSError as error:
            self._connecting = None
            reason = error.strerror or str(error)
            self._fail_waiting(UpstreamError(f"no TCP connection to the upstream: {reason}", Ede.NETWORK_ERROR))

    def _fail_waiting(self, error: UpstreamError) -> None:
        for exchange in list(self._waiting):
            exchange.fail(error)


class _Connection(asyncio.Protocol):
    """One stream and the exchanges that wait for an answer on it."""

    def __init__(self, owner: TcpCarrier) -> None:
        self._owner = owner
        self._deframer = Deframer()
        self._pending: dict[int, tuple[Exchange, bool]] = {}
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.TimerHandle | None = None
        self._gone = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._await_work()
        self._owner.connected(self)

    def send(self, exchange: Exchange, *, retried: bool) -> None:
        """Send the query under an id of its own."""
        message_id = next(self._owner.numbers)
        while message_id in self._pending:
            message_id = next(self._owner.numbers)
        exchange.message_id = message_id
        exchange.carrier = self
        self._pending[message_id] = (exchange, retried)
        self._stop_idling()
        self._transport.write(frame(upstream_request(exchange.query, message_id)))

    def drop(self, exchange: Exchange) -> None:
        """Free the id, unless the whole connection has gone."""
        self._pending.pop(exchange.message_id, None)
        if not self._pending and not self._transport.is_closing():
            self._await_work()

    async def close(self, error: UpstreamError) -> None:
        """Close; everything under way fails with ``error``."""
        for exchange, _ in list(self._pending.values()):
            exchange.fail(error)
        self._transport.abort()
        await self._gone

    def data_received(self, data: bytes) -> None:
        for message in self._deframer.feed(data):
            self._take(message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._stop_idling()
        unanswered, self._pending = self._pending, {}
        self._owner.lost(self, list(unanswered.values()))
        self._gone.set_result(None)

    def _await_work(self) -> None:
        self._idle = self._loop.call_later(IDLE_SECONDS, self._transport.close)

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _take(self, message: bytes) -> None:
        exchange, _ = self._pending.get(int.from_bytes(message[:2]), (None, False))
        if exchange is None:
            self._owner.mismatches[0] += 1
            return
        try:
            answer = decode_answer(message, exchange.query)
        except WireError:
            self._owner.mismatches[0] += 1
            return
        if answer.truncated:
            exchange.fail(UpstreamError("the upstream truncated an answer over TCP", Ede.NETWORK_ERROR))
        else:
            exchange.answer(answer)
