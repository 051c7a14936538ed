"""DNS over TCP: how answers find their questions, and connections beside the first; ``test_carriers`` says the rest."""

from __future__ import annotations

import asyncio
import socket

import pytest

from safedns.resolve.upstream import connection
from safedns.resolve.upstream.tcp import TcpCarrier
from tests.nameserver import After, Asked, NameServer, Reaction, Several, reply, with_other_id, with_other_name
from tests.unit.resolve.upstream.carriers import MESSAGES, Carried, Face
from tests.unit.resolve.values import PATIENCE, until


@pytest.fixture
def face() -> Face:
    return "tcp"


@pytest.mark.parametrize("face", MESSAGES)
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

    async def refuse(_: TcpCarrier, address: str, __: object) -> connection.Connection:
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
    (open_one,) = carried.carrier._connections
    monkeypatch.setattr(open_one, "_socket", noting)
    await carried.ask("alone.example")
    assert noting.options == []
    stuck = carried.start("stuck.example")
    await carried.ask("beside.example")
    assert noting.options == [(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)]
    stuck.cancel()
