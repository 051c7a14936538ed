"""What every shared connection has in common, whatever is spoken on it: in virtual time, without sockets."""

from __future__ import annotations

import asyncio

from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.connection import IDLE_SECONDS, Connection, ConnectionCarrier
from safedns.resolve.upstream.place import Place
from safedns.wire.answer import Answer
from tests.unit.resolve.values import Awaited, address_answer, question
from tests.unit.resolve.virtual import play


class Scripted(Connection):
    """Answers at once; that it is being hung up the other side confirms only when told to."""

    def __init__(self, owner: ConnectionCarrier, address: str) -> None:
        super().__init__(owner)
        self.address = address
        self.sent: list[str] = []
        self.hung_up = False
        self._await_work()

    def send(self, exchange: Exchange) -> None:
        assert not self.hung_up, "a question went into a connection that is being closed"
        self._take_in(exchange, len(self.sent))
        self.sent.append(exchange.query.name)
        exchange.answer(address_answer(exchange.query))
        self._heard()

    def hang_up(self) -> None:
        self.hung_up = True

    def abort(self) -> None:
        self._ended()


class Somewhere:
    """A ``Place`` with these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def find(self) -> tuple[str, ...]:
        return self.addresses

    def worked(self, address: str) -> None:
        self.addresses = (address, *(one for one in self.addresses if one != address))

    def failed(self) -> None:
        """They are what there is."""


class Carrier(ConnectionCarrier):
    """Dials as a test says."""

    def __init__(self, place: Place) -> None:
        super().__init__("test", place, [0])
        self.dialled: list[Scripted] = []

    async def dial(self, address: str) -> Connection:
        connection = Scripted(self, address)
        self.dialled.append(connection)
        return connection

    async def ask(self, name: str) -> Answer:
        exchange = Awaited(question(name))
        self.start(exchange)
        return await exchange


def test_what_is_asked_while_an_idle_connection_is_being_closed_goes_over_another() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere("192.0.2.1"))
        await carrier.ask("first.example")
        await asyncio.sleep(IDLE_SECONDS + 1)
        await carrier.ask("second.example")
        first, second = carrier.dialled
        assert (first.hung_up, first.gone, first.sent, second.sent) == (
            True, False, ["first.example"], ["second.example"],
        )  # fmt: skip
        await carrier.close()
        assert first.gone
        assert second.gone

    play(scenario())
