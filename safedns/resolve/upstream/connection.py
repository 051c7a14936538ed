"""One connection to an upstream, shared by every exchange: opened when needed, and again when it is lost.

    start --> connecting (exchanges queue) --> connected (pending[number]) --> idle --> closed
                        ^                            |
                        '---- once, if it is lost under us; at once, if it has gone silent; beside it,
                              while it is quiet: soon where one slow answer holds up the others (TCP, TLS)

What is spoken on it belongs to the subclasses: ``tcp`` (with or without TLS), ``https``, ``quic``, ``http3``. Must not
time anything out but connecting, idleness and a connection gone silent: whoever started an exchange cancels it.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.race import Race
from safedns.tasks import spawn
from safedns.wire.edns import response_edns
from safedns.wire.query import Edns, Query, option
from safedns.wire.types import Ede, EdnsOption

log = logging.getLogger(__name__)

IDLE_SECONDS = 10.0
"""How long a connection without exchanges stays open; servers close theirs after about as long."""
CONNECT_SECONDS = 3.0
"""How long one address may take to connect, handshake included."""
SILENT_SECONDS = 2.0
"""After so long without any answer to what was asked a connection is given up: a network that has changed drops packets
without a word, and TCP would try for a quarter of an hour."""
QUIET_SECONDS = 1.0
"""After so long a new query opens a connection of its own: the last try of who asks again and again gets through."""
HELD_UP_SECONDS = 0.15
"""The same where the server may be busy with one question before it looks at the next."""
MOST_CONNECTIONS = 4
"""With one server."""


class ConnectionCarrier(ABC):
    """Carries exchanges over one connection, and over a few while answers keep each other waiting."""

    __slots__ = (
        "_connecting",
        "_connections",
        "_leaving",
        "_place",
        "_told",
        "_waiting",
        "_what",
        "facts",
        "in_order",
        "instead",
        "label",
        "mismatches",
        "needed",
    )

    may_be_in_order: ClassVar[bool] = False
    """Whether the transport leaves it to the server in which order it answers."""

    def __init__(self, what: str, place: Place, mismatches: list[int]) -> None:
        """``what`` the connection is called in messages, e.g. ``TLS``."""
        self._what = what
        self._place = place
        self.mismatches = mismatches
        """Counts answers that match nothing."""
        self.facts = Facts()
        self.label = ""
        """What the upstream is called in the log."""
        self.needed = True
        """Whether it is worth telling when there is no connection."""
        self._told = ""
        """Why there was no connection, as it was logged last."""
        self._waiting: dict[Exchange, None] = {}
        """In order, until there is a connection."""
        self._connecting: asyncio.Task[UpstreamError | None] | None = None
        self._connections: list[Connection] = []
        """Open ones; the first is used as long as nothing holds it up."""
        self._leaving: set[Connection] = set()
        """Those on which nothing more is started, until they have ended."""
        self.in_order = self.may_be_in_order
        """Whether other connections may help: until an answer has overtaken another, or no other is to be had."""
        self.instead: Callable[[Exchange, UpstreamError], None] | None = None
        """Takes over what comes to nothing here; otherwise it fails."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return bool(self._connections)

    @property
    def silence(self) -> float:
        """Seconds for which nothing has come although something was asked."""
        return self._connections[0].silence if self._connections else 0.0

    @property
    def waiting(self) -> tuple[Exchange, ...]:
        """What cannot be sent before there is a connection."""
        return tuple(self._waiting)

    @abstractmethod
    async def dial(self, address: str, connected: Callable[[], None]) -> Connection:
        """Connect, handshake included; raises ``OSError`` or ``UpstreamError``.

        Where the handshake is a step of its own, ``connected`` is called before it begins.
        """

    def start(self, exchange: Exchange) -> None:
        """Send the query as soon as there is a connection."""
        connection = self._free()
        if connection is None:
            self._queue(exchange)
        else:
            connection.send(exchange)

    def drop(self, exchange: Exchange) -> None:
        """Forget an exchange that is still waiting for the connection."""
        del self._waiting[exchange]

    async def open(self) -> UpstreamError | None:
        """Have a connection before there is anything to send; why there is none."""
        if self._connections:
            return None
        connecting = self._connect_soon()
        await asyncio.wait([connecting])
        return connecting.result()

    def abort(self) -> None:
        """Give the connections up at once."""
        for connection in list(self._connections):
            self._give_up(connection)

    async def close(self) -> None:
        """Close the connections; everything under way fails."""
        error = UpstreamError("the upstream is being closed", Ede.NETWORK_ERROR)
        self._fail_waiting(error)
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        for connection in [*self._connections, *self._leaving]:
            await connection.close(error)

    def leave(self, connection: Connection) -> None:
        """Start nothing more on this connection."""
        if connection in self._connections:
            self._connections.remove(connection)
        if connection.gone:
            self._leaving.discard(connection)
        else:
            self._leaving.add(connection)

    def lost(self, connection: Connection, unanswered: list[Exchange]) -> None:
        """The connection ended; each exchange gets one more, unless it had that already."""
        self.leave(connection)
        for exchange in unanswered:
            if exchange.retried:
                self.failed(exchange, UpstreamError("the upstream closed the connection twice", Ede.NETWORK_ERROR))
            elif self.instead is not None:
                self.failed(exchange, UpstreamError("the upstream closed the connection", Ede.NETWORK_ERROR))
            else:
                exchange.retried = True
                self._queue(exchange)

    def failed(self, exchange: Exchange, error: UpstreamError) -> None:
        """Nothing comes of it on this connection."""
        if self.instead is None:
            exchange.fail(error)
        else:
            self.instead(exchange, error)

    def _free(self) -> Connection | None:
        """The connection for the next query; ``None`` where another is needed."""
        if len(self._connections) == 1 and not self._connections[0].silence:
            return self._connections[0]  # nearly always
        for connection in list(self._connections):
            if connection.silence > SILENT_SECONDS:
                self._give_up(connection)
        held_up = HELD_UP_SECONDS if self.in_order else QUIET_SECONDS
        free = [one for one in self._connections if one.silence <= held_up]
        if free:
            return min(free, key=lambda one: one.under_way) if self.in_order else free[0]
        if len(self._connections) < MOST_CONNECTIONS:
            return None
        return min(self._connections, key=lambda one: one.silence)

    def _queue(self, exchange: Exchange) -> None:
        self._waiting[exchange] = None
        exchange.carrier = self
        self._connect_soon()

    def _connect_soon(self) -> asyncio.Task[UpstreamError | None]:
        if self._connecting is None:
            self._connecting = spawn(self._connect(), f"open a {self._what} connection")
        return self._connecting

    async def _connect(self) -> UpstreamError | None:
        """Have another connection for what waits; why there is none."""
        try:
            connection = await self._reach()
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the next query must be able to try again
            self._connecting = None
            self._tell(unreachable := self._unreachable(error))
            return self._do_without(unreachable)
        self._connecting = None
        self._told = ""
        if connection.gone:
            return self._do_without(UpstreamError("the upstream closed the connection at once", Ede.NETWORK_ERROR))
        self._connections.append(connection)
        connection.await_work()
        self._send_waiting(connection)
        return None

    def _send_waiting(self, connection: Connection) -> None:
        waiting, self._waiting = self._waiting, {}
        for exchange in waiting:
            connection.send(exchange)

    def _do_without(self, error: UpstreamError) -> UpstreamError:
        """There is no new connection: one that is held up is better than none, and no other is asked for so soon."""
        if self._connections:
            self.in_order = False
            self._send_waiting(self._connections[0])
        else:
            self._fail_waiting(error)
        return error

    async def _reach(self) -> Connection:
        """A connection to the address that takes one first."""
        addresses = await self._place.find()
        try:
            address, connection = await Race(self._dial_in_time, self._give_up).run(addresses)
        except Exception:
            self._place.failed()
            raise
        self._place.worked(address)
        self.facts = self.facts._replace(address=address)
        return connection

    def _give_up(self, connection: Connection) -> None:
        self.leave(connection)
        connection.abort()

    async def _dial_in_time(self, address: str, connected: Callable[[], None]) -> Connection | Exception:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self.dial(address, connected)
        except Exception as error:  # noqa: BLE001 - as above; there may be another address
            return error

    def _unreachable(self, error: Exception) -> UpstreamError:
        if isinstance(error, UpstreamError):
            return error
        if isinstance(error, TimeoutError) and not error.errno:
            reason = f"nobody answered within {CONNECT_SECONDS:g} s"
        else:
            # What TLS says has the reason in words of its own; an ``strerror`` there holds its source line.
            words = (getattr(error, name, None) for name in ("verify_message", "reason", "strerror"))
            reason = next(filter(None, words), str(error))
        return UpstreamError(f"no {self._what} connection to the upstream: {reason}", Ede.NETWORK_ERROR)

    def _tell(self, error: UpstreamError) -> None:
        """Log once what keeps the upstream from being used, such as its certificate."""
        if self.needed and str(error) != self._told and self.instead is None:
            self._told = str(error)
            log.warning("upstream %s: %s", self.label, error)

    def _fail_waiting(self, error: UpstreamError) -> None:
        for exchange in list(self._waiting):
            self.failed(exchange, error)


