"""RFC 6891: Extension mechanisms for DNS, EDNS(0)"""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest

from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House, answers, generic_option

OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"


def with_records(*records: bytes) -> bytes:
    """A query whose additional section is these records."""
    packet = bytearray(dns.message.make_query("www.example.com", "A", use_edns=False).to_wire())
    packet[11] = len(records)
    return bytes(packet) + b"".join(records)


@pytest.mark.rfc(6891, "6.1.1")
@pytest.mark.parametrize("name", ["www.example.com", "missing.example.com", "failing.example.com", "blocked.example"])
async def test_section_6_1_1_an_opt_is_answered_by_an_opt(house: House, name: str) -> None:
    """A response has an OPT record if the query had one, and none if not; whatever the answer is."""
    assert (await house.ask(name, client="127.0.0.3")).edns == 0
    assert (await house.ask(name, client="127.0.0.3", edns=False)).edns == -1


@pytest.mark.rfc(6891, "6.1.1")
async def test_section_6_1_1_a_second_opt_is_a_format_error(house: House) -> None:
    """A query with more than one OPT record is answered FORMERR."""
    reply = await house.packet(with_records(OPT, OPT))
    assert dns.message.from_wire(reply or b"").rcode() == dns.rcode.FORMERR


@pytest.mark.rfc(6891, "6.1.1")
def test_section_6_1_1_the_opt_is_not_forwarded() -> None:
    """OPT is between neighbours: what goes upstream has an OPT of our own, with nothing of the client's in it."""
    option = generic_option(65001, b"\xaa\xbb\xcc\xdd\xee\x01")
    query = dns.message.make_query("www.example.com", "A", use_edns=0, payload=4000, options=[option])
    sent = dns.message.from_wire(upstream_request(decode_query(query.to_wire()), 0))
    assert (sent.edns, sent.payload, sent.options) == (0, 1232, ())


@pytest.mark.rfc(6891, "6.1.2")
async def test_section_6_1_2_unknown_options_are_ignored(house: House) -> None:
    """An option that is not known changes nothing and is not echoed."""
    reply = await house.ask(
        "www.example.com", change=lambda query: query.use_edns(0, options=[generic_option(65500, b"unknown")])
    )
    assert (answers(reply), reply.options) == (["www.example.com A 192.0.2.1"], ())


@pytest.mark.rfc(6891, "6.1.3")
async def test_section_6_1_3_a_later_version_is_told_which_one_is_spoken(house: House) -> None:
    """A query of a version that is not supported is answered BADVERS, with the highest version that is: 0."""
    reply = await house.ask("www.example.com", change=lambda query: query.use_edns(1))
    assert (reply.rcode(), reply.edns, reply.answer, house.asked) == (dns.rcode.BADVERS, 0, [], [])


@pytest.mark.rfc(6891, "6.1.4")
async def test_section_6_1_4_unknown_flags_are_ignored_and_not_sent(house: House) -> None:
    """Flags without meaning are ignored in a query and zero in its response."""
    reply = await house.ask("www.example.com", change=lambda query: query.use_edns(0, ednsflags=0x4001))
    assert (answers(reply), reply.ednsflags & 0x7FFF) == (["www.example.com A 192.0.2.1"], 0)


@pytest.mark.rfc(6891, "6.2.3")
async def test_section_6_2_3_a_payload_size_below_512_is_512(house: House) -> None:
    """A payload size of less than 512 octets is taken for 512."""
    house.table["wide.example.com TXT"] = [f'wide.example.com 60 IN TXT "{number:0200d}"' for number in range(2)]
    reply = await house.ask("wide.example.com", "TXT", change=lambda query: query.use_edns(0, payload=100))
    assert len(answers(reply)) == 2


@pytest.mark.rfc(6891, "6.2.5")
async def test_section_6_2_5_our_own_size_is_told_and_kept(house: House) -> None:
    """A responder tells its own payload size, and no datagram is longer than the asker can take."""
    for size in (600, 900, 1232, 4096):
        packet = dns.message.make_query("big.example.com", "TXT", use_edns=0, payload=size).to_wire()
        reply = await house.packet(packet) or b""
        assert len(reply) <= size
        assert dns.message.from_wire(reply).payload == 1232


@pytest.mark.rfc(6891, "7")
async def test_section_7_an_option_that_is_cut_off_is_a_format_error(house: House) -> None:
    """A malformed OPT record is answered FORMERR."""
    cut = OPT[:-1] + b"\4" + b"\0\x0a\0\x09"
    assert dns.message.from_wire(await house.packet(with_records(cut)) or b"").rcode() == dns.rcode.FORMERR
