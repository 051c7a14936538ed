"""RFC 7766: DNS transport over TCP, implementation requirements"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.message
import pytest

from safedns.server.room import Limits
from safedns.wire.stream import frame
from tests.house import House, answers
from tests.nameserver import After, NameServer, reply
from tests.standards.doors import Doors
from tests.standards.upstreams import asking


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def message(reader: asyncio.StreamReader) -> dns.message.Message:
    async with asyncio.timeout(10):
        return dns.message.from_wire(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))


def framed(name: str) -> bytes:
    return frame(dns.message.make_query(name, "A").to_wire())


@pytest.mark.rfc(7766, "5")
async def test_section_5_tcp_is_spoken_by_server_and_client(doors: Doors) -> None:
    """TCP is a transport like UDP, on both sides: queries are taken over it, and sent over it where UDP fell short."""
    async with doors.tcp() as port, connected(port) as (reader, writer):
        writer.write(framed("www.example.com"))
        assert answers(await message(reader)) == ["www.example.com A 192.0.2.1"]
    with NameServer(lambda asked: reply(asked, "A 192.0.2.9", truncated=asked.transport == "udp")) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.9",)


@pytest.mark.rfc(7766, "6.2.1")
async def test_section_6_2_1_a_connection_serves_many_queries(doors: Doors) -> None:
    """A connection is not closed after an answer: it serves as many queries as come."""
    async with doors.tcp() as port, connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(framed("www.example.com"))
            assert (await message(reader)).answer


@pytest.mark.rfc(7766, "6.2.1.1")
async def test_section_6_2_1_1_queries_are_pipelined(doors: Doors) -> None:
    """Queries may be sent without waiting for answers; every one of them is answered."""
    names = [f"{number}.example.com" for number in range(10)]
    async with doors.tcp() as port, connected(port) as (reader, writer):
        writer.write(b"".join(map(framed, names)))
        got = [(await message(reader)).question[0].name.to_text(omit_final_dot=True) for _ in names]
    assert sorted(got) == names


@pytest.mark.rfc(7766, "6.2.3")
async def test_section_6_2_3_an_idle_connection_is_closed(doors: Doors) -> None:
    """A server closes a connection on which nothing is asked for some seconds."""
    async with doors.tcp(Limits(idle=0.1)) as port, connected(port) as (reader, _), asyncio.timeout(10):
        assert await reader.read() == b""


@pytest.mark.rfc(7766, "6.2.1.1")
async def test_section_6_2_1_1_our_own_queries_share_a_connection() -> None:
    """A client sends its queries over one connection, without waiting for each answer."""
    with NameServer(lambda asked: reply(asked, "A 192.0.2.1", truncated=asked.transport == "udp")) as server:
        async with asking(server) as ask:
            await asyncio.gather(*(ask(f"{number}.example.com") for number in range(10)))
    assert server.connections == 1


@pytest.mark.rfc(7766, "7")
async def test_section_7_answers_come_in_the_order_in_which_they_are_ready(house: House, doors: Doors) -> None:
    """An answer that is ready does not wait for one that was asked for before it: so from us, so from upstreams."""
    await house.ask("www.example.com")
    house.table["slow.example.com A"] = ["SILENT"]
    async with doors.tcp() as port, connected(port) as (reader, writer):
        writer.write(framed("slow.example.com") + framed("www.example.com"))
        assert (await message(reader)).question[0].name.to_text() == "www.example.com."

    with NameServer() as server:
        server.behave = lambda asked: (
            reply(asked, truncated=True)
            if asked.transport == "udp"
            else After(0.05 if asked.name.startswith("0") else 0, reply(asked, f"A 192.0.2.{asked.name[0]}"))
        )
        async with asking(server) as ask:
            got = await asyncio.gather(ask("0.example.com"), ask("1.example.com"))
    assert [answer.addresses for answer in got] == [("192.0.2.0",), ("192.0.2.1",)]


@pytest.mark.rfc(7766, "8")
async def test_section_8_a_message_may_come_in_any_pieces(doors: Doors) -> None:
    """A message stands behind two octets of length, and may arrive in pieces of any size."""
    async with doors.tcp() as port, connected(port) as (reader, writer):
        for octet in framed("www.example.com"):
            writer.write(bytes((octet,)))
            await writer.drain()
        assert (await message(reader)).answer
