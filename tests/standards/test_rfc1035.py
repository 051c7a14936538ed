"""RFC 1035: Domain names, implementation and specification"""

from __future__ import annotations

import dns.asyncquery
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import pytest

from safedns.wire.answer import decode_answer
from safedns.wire.query import decode_query
from tests.house import House, answers
from tests.standards.doors import Doors


@pytest.mark.rfc(1035, "2.3.4")
async def test_section_2_3_4_labels_of_63_and_names_of_255_octets_pass_and_longer_ones_are_errors(house: House) -> None:
    """A label has 63 octets at most and a name 255; a question with a longer one is malformed."""
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert (await house.ask(longest)).rcode() == dns.rcode.NXDOMAIN
    assert [asked.name for asked in house.asked] == [longest]
    header = bytes.fromhex("123401000001000000000000")
    for name in (b"\x40" + b"a" * 64 + b"\0", b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0"):
        reply = await house.packet(header + name + b"\0\1\0\1")
        assert reply is not None
        assert reply[3] & 15 == dns.rcode.FORMERR


@pytest.mark.rfc(1035, "3.2.4")
async def test_section_3_2_4_a_class_that_is_not_served_is_refused(house: House) -> None:
    """Only the Internet's names are resolved; another class is refused and not asked upstream."""
    reply = await house.ask("www.example.com", change=lambda query: setattr(query.question[0], "rdclass", 4))
    assert (reply.rcode(), house.asked) == (dns.rcode.REFUSED, [])


@pytest.mark.rfc(1035, "4.1.1")
async def test_section_4_1_1_an_answer_echoes_id_opcode_and_rd(house: House) -> None:
    """A response has the id of its query, QR set, and opcode and RD as they were."""
    for rd in (0, dns.flags.RD):
        query = dns.message.make_query("www.example.com", "A", id=0xBEEF, flags=rd)
        reply = dns.message.from_wire(await house.packet(query.to_wire()) or b"")
        assert (reply.id, reply.opcode(), reply.flags & dns.flags.RD) == (0xBEEF, dns.opcode.QUERY, rd)
        assert reply.flags & dns.flags.QR


@pytest.mark.rfc(1035, "4.1.1")
async def test_section_4_1_1_what_was_learned_from_others_has_no_authority(house: House) -> None:
    """AA says that the responder is an authority for the name: never set on what came from an upstream."""
    house.table["www.example.com A"] = ["AA", "www.example.com 300 IN A 192.0.2.1"]
    for _ in range(2):
        assert not (await house.ask("www.example.com")).flags & dns.flags.AA


@pytest.mark.rfc(1035, "4.1.1")
@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 15])
async def test_section_4_1_1_another_kind_of_query_is_not_implemented(house: House, opcode: int) -> None:
    """A kind of query that is not supported is answered NOTIMP."""
    query = dns.message.make_query("www.example.com", "A")
    packet = bytearray(query.to_wire())
    packet[2] |= opcode << 3
    reply = await house.packet(bytes(packet))
    assert reply is not None
    assert (reply[:2], reply[2] >> 3 & 15, reply[3] & 15) == (bytes(packet[:2]), opcode, dns.rcode.NOTIMP)


@pytest.mark.rfc(1035, "4.1.1")
@pytest.mark.parametrize("said", ["FORMERR", "NOTIMP", "REFUSED"])
async def test_section_4_1_1_what_an_upstream_has_against_our_query_is_no_fault_of_the_clients(
    house: House, said: str
) -> None:
    """FORMERR, NOTIMP and REFUSED are about the query that they answer: of one from us a client hears SERVFAIL."""
    house.table["www.example.com A"] = [said]
    assert (await house.ask("www.example.com")).rcode() == dns.rcode.SERVFAIL


@pytest.mark.rfc(1035, "4.1.1")
async def test_section_4_1_1_what_cannot_be_interpreted_is_a_format_error(house: House) -> None:
    """A query that cannot be read is answered FORMERR under its id."""
    reply = await house.packet(b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0\x03www")
    assert reply is not None
    assert (reply[:2], reply[3] & 15) == (b"\x12\x34", dns.rcode.FORMERR)


@pytest.mark.rfc(1035, "4.1.2")
@pytest.mark.parametrize("name", ["www.example.com", "missing.example.com", "blocked.example", "fAiLing.example.com"])
async def test_section_4_1_2_an_answer_echoes_the_question(house: House, name: str) -> None:
    """The question comes back octet for octet, whatever the answer is."""
    query = dns.message.make_query(name, "A", use_edns=False).to_wire()
    reply = await house.packet(query, "127.0.0.3")
    assert reply is not None
    assert (reply[4:6], reply[12 : len(query)]) == (b"\0\1", query[12:])


@pytest.mark.rfc(1035, "4.1.4")
def test_section_4_1_4_compressed_names_are_read() -> None:
    """A pointer to an earlier name may stand for the rest of a name; loops of pointers are errors."""
    query = decode_query(dns.message.make_query("www.example.com", "A", use_edns=False).to_wire())
    header = bytes.fromhex("000081800001000100000000")
    alias = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\x06\3ftp\xc0\x10"
    assert decode_answer(header + query.question + alias, query).targets == ("ftp.example.com",)
    loop = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x2d"
    with pytest.raises(Exception, match="pointer"):
        decode_answer(header + query.question + loop, query)


@pytest.mark.rfc(1035, "4.2.1")
async def test_section_4_2_1_a_udp_answer_has_512_octets_at_most_and_is_cut_with_tc(house: House) -> None:
    """Over UDP a message has 512 octets at most (without EDNS); what is longer is truncated and says so."""
    packet = dns.message.make_query("big.example.com", "TXT", use_edns=False).to_wire()
    reply = await house.packet(packet)
    assert reply is not None
    assert len(reply) <= 512
    assert dns.message.from_wire(reply).flags & dns.flags.TC


@pytest.mark.rfc(1035, "4.2.2")
async def test_section_4_2_2_a_tcp_message_has_its_length_in_front_and_comes_whole(doors: Doors) -> None:
    """Over TCP a message stands behind two octets of length, and what did not fit in a datagram comes whole."""
    async with doors.tcp() as port:
        reply = await dns.asyncquery.tcp(dns.message.make_query("big.example.com", "TXT"), "127.0.0.1", port=port)
    assert len(answers(reply)) == 20


@pytest.mark.rfc(1035, "7.3")
def test_section_7_3_a_response_belongs_to_its_question() -> None:
    """A response whose question is not the one that was asked is no answer."""
    query = decode_query(dns.message.make_query("www.example.com", "A").to_wire())
    for other in (("ww2.example.com", "A"), ("www.example.com", "AAAA")):
        response = dns.message.make_response(dns.message.make_query(*other))
        with pytest.raises(Exception, match="another question"):
            decode_answer(response.to_wire(), query)
