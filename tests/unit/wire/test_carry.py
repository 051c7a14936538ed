"""Answers that move to another question."""

from __future__ import annotations

import dns.message
import dns.rcode
import pytest

from safedns.wire.answer import decode_answer
from safedns.wire.carry import carried
from safedns.wire.query import Query, decode_query
from safedns.wire.reply import build_reply


def asked(name: str, qtype: str = "A") -> Query:
    return decode_query(dns.message.make_query(name, qtype).to_wire())


def response(name: str, text: str) -> bytes:
    """On the wire with names compressed, as upstreams send it; ``text``: sections as dnspython writes them."""
    head = f"id 1\nopcode QUERY\nrcode NXDOMAIN\nflags QR RD RA\n;QUESTION\n{name} IN A\n"
    return dns.message.from_text(head + text).to_wire()


DENIAL = """;ANSWER
;AUTHORITY
gone.example. 60 IN SOA ns.gone.example. root.example. 1 2 3 4 60
gone.example. 60 IN NSEC next.example. A
;ADDITIONAL
ns.gone.example. 3600 IN A 192.0.2.1
"""


@pytest.mark.parametrize("name", ["www.gone.example", "a.very.much.longer.name.below.gone.example", "gone.example"])
def test_records_stay_the_same_behind_another_question(name: str) -> None:
    before = asked("gone.example")
    answer = decode_answer(response("gone.example.", DENIAL), before)
    query = asked(name)
    moved = dns.message.from_wire(build_reply(query, carried(answer, before.question, query)))
    original = dns.message.from_wire(build_reply(before, answer))
    assert moved.rcode() == dns.rcode.NXDOMAIN
    assert (moved.authority, moved.additional) == (original.authority, original.additional)


def test_the_name_asked_for_is_written_once() -> None:
    query = asked("gone.example")
    answer = decode_answer(response("gone.example.", DENIAL), query)
    assert carried(answer, query.question, query).body.count(b"\x04gone\x07example\0") == 2  # inside ns.gone.example
