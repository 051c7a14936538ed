"""RFC 9210: DNS transport over TCP, operational requirements"""

from __future__ import annotations

import asyncio

import dns.asyncquery
import dns.message
import pytest

from safedns.server.room import Limits
from tests.standards.doors import Doors


@pytest.mark.rfc(9210, "4.2")
async def test_section_4_2_connections_are_bounded_and_those_there_are_served(doors: Doors) -> None:
    """A server limits how many connections an address may hold, so that some do not take all."""
    query = dns.message.make_query("www.example.com", "A")
    async with doors.tcp(Limits(per_peer=2)) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        async with asyncio.timeout(10):
            assert await held[2][0].read() == b""
        for _, writer in held:
            writer.transport.abort()
        await asyncio.sleep(0.05)
        assert (await dns.asyncquery.tcp(query, "127.0.0.1", port=port, timeout=10)).answer
