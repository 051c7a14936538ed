"""What an upstream is, and what one exchange with it is. One module a transport; strategy and caching live above.

    plain --- udp ---(truncated)---> tcp

An ``Exchange`` has exactly one carrier at a time, which frees the message id whichever way the exchange ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from safedns.errors import UpstreamError
from safedns.wire.answer import Answer
from safedns.wire.query import Query


class Carrier(Protocol):
    """Who has an exchange in hand."""

    def drop(self, exchange: Exchange) -> None:
        """Forget the exchange and free its message id; it has been answered, failed or cancelled."""
        ...


class Exchange(asyncio.Future[Answer]):
    """One query on its way: ends with an ``Answer``, with ``UpstreamError``, or by ``cancel()``."""

    __slots__ = ("carrier", "message_id", "query")

    def __init__(self, query: Query) -> None:
        super().__init__()
        self.query = query
        self.carrier: Carrier | None = None
        self.message_id = 0
        """Belongs to the carrier."""

    def answer(self, answer: Answer) -> None:
        """End well."""
        self._release()
        if not self.done():
            self.set_result(answer)

    def fail(self, error: UpstreamError) -> None:
        """End badly."""
        self._release()
        if not self.done():
            self.set_exception(error)

    def cancel(self, msg: object = None) -> bool:
        """Nobody waits any more."""
        self._release()
        return super().cancel(msg)

    def hand_over(self, start: Callable[[Exchange], None]) -> None:
        """Leave the present carrier and go on with the next."""
        self._release()
        start(self)

    def _release(self) -> None:
        carrier, self.carrier = self.carrier, None
        if carrier is not None:
            carrier.drop(self)


class Upstream(Protocol):
    """Somebody who answers queries. Safe for any number of exchanges at once; does not limit their time."""

    @property
    def name(self) -> str:
        """As configured; the metric label."""
        ...

    def exchange(self, query: Query) -> asyncio.Future[Answer]:
        """Start asking; the future ends with the answer or ``UpstreamError``; cancelling it frees everything."""
        ...

    async def close(self) -> None:
        """Let go of sockets; exchanges under way end with ``UpstreamError``."""
        ...