class Connection(ABC):
    """One connection and the exchanges that wait for an answer on it."""

    def __init__(self, owner: ConnectionCarrier) -> None:
        self._carrier = owner
        self._pending: dict[int, Exchange] = {}
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.TimerHandle | None = None
        self._idle_seconds = IDLE_SECONDS
        self._asked_at: float | None = None
        """When the first query since the last answer went out, or when that came if there were more to come."""
        self._gone = self._loop.create_future()
        self._terms_known = False
        """Whether the server's first answer was looked at."""

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._gone.done()

    @property
    def under_way(self) -> int:
        """How many answers are waited for."""
        return len(self._pending)

    @property
    def silence(self) -> float:
        """Seconds for which it has given no sign of life although it was asked."""
        return 0.0 if self._asked_at is None else self._loop.time() - self._asked_at

    @abstractmethod
    def send(self, exchange: Exchange) -> None:
        """Send the query under a number of its own."""

    @abstractmethod
    def hang_up(self) -> None:
        """Close in good order, with nothing under way."""

    @abstractmethod
    def abort(self) -> None:
        """Close at once; ``_ended`` follows."""

    def await_work(self) -> None:
        """Hang up if nobody asks for long."""
        self._stop_idling()
        self._idle = self._loop.call_later(self._idle_seconds, self._part)

    def drop(self, exchange: Exchange) -> None:
        """Free the number, unless the whole connection has gone."""
        self._pending.pop(exchange.number, None)
        if not self._pending and not self._gone.done():
            self.await_work()

    async def close(self, error: UpstreamError) -> None:
        """Close; everything under way fails with ``error``."""
        for exchange in list(self._pending.values()):
            exchange.fail(error)
        self.abort()
        await self._gone

    def _take_in(self, exchange: Exchange, number: int) -> None:
        """The exchange is about to go out under this number."""
        exchange.number = number
        exchange.carrier = self
        self._pending[number] = exchange
        self._stop_idling()
        if self._asked_at is None:
            self._asked_at = self._loop.time()

    def _heard(self) -> None:
        """There was a sign of life, and what it said has been dealt with."""
        self._asked_at = self._loop.time() if self._pending else None

    def _learn_terms(self, message: bytes, query: Query) -> Edns | None:
        """From the first answer: whether the server pads, and what else its EDNS says."""
        self._terms_known = True
        edns = response_edns(message, query.question)
        if edns is not None and option(edns.options, EdnsOption.PADDING) is not None:
            self._carrier.facts = self._carrier.facts._replace(padding=True)
        return edns

    def _part(self) -> None:
        """Nobody has asked for long. Until the other side agrees, what is asked goes elsewhere."""
        self._carrier.leave(self)
        self.hang_up()

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _ended(self) -> None:
        """The connection is no more."""
        if self._gone.done():
            return
        self._stop_idling()
        self._gone.set_result(None)
        unanswered, self._pending = self._pending, {}
        self._carrier.lost(self, list(unanswered.values()))
