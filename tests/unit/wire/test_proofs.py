"""Records that are there for DNSSEC alone reach who asked for them, and nobody else (RFC 4035 section 3.2.1)."""

from __future__ import annotations

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given

from safedns.wire.answer import Answer, decode_answer
from safedns.wire.query import Query, decode_query
from safedns.wire.reply import build_reply

from .malformed import A_RECORD, NAME, OPT, POINTER, QUESTION, RESPONSE, header, record
from .strategies import exchanges, lives

PROOFS = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
WITH_DO = record(b"\0", 41, b"", rclass=1232, ttl=0x8000)
SIGNATURE = record(POINTER, 46, b"\0\1\x08\3" + bytes(14) + b"\0" + b"signature")
NSEC = record(POINTER, 47, b"\x01a\0\0\1\x40")
NSEC3 = record(POINTER, 50, b"\1\0\0\0\0\x04hash")


def read(query: Query, answer: Answer) -> dns.message.Message:
    return dns.message.from_wire(build_reply(query, answer), one_rr_per_rrset=True)


def without_proofs(message: dns.message.Message) -> dns.message.Message:
    for section in message.sections[1:]:
        section[:] = [rrset for rrset in section if rrset.rdtype not in PROOFS]
    return message


def shown(message: dns.message.Message) -> list[list[tuple[object, ...]]]:
    """Every record of the three sections but its TTL; names that were spelled out have a letter case of their own."""
    return [
        [(rrset.name, rrset.rdtype, rrset.rdclass, rrset[0].to_text().lower()) for rrset in section]
        for section in message.sections[1:]
    ]


@given(exchanges(proofs=True))
def test_who_asks_with_do_is_told_all_and_who_does_not_all_but_the_proofs(exchange: tuple[bytes, bytes]) -> None:
    query = decode_query(exchange[0])
    answer = decode_answer(exchange[1], query)
    judge = dns.message.from_wire(exchange[1], one_rr_per_rrset=True)
    if not query.do and query.qtype not in (*PROOFS, dns.rdatatype.ANY):
        judge = without_proofs(judge)
    found = read(query, answer)
    assert shown(found) == shown(judge)
    assert answer.counts == (len(judge.answer), len(judge.authority), len(judge.additional))
    ttls = lives(judge, negative=answer.negative)
    assert [rrset.ttl for section in found.sections[1:] for rrset in section] == ttls
    assert [ttl for _, ttl in answer.ttls] == ttls
    assert [int.from_bytes(answer.body[at : at + 4]) for at, _ in answer.ttls] == ttls


@given(exchanges(proofs=True))
def test_the_proofs_change_nothing_else_of_what_is_understood(exchange: tuple[bytes, bytes]) -> None:
    query = decode_query(exchange[0])
    bare = without_proofs(dns.message.from_wire(exchange[1], one_rr_per_rrset=True))
    if query.do or query.qtype in (*PROOFS, dns.rdatatype.ANY):
        return
    answer = decode_answer(exchange[1], query)
    expected = decode_answer(bare.to_wire(max_size=65535), query)
    assert answer._replace(body=b"", ttls=()) == expected._replace(body=b"", ttls=())


@pytest.mark.parametrize("proof", [SIGNATURE, NSEC, NSEC3], ids=["RRSIG", "NSEC", "NSEC3"])
@pytest.mark.parametrize("edns", [False, True], ids=["without EDNS", "with EDNS"])
def test_proofs_go_wherever_they_are(proof: bytes, edns: bool) -> None:
    query = decode_query(header(additionals=edns) + QUESTION + OPT * edns)
    other = record(b"\x03foo\0", 1, b"abcd")
    packet = header(RESPONSE, 1, 2, 2, 3) + QUESTION + proof + A_RECORD + other + proof + proof + OPT + other
    plain = header(RESPONSE, 1, 1, 1, 2) + QUESTION + A_RECORD + other + OPT + other
    answer = decode_answer(packet, query)
    assert answer.counts == (1, 1, 1)
    assert shown(read(query, answer)) == shown(read(query, decode_answer(plain, query)))


@pytest.mark.parametrize("qtype", [46, 47, 50, 255])
def test_who_asks_for_proofs_by_their_type_gets_them_without_do(qtype: int) -> None:
    question = NAME + qtype.to_bytes(2) + b"\0\1"
    packet = header(RESPONSE, 1, 3) + question + SIGNATURE + NSEC + NSEC3
    assert decode_answer(packet, decode_query(header() + question)).body == SIGNATURE + NSEC + NSEC3


def test_records_keep_their_names_when_what_their_pointers_counted_on_is_gone() -> None:
    query = decode_query(header() + QUESTION)
    signer = record(POINTER, 46, b"\0\1\x08\3" + bytes(14) + b"\x04sign" + NAME[4:] + b"signature")
    behind = 12 + len(QUESTION) + len(signer)
    host = record(b"\x04host" + b"\xc0\x10", 1, b"abcd")
    alias = record(POINTER, 5, b"\xc0" + bytes((behind,)))
    packet = header(RESPONSE, 1, 3) + QUESTION + signer + host + alias
    answer = decode_answer(packet, query)
    assert answer.targets == ("host.example.com",)
    assert shown(read(query, answer)) == shown(without_proofs(dns.message.from_wire(packet, one_rr_per_rrset=True)))


def test_who_asks_with_do_gets_the_bytes_as_they_came() -> None:
    query = decode_query(header(additionals=1) + QUESTION + WITH_DO)
    packet = header(RESPONSE, 1, 2, 1, 1) + QUESTION + A_RECORD + SIGNATURE + NSEC + OPT
    assert decode_answer(packet, query).body == A_RECORD + SIGNATURE + NSEC
