"""DNS over HTTP/2: how many streams there may be; ``test_carriers`` and ``test_http`` say the rest."""

from __future__ import annotations

import asyncio

import pytest

from tests.certificates import Authority
from tests.http2 import closed_streams
from tests.nameserver import After, NameServer, reply
from tests.unit.resolve.upstream.carriers import Carried, Face, carrying, serving
from tests.unit.resolve.values import PATIENCE


@pytest.fixture
def face() -> Face:
    return "https"


async def test_no_more_streams_are_opened_than_the_server_takes(carried: Carried, server: NameServer) -> None:
    server.streams_at_once = 3
    server.behave = lambda asked: After(0.005, reply(asked, "A 192.0.2.1"))  # it ends the connection at a fourth
    await carried.ask("0.example")
    answers = await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(30)))
    assert {answer.addresses for answer in answers} == {("192.0.2.1",)}
    assert server.connections == 1


async def test_a_connection_of_many_queries_costs_no_more_than_one_of_few(carried: Carried, server: NameServer) -> None:
    for _ in range(50):
        await asyncio.gather(*(carried.ask(f"{number}.example") for number in range(100)))
    assert server.connections == 1
    assert closed_streams(client_side=False) > 4500, "what h2 remembers by itself"
    assert closed_streams(client_side=True) <= 4096


async def test_a_question_that_is_held_back_can_be_cancelled(carried: Carried, server: NameServer) -> None:
    server.streams_at_once = 1
    await carried.ask("first.example")
    server.behave = lambda asked: After(0.02, reply(asked, "A 192.0.2.1"))
    under_way, held = carried.start("second.example"), carried.start("third.example")
    held.cancel()
    assert (await asyncio.wait_for(under_way, PATIENCE)).addresses == ("192.0.2.1",)
    assert (await carried.ask("fourth.example")).addresses == ("192.0.2.1",)
    assert [asked.name for asked in server.asked] == ["first.example", "second.example", "fourth.example"]


async def test_a_server_without_http2_is_not_told_the_question(authority: Authority) -> None:
    with serving("tls", authority) as server:
        async with carrying("https", server.port) as carried:
            assert await carried.refusal() == "dns.test does not speak h2"
        assert not server.asked
