"""RFC 7828: The edns-tcp-keepalive option"""

from __future__ import annotations

import dns.asyncquery
import dns.edns
import dns.message
import pytest

from tests.certificates import Authority
from tests.house import generic_option
from tests.nameserver import NameServer
from tests.standards.doors import Doors
from tests.standards.upstreams import NAME, asking

KEEPALIVE = dns.edns.OptionType.make(11)


def asks_how_long() -> dns.message.Message:
    return dns.message.make_query("www.example.com", "A", use_edns=0, options=[generic_option(11, b"")])


@pytest.mark.rfc(7828, "3.2.1")
async def test_section_3_2_1_a_query_over_tls_asks_how_long_the_connection_stays(authority: Authority) -> None:
    """A client asks with an empty option, and over connections only."""
    with NameServer(certificate=authority.issue(NAME)) as server:
        async with asking(server) as ask:
            await ask("www.example.com")
    (option,) = [each for each in dns.message.from_wire(server.asked[0].packet).options if each.otype == KEEPALIVE]
    assert option.to_wire() == b""


@pytest.mark.rfc(7828, "3.3.1")
async def test_section_3_3_1_over_udp_the_option_is_ignored(doors: Doors) -> None:
    """A server ignores the option in a query over UDP and does not send it there."""
    async with doors.udp() as port:
        reply = await dns.asyncquery.udp(asks_how_long(), "127.0.0.1", port=port, timeout=10)
    assert (bool(reply.answer), reply.options) == (True, ())


@pytest.mark.rfc(7828, "3.3.2")
async def test_section_3_3_2_over_tcp_who_asks_is_told_how_long_a_connection_stays(doors: Doors) -> None:
    """The answer tells the time for which an idle connection is kept; to nobody who did not ask."""
    async with doors.tcp() as port:
        told = await dns.asyncquery.tcp(asks_how_long(), "127.0.0.1", port=port, timeout=10)
        query = dns.message.make_query("www.example.com", "A", use_edns=0)
        untold = await dns.asyncquery.tcp(query, "127.0.0.1", port=port, timeout=10)
    (option,) = told.options
    assert (option.otype, int.from_bytes(option.to_wire() or b"") > 0, untold.options) == (KEEPALIVE, True, ())
