"""RFC 5452: Measures for making DNS more resilient against forged answers"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import pairwise

import pytest

from safedns.clock import SystemClock
from safedns.resolve.upstream.udp import SECONDS_PER_PORT, UdpCarrier
from tests.fakes import FakeClock
from tests.house import House
from tests.nameserver import Asked, NameServer, Several, reply, with_other_id, with_other_name
from tests.standards.upstreams import asking
from tests.unit.resolve.values import PATIENCE, Awaited, question

MANY = 200
"""Queries; so many numbers from thousands cannot look as if they were in order."""


def silent() -> socket.socket:
    """A socket that hears and says nothing by itself."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


@pytest.mark.rfc(5452, "9.1")
async def test_section_9_1_a_response_must_match_id_and_question() -> None:
    """A response under another id, or to another question, is discarded, and the true one is waited for."""
    with NameServer() as server:
        server.behave = lambda asked: Several((
            with_other_id(reply(asked, "A 203.0.113.66")),
            with_other_name(reply(asked, "A 203.0.113.66")),
            reply(asked, "A 192.0.2.1"),
        ))  # fmt: skip
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)


@pytest.mark.rfc(5452, "9.1")
async def test_section_9_1_a_response_must_come_from_where_the_query_went() -> None:
    """A response from another address or port than the query went to is discarded."""
    loop = asyncio.get_running_loop()
    with silent() as server, silent() as forger:
        carrier = UdpCarrier("127.0.0.1", server.getsockname()[1], SystemClock(), [0], lambda _: None)
        exchange = Awaited(question("www.example.com"))
        carrier.start(exchange)
        packet, peer = await loop.sock_recvfrom(server, 4096)
        asked = Asked(packet, "udp", "www.example.com", "A", 0)
        forger.sendto(reply(asked, "A 203.0.113.66"), peer)
        server.sendto(reply(asked, "A 192.0.2.1"), peer)
        assert (await asyncio.wait_for(exchange, PATIENCE)).addresses == ("192.0.2.1",)
        carrier.close()


@pytest.mark.rfc(5452, "9.2")
async def test_section_9_2_ids_cannot_be_foretold() -> None:
    """Each query has an id that cannot be guessed from those before."""
    with NameServer() as server:
        async with asking(server) as ask:
            for number in range(MANY):
                await ask(f"{number}.example.com")
    assert unforeseeable([int.from_bytes(asked.packet[:2]) for asked in server.asked])


@pytest.mark.rfc(5452, "9.2")
async def test_section_9_2_ports_cannot_be_foretold() -> None:
    """Each new source port is one that cannot be guessed from those before."""
    assert unforeseeable(await source_ports(seconds_between=SECONDS_PER_PORT))


@pytest.mark.rfc(5452, "9.2")
async def test_section_9_2_queries_leave_from_many_ports() -> None:
    """Queries leave from one of many source ports, and not from one after the other."""
    ports = await source_ports(seconds_between=0)
    assert 10 < len(set(ports)) < MANY
    assert len(steps(ports)) > 2 * len(set(ports))  # in turn it would be one step for each port


@pytest.mark.rfc(5452, "5")
async def test_section_5_equal_questions_are_not_outstanding_at_once(house: House) -> None:
    """Equal queries under way at once make forging easier: many who ask the same cause one question."""
    await asyncio.gather(*(house.ask("www.example.com", change=lambda query: query.use_edns(0)) for _ in range(20)))
    assert len(house.asked) == 1


async def source_ports(seconds_between: float) -> list[int]:
    """Whence ``MANY`` queries came, of which none was answered."""
    loop, ports, clock = asyncio.get_running_loop(), [], FakeClock()
    with silent() as server:
        carrier = UdpCarrier("127.0.0.1", server.getsockname()[1], clock, [0], lambda _: None)
        for number in range(MANY):
            carrier.start(Awaited(question(f"{number}.example.com")))
            _, (_, port) = await loop.sock_recvfrom(server, 4096)
            ports.append(port)
            clock.advance(seconds_between)
        carrier.close()
    return ports


def steps(numbers: Sequence[int]) -> set[int]:
    """By how much each is above the one before."""
    return {(later - earlier) % 65_536 for earlier, later in pairwise(numbers)}


def unforeseeable(numbers: Sequence[int]) -> bool:
    """Whether hardly any repeats and hardly any step does; what is drawn from thousands fails it once in many lives."""
    return min(len(set(numbers)), len(steps(numbers))) > MANY * 3 // 4
