"""RFC 7858: DNS over TLS"""

from __future__ import annotations

import asyncio
import base64

import dns.message
import pytest

from safedns.errors import UpstreamError
from safedns.settings.words import upstream
from safedns.wire.stream import frame
from tests.certificates import Authority
from tests.house import answers
from tests.nameserver import NameServer
from tests.standards.doors import Doors
from tests.standards.test_rfc7766 import framed, message
from tests.standards.upstreams import NAME, asking
from tests.unit.server import encrypted


@pytest.mark.rfc(7858, "3.1")
def test_section_3_1_the_port_is_853_unless_another_is_agreed() -> None:
    """Clients connect to port 853 when they know of no other."""
    assert upstream("tls://192.0.2.53").port == 853


@pytest.mark.rfc(7858, "3.3")
async def test_section_3_3_messages_are_framed_as_over_tcp_and_queries_are_pipelined(doors: Doors) -> None:
    """Inside TLS a message stands behind two octets of length, and queries need not wait for answers."""
    async with doors.tls() as port:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=doors.trust.client("dot"), server_hostname=encrypted.NAME
        )
        writer.write(framed("www.example.com") + framed("missing.example.com"))
        got = [await message(reader) for _ in range(2)]
        writer.transport.abort()
    assert sorted(len(answers(each)) for each in got) == [0, 1]


@pytest.mark.rfc(7858, "3.1")
async def test_section_3_1_nothing_is_answered_in_the_clear_on_a_port_for_tls(doors: Doors) -> None:
    """DNS messages are never sent in the clear on a port for DNS over TLS."""
    async with doors.tls() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(frame(dns.message.make_query("www.example.com", "A").to_wire()))
        async with asyncio.timeout(10):
            said = await reader.read()
        writer.transport.abort()
    assert b"example" not in said


@pytest.mark.rfc(7858, "3.4")
async def test_section_3_4_connections_are_used_again(authority: Authority) -> None:
    """A client keeps its connection for further queries."""
    with NameServer(certificate=authority.issue(NAME)) as server:
        async with asking(server) as ask:
            for number in range(3):
                await ask(f"{number}.example.com")
    assert (server.connections, server.asked_over("tls")) == (1, 3)


@pytest.mark.rfc(7858, "4.2")
async def test_section_4_2_a_pinned_key_is_the_servers_whole_identity(authority: Authority) -> None:
    """A server may be known by the SHA-256 of its public key: one with another key is not told the question."""
    certificate = authority.issue("whoever.test")
    with NameServer(certificate=certificate) as server:
        async with asking(server, identity=pinned(certificate.pin)) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
        async with asking(server, identity=pinned(bytes(32))) as ask:
            with pytest.raises(UpstreamError, match="pinned"):
                await ask("www.example.com")
    assert len(server.asked) == 1


def pinned(key: bytes) -> str:
    """As the settings write it."""
    return "sha256=" + base64.b64encode(key).decode()
