"""What every shared connection has in common, whatever is spoken on it: in virtual time, without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.connection import (
    CONNECT_SECONDS,
    IDLE_SECONDS,
    Connection,
    ConnectionCarrier,
)
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.race import HANDSHAKE_SECONDS, HEAD_START_SECONDS
from safedns.wire.answer import Answer
from tests.unit.resolve.upstream.places import Somewhere
from tests.unit.resolve.values import Awaited, address_answer, question
from tests.unit.resolve.virtual import now, play


class Scripted(Connection):
    """Answers at once; that it is being hung up the other side confirms only when told to."""

    def __init__(self, owner: ConnectionCarrier, address: str) -> None:
        super().__init__(owner)
        self.address = address
        self.sent: list[str] = []
        self.hung_up = False

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


class Carrier(ConnectionCarrier):
    """Dials as a test says."""

    def __init__(self, place: Place) -> None:
        super().__init__("test", place, [0])
        self.takes: dict[str, float | OSError] = {}
        """By address: seconds until it is connected, or why it is not."""
        self.shakes: dict[str, float | OSError] = {}
        """By address: seconds that its handshake takes after that, or why it fails at once."""
        self.tried: list[tuple[str, float]] = []
        """Addresses, and when."""
        self.given_up: list[str] = []
        self.dialled: list[Scripted] = []

    async def dial(self, address: str, connected: Callable[[], None]) -> Connection:
        self.tried.append((address, round(now(), 2)))
        try:
            await self._spend(self.takes.get(address, 0.0))
            if address in self.shakes:
                connected()
                await self._spend(self.shakes[address])
        except asyncio.CancelledError:
            self.given_up.append(address)
            raise
        connection = Scripted(self, address)
        self.dialled.append(connection)
        return connection

    async def _spend(self, seconds: float | OSError) -> None:
        if isinstance(seconds, OSError):
            raise seconds
        await asyncio.sleep(seconds)

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


SILENT = 3600.0
A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def test_rfc8305_5_addresses_that_keep_silent_hold_the_next_up_for_a_moment_only() -> None:
    async def scenario() -> None:
        place = Somewhere(A, B, C)
        carrier = Carrier(place)
        carrier.takes = {A: SILENT, B: SILENT}
        begun = now()
        await carrier.ask("www.example")
        assert [address for address, _ in carrier.tried] == [A, B, C]
        for number, (_, at) in enumerate(carrier.tried):
            assert at - begun == pytest.approx(number * HEAD_START_SECONDS, abs=0.01)
        assert sorted(carrier.given_up) == [A, B]
        assert (carrier.facts.address, place.addresses) == (C, (C, A, B))
        await carrier.close()

    play(scenario())


def test_rfc8305_5_after_one_that_refuses_the_next_is_tried_at_once() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.takes = {A: ConnectionRefusedError(111, "Connection refused")}
        begun = now()
        await carrier.ask("www.example")
        assert now() - begun < HEAD_START_SECONDS
        await carrier.close()

    play(scenario())


def test_rfc8305_5_a_slow_one_is_still_taken_when_it_is_the_first_to_be_reached() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.takes = {A: 2 * HEAD_START_SECONDS, B: SILENT}
        await carrier.ask("www.example")
        assert ([one.address for one in carrier.dialled], carrier.given_up) == ([A], [B])
        await carrier.close()

    play(scenario())


def test_rfc8305_5_one_that_has_connected_is_not_raced_while_it_shakes_hands() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.takes, carrier.shakes = {A: HEAD_START_SECONDS / 2}, {A: 2 * HEAD_START_SECONDS}
        await carrier.ask("www.example")
        assert ([address for address, _ in carrier.tried], carrier.facts.address) == ([A], A)
        await carrier.close()

    play(scenario())


def test_a_handshake_that_stalls_holds_the_next_address_up_for_a_second() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.shakes = {A: SILENT}
        begun = now()
        await carrier.ask("www.example")
        assert now() - begun == pytest.approx(HANDSHAKE_SECONDS, abs=0.01)
        assert (carrier.facts.address, carrier.given_up) == (B, [A])
        await carrier.close()

    play(scenario())


def test_after_a_handshake_that_fails_the_next_is_tried_at_once() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.shakes = {A: ConnectionResetError(104, "Connection reset by peer")}
        begun = now()
        await carrier.ask("www.example")
        assert now() - begun < HEAD_START_SECONDS
        await carrier.close()

    play(scenario())


def test_before_one_that_shakes_hands_slowly_a_silent_one_costs_its_head_start_only() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B, C))
        carrier.takes, carrier.shakes = {A: SILENT}, {B: 2 * HEAD_START_SECONDS}
        begun = now()
        await carrier.ask("www.example")
        assert now() - begun == pytest.approx(3 * HEAD_START_SECONDS, abs=0.01)
        assert ([address for address, _ in carrier.tried], carrier.facts.address) == ([A, B], B)
        await carrier.close()

    play(scenario())


def test_connecting_and_shaking_hands_are_bounded_together() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A))
        carrier.takes, carrier.shakes = {A: CONNECT_SECONDS / 2}, {A: SILENT}
        begun = now()
        with pytest.raises(UpstreamError, match="nobody answered within 3 s"):
            await carrier.ask("www.example")
        assert now() - begun == pytest.approx(CONNECT_SECONDS, abs=0.01)

    play(scenario())


def test_when_no_address_is_reached_the_question_fails_once_and_they_are_looked_up_anew() -> None:
    async def scenario() -> None:
        place = Somewhere(A, B)
        carrier = Carrier(place)
        carrier.takes = {A: SILENT, B: ConnectionRefusedError(111, "Connection refused")}
        begun = now()
        with pytest.raises(UpstreamError, match="no test connection to the upstream: nobody answered within 3 s"):
            await carrier.ask("www.example")
        assert now() - begun == pytest.approx(CONNECT_SECONDS, abs=0.01)
        assert place.addresses == ()

    play(scenario())


def test_closing_gives_up_every_address_that_is_being_tried() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.takes = {A: SILENT, B: SILENT}
        exchange = Awaited(question())
        carrier.start(exchange)
        await asyncio.sleep(2 * HEAD_START_SECONDS)
        await carrier.close()
        with pytest.raises(UpstreamError, match="being closed"):
            await exchange
        assert sorted(carrier.given_up) == [A, B]

    play(scenario())


@pytest.mark.parametrize("turns", range(12))
def test_closing_at_any_moment_leaves_no_connection_behind(turns: int) -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.takes = {A: HEAD_START_SECONDS}
        carrier.start(Awaited(question()))
        await asyncio.sleep(HEAD_START_SECONDS - 3e-6)
        for _ in range(turns):
            await asyncio.sleep(0)
        await carrier.close()
        assert all(connection.gone for connection in carrier.dialled)
        assert len(carrier.dialled) + len(carrier.given_up) == len(carrier.tried)

    play(scenario())


def test_of_two_that_connect_at_once_one_is_closed() -> None:
    async def scenario() -> None:
        carrier = Carrier(Somewhere(A, B))
        carrier.takes = {A: HEAD_START_SECONDS + 0.5e-6}
        await carrier.ask("www.example")
        assert len(carrier.tried) == 2
        assert [connection.gone for connection in carrier.dialled].count(False) == 1
        assert len(carrier.dialled) + len(carrier.given_up) == 2
        await carrier.close()

    play(scenario())
