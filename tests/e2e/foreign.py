"""Somebody else's servers, for a test's own internet: a resolver that answers everything, and open ports beside it.

Run in a network namespace: ``python -m tests.e2e.foreign``; it says ``ready`` and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from typing import cast

import dns.message
import dns.rrset

ADDRESS = "203.0.113.99"
"""What the foreign resolver answers to every question."""
PORTS = (443, 784, 853, 8853)


def answer(packet: bytes) -> bytes:
    query = dns.message.from_wire(packet)
    response = dns.message.make_response(query, recursion_available=True)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", ADDRESS))
    return response.to_wire()


class Datagrams(asyncio.DatagramProtocol):
    """Answers DNS on port 53, and sends back whatever comes on others."""

    def __init__(self, port: int) -> None:
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(answer(data) if self._port == 53 else data, addr)


async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One question over TCP; on other ports the connection alone is what is looked for."""
    if writer.get_extra_info("sockname")[1] == 53:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        reply = answer(await reader.readexactly(length))
        writer.write(struct.pack("!H", len(reply)) + reply)
        await writer.drain()
    writer.close()


async def main(hosts: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for host in hosts:
        for port in (53, *PORTS):
            await asyncio.start_server(connected, host, port)
            await loop.create_datagram_endpoint(lambda port=port: Datagrams(port), (host, port))  # type: ignore[misc]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
