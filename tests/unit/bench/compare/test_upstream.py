"""The answering server agrees with dnspython."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rdatatype
import pytest

from tests.bench.compare.upstream import TTL, answer


def test_any_name_has_one_address() -> None:
    query = dns.message.make_query("w1.example.com", "A")
    packet = answer(query.to_wire())
    assert packet is not None
    reply = dns.message.from_wire(packet)
    assert query.is_response(reply)
    assert reply.flags & dns.flags.RA
    assert [(rrset.name.to_text(), rrset.ttl, [str(record) for record in rrset]) for rrset in reply.answer] == [
        ("w1.example.com.", TTL, ["11.22.33.44"])
    ]


@pytest.mark.parametrize("qtype", ["AAAA", "HTTPS", "TXT"])
def test_other_types_have_no_data(qtype: str) -> None:
    query = dns.message.make_query("w1.example.com", qtype, use_edns=True)
    packet = answer(query.to_wire())
    assert packet is not None
    reply = dns.message.from_wire(packet)
    assert query.is_response(reply)
    assert reply.answer == []


@pytest.mark.parametrize("packet", [b"", b"\0" * 12, b"\0" * 16, b"\0\1\1\0\0\1" + b"\0" * 6 + b"\3com"])
def test_what_is_no_query_gets_no_answer(packet: bytes) -> None:
    assert answer(packet) is None
