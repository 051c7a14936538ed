"""DNS over TCP: one pipelined connection, and what happens when the other side spoils it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import connection
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.wire.answer import Answer
from safedns.wire.types import Ede
from tests.nameserver import After, Asked, HangUp, NameServer, Reaction, Several, reply, with_other_id, with_other_name
from tests.unit.resolve.values import PATIENCE, Awaited, question, until


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


class Carried:
    """A carrier with what it reports."""

    def __init__(self, server: NameServer) -> None:
        self.mismatches = [0]
        self.tcp = TcpCarrier(Fixed(server.host), server.port, self.mismatches)

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.tcp.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)


@pytest.fixture
async def carried(server: NameServer) -> AsyncIterator[Carried]:
    carried = Carried(server)
    yield carried
    await carried.tcp.close()


async def test_queries_share_one_connection_that_stays_open(carried: Carried, server: NameServer) -> None:
    for number in range(5):
        assert (await carried.ask(f"{number}.example")).addresses == ("192.0.2.1",)
    await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(50)))
    assert server.connections == 1
    assert server.asked_over("tcp") == 55


async def test_answers_may_come_in_any_order(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(
        0.03 - 0.003 * int(asked.name.split(".")[0]), reply(asked, f"A 192.0.2.{asked.name.split('.')[0]}")
    )
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(10)))
    assert [answer.addresses for answer in answers] == [(f"192.0.2.{number}",) for number in range(10)]


async def test_a_large_answer_comes_whole(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, *(f"A 198.18.{number // 250}.{number % 250}" for number in range(3000)))
    assert len((await carried.ask()).addresses) == 3000


async def test_lies_are_counted_and_the_truth_is_waited_for(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: Several(
        (
            with_other_id(reply(asked, "A 203.0.113.66")),
            with_other_name(reply(asked, "A 203.0.113.66")),
            b"",
            reply(asked, "A 192.0.2.1"),
        )
    )
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert carried.mismatches == [3]


async def test_a_connection_closed_while_idle_is_opened_again(carried: Carried, server: NameServer) -> None:
    await carried.ask("first.example")
    server.drop_connections()
    assert (await carried.ask("second.example")).addresses == ("192.0.2.1",)
    assert (await carried.ask("third.example")).addresses == ("192.0.2.1",)
    assert server.connections == 2


async def test_a_connection_closed_under_a_query_is_tried_once_more(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: HangUp() if asked.number == 0 else reply(asked, "A 192.0.2.1")
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert server.connections == 2


@pytest.mark.parametrize("rest", [b"", b"\0", b"\0\x40half a message"])
async def test_a_server_that_always_hangs_up_fails_the_query(carried: Carried, server: NameServer, rest: bytes) -> None:
    server.behave = lambda _: HangUp(rest)
    with pytest.raises(UpstreamError, match="closed the connection twice") as caught:
        await carried.ask()
    assert caught.value.ede == Ede.NETWORK_ERROR
    assert server.connections == 2


async def test_nobody_listening_fails_at_once_and_later_queries_try_again() -> None:
    with NameServer(tcp=False) as server:
        carried = Carried(server)
        for _ in range(2):
            with pytest.raises(UpstreamError, match="no TCP connection to the upstream"):
                await carried.ask()
        await carried.tcp.close()


async def test_an_answer_truncated_even_over_tcp_is_a_failure(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, truncated=True)
    with pytest.raises(UpstreamError, match="truncated an answer over TCP"):
        await carried.ask()


async def test_a_cancelled_query_frees_its_id_and_disturbs_nobody(carried: Carried, server: NameServer) -> None:
    server.behave = lambda asked: After(0.01, reply(asked, "A 192.0.2.1"))
    while_connecting = carried.start("a.example")
    while_connecting.cancel()
    kept = carried.start("b.example")
    await until(lambda: bool(server.asked))
    under_way = carried.start("c.example")
    under_way.cancel()
    assert (await asyncio.wait_for(kept, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("d.example")).addresses == ("192.0.2.1",)


async def test_an_idle_connection_is_closed(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
    await carried.ask("first.example")
    await until(lambda: not carried.tcp.connected)
    await carried.ask("second.example")
    assert server.connections == 2


async def test_closing_fails_what_waits(carried: Carried, server: NameServer) -> None:
    server.behave = lambda _: None
    under_way = [carried.start("a.example")]
    await until(lambda: bool(server.asked))
    under_way.append(carried.start("b.example"))
    await carried.tcp.close()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {UpstreamError}


async def test_closing_while_connecting_fails_what_waits(carried: Carried) -> None:
    exchange = carried.start()
    await carried.tcp.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await exchange


def slowly(asked: Asked) -> Reaction:
    answer = reply(asked, "A 192.0.2.1")
    return After(0.05, answer) if asked.name.startswith("slow") else answer


@pytest.fixture
def in_order(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> NameServer:
    """The server takes one question of a connection after the other, some for long."""
    monkeypatch.setattr(connection, "HELD_UP_SECONDS", 0.0)
    server.in_order = True
    server.behave = slowly
    return server


async def test_where_one_answer_holds_up_the_next_another_connection_is_opened(
    carried: Carried, in_order: NameServer
) -> None:
    slow = carried.start("slow.example")
    await until(lambda: bool(in_order.asked))
    quick = await carried.ask("quick.example")
    assert (quick.addresses, in_order.connections, slow.open) == (("192.0.2.1",), 2, True)
    await asyncio.wait_for(slow, PATIENCE)
    await carried.ask("quick.example")
    assert in_order.connections == 2


async def test_there_are_never_more_than_a_few(carried: Carried, in_order: NameServer) -> None:
    exchanges = []
    for number in range(4 * connection.MOST_CONNECTIONS):
        exchanges.append(carried.start(f"slow{number}.example"))
        await asyncio.sleep(0.002)
    answers = await asyncio.wait_for(asyncio.gather(*exchanges), PATIENCE)
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert in_order.connections == connection.MOST_CONNECTIONS


async def test_a_server_whose_answers_overtake_each_other_needs_no_other_connection(
    carried: Carried, in_order: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_order.in_order = False
    monkeypatch.setattr(connection, "HELD_UP_SECONDS", PATIENCE)
    await asyncio.gather(carried.ask("slow.example"), carried.ask("quick.example"))
    monkeypatch.setattr(connection, "HELD_UP_SECONDS", 0.0)
    slow = carried.start("slow.example")
    await until(lambda: in_order.asked[-1].name == "slow.example")
    await carried.ask("quick.example")
    assert (in_order.connections, slow.open) == (1, True)
    slow.cancel()


async def test_where_there_is_no_other_connection_to_be_had_the_one_that_is_held_up_serves(
    carried: Carried, in_order: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = carried.start("slow.example")
    await until(lambda: bool(in_order.asked))

    dialled = []

    async def refuse(_: TcpCarrier, address: str) -> connection.Connection:
        dialled.append(address)
        raise ConnectionRefusedError(111, f"{address} takes no more")

    monkeypatch.setattr(TcpCarrier, "dial", refuse)
    quick = await carried.ask("quick.example")
    answers = await asyncio.gather(slow, carried.ask("slow2.example"), carried.ask("quick.example"))
    assert {answer.addresses for answer in [quick, *answers]} == {("192.0.2.1",)}
    assert (in_order.connections, len(dialled)) == (1, 1)


class Acknowledging:
    """A socket that notes what it is told."""

    def __init__(self) -> None:
        self.options: list[tuple[int, int, int]] = []

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self.options.append((level, option, value))


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="the kernel has no such option")
async def test_answers_are_acknowledged_at_once_while_others_are_waited_for(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = lambda asked: None if asked.name == "stuck.example" else reply(asked, "A 192.0.2.1")
    await carried.ask("first.example")
    noting = Acknowledging()
    (open_one,) = carried.tcp._connections
    monkeypatch.setattr(open_one, "_socket", noting)
    await carried.ask("alone.example")
    assert noting.options == []
    stuck = carried.start("stuck.example")
    await carried.ask("beside.example")
    assert noting.options == [(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)]
    stuck.cancel()
