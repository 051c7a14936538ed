"""RFC 7830: The EDNS(0) padding option"""

from __future__ import annotations

import dns.asyncquery
import dns.edns
import dns.message
import pytest

from tests.nameserver import NameServer
from tests.standards.doors import Doors
from tests.standards.upstreams import asking
from tests.unit.server.encrypted import NAME

PADDED = dns.edns.OptionType.PADDING


@pytest.mark.rfc(7830, "4")
async def test_section_4_who_pads_gets_a_padded_answer_and_nobody_else(doors: Doors) -> None:
    """A response is padded when the query was, and only then."""
    async with doors.tls() as port:
        got = [
            await dns.asyncquery.tls(
                dns.message.make_query("www.example.com", "A", use_edns=0, pad=pad),
                "127.0.0.1",
                port=port,
                timeout=10,
                ssl_context=doors.trust.client("dot"),
                server_hostname=NAME,
            )
            for pad in (128, 0)
        ]
    assert [[option.otype for option in reply.options] for reply in got] == [[PADDED], []]


@pytest.mark.rfc(7830, "6")
async def test_section_6_nothing_is_padded_where_everybody_can_read_it(doors: Doors) -> None:
    """Padding is for encrypted transports only: neither answers nor our own queries have it elsewhere."""
    query = dns.message.make_query("www.example.com", "A", use_edns=0, pad=128)
    async with doors.tcp() as port:
        reply = await dns.asyncquery.tcp(query, "127.0.0.1", port=port, timeout=10)
    assert reply.options == ()
    with NameServer() as server:
        async with asking(server) as ask:
            await ask("www.example.com")
    assert PADDED not in [option.otype for option in dns.message.from_wire(server.asked[0].packet).options]
