"""RFC 2181: Clarifications to the DNS specification"""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest

from safedns.wire.answer import decode_answer
from safedns.wire.query import decode_query
from tests.house import House, answers, rrset_from, ttls
from tests.nameserver import NameServer, reply
from tests.standards.upstreams import asking

QUERY = decode_query(dns.message.make_query("www.example.com", "A", use_edns=False).to_wire())


def response(*lines: str) -> dns.message.Message:
    """A response to ``QUERY`` with every record by itself, as no resolver's library writes them."""
    made = dns.message.make_response(dns.message.make_query("www.example.com", "A", use_edns=False))
    made.answer.extend(rrset_from(line) for line in lines)
    return made


@pytest.mark.rfc(2181, "5.2")
async def test_section_5_2_all_records_of_a_set_have_the_same_ttl(house: House) -> None:
    """No set of records is sent with several TTLs: the lowest is that of all."""
    house.table["www.example.com A"] = ["www.example.com 300 IN A 192.0.2.1", "www.example.com 60 IN A 192.0.2.2"]
    packet = dns.message.make_query("www.example.com", "A").to_wire()
    for _ in range(2):
        sent = dns.message.from_wire(await house.packet(packet) or b"", one_rr_per_rrset=True)
        assert ttls(sent) == [60, 60]


@pytest.mark.rfc(2181, "5.4.1")
async def test_section_5_4_1_what_came_along_answers_no_question_of_its_own(house: House) -> None:
    """What came along with an answer never answers a question of its own: that one is asked upstream."""
    await house.ask("alias.example.com")
    await house.ask("www.example.com")
    assert [asked.name for asked in house.asked] == ["alias.example.com", "www.example.com"]


@pytest.mark.rfc(2181, "8")
def test_section_8_a_ttl_with_the_top_bit_set_is_zero() -> None:
    """A TTL has 31 bits; one with the top bit set is taken for zero."""
    packet = bytearray(response("www.example.com 60 IN A 192.0.2.1").to_wire())
    packet[-10:-6] = b"\x80\0\0\1"
    assert decode_answer(bytes(packet), QUERY).ttl == 0


@pytest.mark.rfc(2181, "9")
async def test_section_9_a_truncated_answer_is_not_used_but_asked_for_over_tcp() -> None:
    """When TC is set the answer is ignored and the question is asked again over TCP."""
    with NameServer(lambda asked: reply(asked, "A 192.0.2.1", truncated=asked.transport == "udp")) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
    assert [asked.transport for asked in server.asked] == ["udp", "tcp"]


@pytest.mark.rfc(2181, "9")
async def test_section_9_a_cut_answer_has_no_half_sets(house: House) -> None:
    """TC says that a set of records could not be included whole: a cut reply has none at all."""
    cut = await house.ask("big.example.com", "TXT")
    assert (bool(cut.flags & dns.flags.TC), answers(cut)) == (True, [])


@pytest.mark.rfc(2181, "11")
async def test_section_11_any_octets_make_a_label(house: House) -> None:
    """Labels may hold any octets; nothing is refused for its characters."""
    name = r"\000\255_a\.b.example.com"
    reply_ = await house.ask(name)
    assert (reply_.rcode(), reply_.question[0].name.to_text()) == (dns.rcode.NXDOMAIN, f"{name}.")
    assert len(house.asked) == 1
