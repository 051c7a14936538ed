"""DNS over UDP: nothing but the true answer is taken, and every id and socket is given back."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from safedns.clock import SystemClock
from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.udp import PORTS, QUERIES_PER_PORT, SECONDS_PER_PORT, UdpCarrier
from safedns.wire.types import Ede
from tests.fakes import FakeClock
from tests.nameserver import After, Asked, NameServer, Reaction, Several, reply, with_other_id, with_other_name
from tests.unit.resolve.values import PATIENCE, Awaited, question, until


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


class Carried:
    """A carrier with what it reports."""

    def __init__(self, server: NameServer) -> None:
        self.clock = FakeClock()
        self.mismatches = [0]
        self.truncated: list[Exchange] = []
        self.udp = UdpCarrier(server.host, server.port, self.clock, self.mismatches, self.truncated.append)

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.udp.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> tuple[str, ...]:
        """The addresses of the answer."""
        return (await asyncio.wait_for(self.start(name), PATIENCE)).addresses


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    carried = Carried(server)
    yield carried
    carried.udp.close()


async def test_an_answer_is_brought_home(carried: Carried, server: NameServer) -> None:
    assert await carried.ask() == ("192.0.2.1",)
    assert server.asked[0].transport == "udp"
    assert carried.mismatches == [0]


async def test_many_queries_at_once_get_each_its_own_answer(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(200)))
    assert answers == [(f"192.0.2.{number}",) for number in range(200)]


def truth_after(*lies: bytes, asked: Asked) -> Reaction:
    return Several((*lies, reply(asked, "A 192.0.2.1")))


LIES: dict[str, Callable[[Asked], bytes]] = {
    "another id": lambda asked: with_other_id(reply(asked, "A 203.0.113.66")),
    "another question": lambda asked: with_other_name(reply(asked, "A 203.0.113.66")),
    "no question": lambda asked: reply(asked)[:4] + bytes(8),
    "the query itself": lambda asked: asked.packet,
    "one byte": lambda _: b"x",
    "a header alone": lambda asked: asked.packet[:2] + b"\x81\x80" + bytes(8),
    "an answer cut short": lambda asked: reply(asked, "A 203.0.113.66")[:-3],
    "noise under the right id": lambda asked: asked.packet[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + b"\xff" * 40,
}


@pytest.mark.parametrize("lie", LIES)
async def test_lies_are_counted_and_the_truth_is_waited_for(carried: Carried, server: NameServer, lie: str) -> None:
    server.behave = lambda asked: truth_after(LIES[lie](asked), LIES[lie](asked), asked=asked)
    assert await carried.ask() == ("192.0.2.1",)
    assert carried.mismatches == [2]


async def test_only_lies_leave_the_exchange_waiting_until_it_is_cancelled(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: with_other_name(reply(asked, "A 203.0.113.66"))
    exchange = carried.start()
    await until(lambda: bool(carried.mismatches[0]))
    assert exchange.open
    exchange.cancel()
    assert exchange.carrier is None


async def test_an_answer_after_cancelling_hurts_nobody(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(0.01, reply(asked, "A 192.0.2.1"))
    carried.start("late.example").cancel()
    assert await carried.ask("kept.example") == ("192.0.2.1",)


async def test_a_truncated_answer_is_handed_over_not_taken(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, truncated=True)
    exchange = carried.start()
    await until(lambda: bool(carried.truncated))
    assert carried.truncated == [exchange]
    assert exchange.open
    assert exchange.carrier is None
    exchange.cancel()


async def test_a_closed_port_fails_at_once() -> None:
    with NameServer() as gone:
        pass
    carried = Carried(gone)
    with pytest.raises(UpstreamError, match="cannot be reached: Connection refused") as caught:
        await carried.ask()
    assert caught.value.ede == Ede.NETWORK_ERROR
    carried.udp.close()


async def test_an_address_without_a_way_there_fails_at_once() -> None:
    udp = UdpCarrier("255.255.255.255", 53, SystemClock(), [0], lambda _: None)
    exchange = Awaited(question())
    udp.start(exchange)
    with pytest.raises(UpstreamError, match="cannot be reached"):
        await exchange


async def test_ids_and_ports_differ_from_query_to_query(carried: Carried, server: NameServer) -> None:
    for number in range(40):
        await carried.ask(f"{number}.example")
    ids = {asked.packet[:2] for asked in server.asked}
    assert len(ids) > 35


async def test_a_port_is_left_after_its_share_of_queries_or_seconds(server: NameServer) -> None:
    ports: set[int] = set()
    carried = Carried(server)
    server.behave = lambda asked: reply(asked, "A 192.0.2.1")
    for _ in range(3):
        for number in range(PORTS):
            await carried.ask(f"{number}.example")
        ports |= {port._socket.getsockname()[1] for port in carried.udp._open_ports}
        assert len(carried.udp._open_ports) <= PORTS
        carried.clock.advance(SECONDS_PER_PORT)
    few_seconds = len(ports)
    assert few_seconds > PORTS
    for number in range(PORTS * QUERIES_PER_PORT + 1):
        await carried.ask(f"{number}.example")
    ports |= {port._socket.getsockname()[1] for port in carried.udp._open_ports}
    assert len(ports) > few_seconds
    carried.udp.close()


async def test_a_port_that_is_left_still_brings_what_was_asked_on_it(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(0.05, reply(asked, "A 192.0.2.1"))
    early = [carried.start(f"{number}.example") for number in range(50)]
    carried.clock.advance(SECONDS_PER_PORT)
    late = [carried.start(f"{number}.example") for number in range(50, 100)]
    answers = await asyncio.wait_for(asyncio.gather(*early, *late), PATIENCE)
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert len(carried.udp._open_ports) <= PORTS


async def test_closing_fails_what_waits_and_leaves_no_socket_behind(carried: Carried, server: NameServer) -> None:
    server.behave = lambda _: None
    waiting = [carried.start(f"{number}.example") for number in range(60)]
    carried.udp.close()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {UpstreamError}
    assert not carried.udp._open_ports
    gc.collect()  # an unclosed socket would warn now, and warnings are errors
