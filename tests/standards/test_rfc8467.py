"""RFC 8467: Padding policies for extension mechanisms for DNS"""

from __future__ import annotations

import dns.asyncquery
import dns.message
import pytest

from tests.certificates import Authority
from tests.nameserver import NameServer, Secure
from tests.standards.doors import Doors
from tests.standards.upstreams import NAME, asking
from tests.unit.server import encrypted


@pytest.mark.rfc(8467, "4.1")
@pytest.mark.parametrize("face", ["tls", "https", "h3", "quic"])
async def test_section_4_1_queries_have_the_length_of_whole_blocks_of_128_octets(
    authority: Authority, face: Secure
) -> None:
    """Clients pad queries over encrypted transports to the next multiple of 128 octets."""
    with NameServer(certificate=authority.issue(NAME), face=face) as server:
        async with asking(server) as ask:
            for name in ("a.example", "a-much-longer-name." * 6 + "example"):
                await ask(name)
    assert [len(asked.packet) % 128 for asked in server.asked] == [0, 0]


@pytest.mark.rfc(8467, "4.1")
async def test_section_4_1_answers_have_the_length_of_whole_blocks_of_468_octets(doors: Doors) -> None:
    """Servers pad responses over encrypted transports to the next multiple of 468 octets."""
    query = dns.message.make_query("www.example.com", "A", use_edns=0, pad=128)
    async with doors.tls() as port:
        reply = await dns.asyncquery.tls(
            query,
            "127.0.0.1",
            port=port,
            timeout=10,
            ssl_context=doors.trust.client("dot"),
            server_hostname=encrypted.NAME,
        )
    assert len(reply.wire or b"") % 468 == 0
    assert reply.wire
