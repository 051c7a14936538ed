"""RFC 8906: A common operational problem in DNS servers, failure to communicate"""

from __future__ import annotations

from collections.abc import Callable

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import pytest

from tests.house import House, generic_option
from tests.standards.doors import Doors

UNKNOWN = generic_option(100, b"")
Change = Callable[[dns.message.Message], None]


def flags(bits: int) -> Change:
    def change(query: dns.message.Message) -> None:
        query.flags |= bits

    return change


@pytest.mark.rfc(8906, "8.1")
@pytest.mark.parametrize("change", [flags(dns.flags.CD), flags(dns.flags.AD), flags(0x40)], ids=["CD", "AD", "Z"])
async def test_section_8_1_header_bits_do_not_silence(house: House, change: Change) -> None:
    """A query with CD, AD or the last reserved bit is answered as usual, and the reserved bit does not come back."""
    reply = await house.ask("www.example.com", edns=False, change=change)
    assert (reply.rcode(), bool(reply.answer), reply.flags & 0x40) == (dns.rcode.NOERROR, True, 0)


@pytest.mark.rfc(8906, "8.1")
async def test_section_8_1_an_unknown_type_or_opcode_does_not_silence(house: House) -> None:
    """A query for an unknown type is answered, and one of an unknown opcode is answered NOTIMP."""
    house.table["www.example.com TYPE1000"] = ["NODATA"]
    assert (await house.ask("www.example.com", "TYPE1000", edns=False)).rcode() == dns.rcode.NOERROR
    reply = await house.packet(b"\x12\x34\x78\x00" + bytes(8))
    assert reply is not None
    assert reply[3] & 15 == dns.rcode.NOTIMP


@pytest.mark.rfc(8906, "8.1")
async def test_section_8_1_tcp_does_not_silence(doors: Doors) -> None:
    """A query over TCP is answered."""
    async with doors.tcp() as port:
        query = dns.message.make_query("www.example.com", "A", use_edns=False)
        assert (await dns.asyncquery.tcp(query, "127.0.0.1", port=port, timeout=10)).answer


@pytest.mark.rfc(8906, "8.2")
@pytest.mark.parametrize(
    ("change", "rcode"),
    [
        (lambda query: query.use_edns(0), dns.rcode.NOERROR),
        (lambda query: query.use_edns(1), dns.rcode.BADVERS),
        (lambda query: query.use_edns(0, options=[UNKNOWN]), dns.rcode.NOERROR),
        (lambda query: query.use_edns(0, ednsflags=0x40), dns.rcode.NOERROR),
        (lambda query: query.use_edns(1, ednsflags=0x40), dns.rcode.BADVERS),
        (lambda query: query.use_edns(1, options=[UNKNOWN]), dns.rcode.BADVERS),
        (lambda query: query.use_edns(0, ednsflags=dns.flags.DO), dns.rcode.NOERROR),
        (lambda query: query.use_edns(1, ednsflags=dns.flags.DO), dns.rcode.BADVERS),
    ],
    ids=["edns", "version", "option", "flag", "version, flag", "version, option", "DO", "version, DO"],
)
async def test_section_8_2_whatever_edns_brings_is_answered_in_version_0(
    house: House, change: Change, rcode: int
) -> None:
    """Versions, options and flags of EDNS that are unknown get a response, in the version that is known."""
    reply = await house.ask("www.example.com", change=change)
    assert (reply.rcode(), reply.edns, reply.options) == (rcode, 0, ())
    assert not reply.ednsflags & 0x40


@pytest.mark.rfc(8906, "8.2.7")
async def test_section_8_2_7_a_truncated_response_has_its_opt(house: House) -> None:
    """A response that is cut still has an OPT record when the query had one."""
    reply = await house.ask("big.example.com", "TXT", change=lambda query: query.use_edns(0, payload=512))
    assert (bool(reply.flags & dns.flags.TC), reply.edns) == (True, 0)
