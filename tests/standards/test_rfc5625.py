"""RFC 5625: DNS proxy implementation guidelines"""

from __future__ import annotations

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import pytest

from safedns.errors import UpstreamError
from tests.house import House, answers
from tests.nameserver import NameServer, reply
from tests.standards.doors import Doors
from tests.standards.upstreams import asking


@pytest.mark.rfc(5625, "4.1")
async def test_section_4_1_flags_that_mean_nothing_do_no_harm(house: House) -> None:
    """A query is not dropped or refused for header bits that are unexpected."""
    packet = bytearray(dns.message.make_query("www.example.com", "A").to_wire())
    packet[2] |= 0x06
    packet[3] |= 0xF0
    reply = dns.message.from_wire(await house.packet(bytes(packet)) or b"")
    assert (reply.rcode(), answers(reply)) == (dns.rcode.NOERROR, ["www.example.com A 192.0.2.1"])


@pytest.mark.rfc(5625, "4.3")
@pytest.mark.parametrize("qtype", ["CAA", "TLSA", "NAPTR", "SVCB", "HTTPS", "TYPE65280"])
async def test_section_4_3_every_type_is_passed_on(house: House, qtype: str) -> None:
    """A query for a type that is new or unknown is forwarded like any other."""
    await house.ask("www.example.com", qtype)
    assert len(house.asked) == 1


@pytest.mark.rfc(5625, "4.4")
async def test_section_4_4_tc_is_never_taken_out(house: House) -> None:
    """An answer that is cut says so: TC is set whenever something is missing."""
    reply = await house.ask("big.example.com", "TXT")
    assert reply.flags & dns.flags.TC


@pytest.mark.rfc(5625, "4.4")
@pytest.mark.parametrize("left", [(), ("A 192.0.2.1",)], ids=["nothing left", "one record left"])
async def test_section_4_4_what_was_cut_upstream_is_never_passed_on_as_whole(left: tuple[str, ...]) -> None:
    """An answer that came with TC is not given out as if it were all: all of it is asked for over TCP, or it fails."""
    whole = ("A 192.0.2.1", "A 192.0.2.2")
    with NameServer(
        lambda asked: reply(asked, *left, truncated=True) if asked.transport == "udp" else reply(asked, *whole)
    ) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1", "192.0.2.2")
            server.behave = lambda asked: reply(asked, *left, truncated=True)
            with pytest.raises(UpstreamError, match="truncated"):
                await ask("other.example.com")


@pytest.mark.rfc(5625, "4.4.1")
async def test_section_4_4_1_queries_are_taken_over_tcp(doors: Doors) -> None:
    """A proxy takes queries over TCP as well as over UDP, and says the same."""
    query = dns.message.make_query("www.example.com", "A")
    async with doors.udp() as udp, doors.tcp() as tcp:
        over_udp = await dns.asyncquery.udp(query, "127.0.0.1", port=udp)
        over_tcp = await dns.asyncquery.tcp(query, "127.0.0.1", port=tcp)
    assert answers(over_udp) == answers(over_tcp) == ["www.example.com A 192.0.2.1"]


@pytest.mark.rfc(5625, "4.4.2")
async def test_section_4_4_2_large_answers_pass_to_who_can_take_them(house: House) -> None:
    """With EDNS an answer of more than 512 octets is sent over UDP."""
    house.table["wide.example.com TXT"] = [f'wide.example.com 60 IN TXT "{number:0200d}"' for number in range(4)]
    reply = await house.ask("wide.example.com", "TXT")
    assert (len(answers(reply)), reply.flags & dns.flags.TC) == (4, 0)
