"""RFC 5452: Measures for making DNS more resilient against forged answers"""

from __future__ import annotations

import asyncio
import socket
from itertools import pairwise

import pytest

from safedns.clock import SystemClock
from safedns.resolve.upstream.udp import UdpCarrier
from tests.nameserver import Asked, NameServer, Several, reply, with_other_id, with_other_name
from tests.standards.upstreams import asking
from tests.unit.resolve.values import PATIENCE, Awaited, question


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
            for number in range(20):
                await ask(f"{number}.example.com")
    ids = [int.from_bytes(asked.packet[:2]) for asked in server.asked]
    assert len(set(ids)) > 15
    assert len({(later - earlier) % 65_536 for earlier, later in pairwise(ids)}) > 15


@pytest.mark.rfc(5452, "9.2")
async def test_section_9_2_queries_leave_from_many_ports() -> None:
    """Queries leave from source ports that are chosen at random among many."""
    loop, ports = asyncio.get_running_loop(), set()
    with silent() as server:
        carrier = UdpCarrier("127.0.0.1", server.getsockname()[1], SystemClock(), [0], lambda _: None)
        for number in range(100):
            carrier.start(Awaited(question(f"{number}.example.com")))
            _, (_, port) = await loop.sock_recvfrom(server, 4096)
            ports.add(port)
        carrier.close()
    assert len(ports) > 10
