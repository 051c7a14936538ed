"""Answers: what is kept of a response, and for how long."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Any

import dns.message
import pytest
from hypothesis import given

from safedns.errors import WireError
from safedns.wire.answer import aged, decode_answer, make_answer
from safedns.wire.names import from_wire, to_wire
from safedns.wire.query import Query, decode_query
from safedns.wire.reply import build_reply
from safedns.wire.types import Ede, QType, RCode

from . import malformed
from .malformed import A_RECORD, NAME, OPT, POINTER, QUESTION, RESPONSE, BadResponse, header, record
from .strategies import exchanges, lives

NXDOMAIN = RESPONSE | 3


def asked(question: bytes = QUESTION) -> Query:
    return decode_query(header() + question)


def soa(ttl: int, minimum: int) -> bytes:
    return record(b"\xc0\x10", 6, b"\0\0" + struct.pack("!5I", 1, 2, 3, 4, minimum), ttl=ttl)


def test_an_address_answer_is_read() -> None:
    packet = header(RESPONSE, answers=1) + QUESTION + A_RECORD
    answer = decode_answer(packet, asked())
    assert (answer.rcode, answer.counts, answer.body) == (0, (1, 0, 0), A_RECORD)
    assert (answer.ttl, answer.ttls, answer.negative) == (300, ((6, 300),), False)
    assert (answer.addresses, answer.targets) == (("192.0.2.1",), ())
    assert (answer.aa, answer.ad, answer.truncated) == (False, False, False)


def test_an_alias_chain_tells_its_targets_and_addresses_and_lives_as_long_as_its_shortest_link() -> None:
    packet = (
        header(RESPONSE, answers=3)
        + QUESTION
        + record(POINTER, 5, b"\x03CDN\xc0\x10", ttl=60)
        + record(b"\xc0\x2d", 1, b"\xc0\0\x02\x09", ttl=40)
        + record(b"\xc0\x2d", 28, bytes.fromhex("20010db8000000000000000000000001"), ttl=90)
    )
    answer = decode_answer(packet, asked())
    assert answer.targets == ("cdn.example.com",)
    assert answer.addresses == ("192.0.2.9", "2001:db8::1")
    assert (answer.ttl, answer.negative) == (40, False)


def test_service_records_tell_their_target_and_address_hints() -> None:
    hints = b"\0\x04\0\x08\xc0\0\x02\x01\xc0\0\x02\x02" + b"\0\x06\0\x10" + bytes(15) + b"\x01"
    parameters = b"\0\x01\0\x03\x02h2" + hints
    packet = header(RESPONSE, answers=2) + NAME + b"\0\x41\0\x01"
    packet += record(POINTER, 65, b"\0\x01\x03svc\x07example\0" + parameters)
    packet += record(POINTER, 65, b"\0\x02\0" + parameters[:7])
    answer = decode_answer(packet, asked(NAME + b"\0\x41\0\x01"))
    assert answer.targets == ("svc.example",)
    assert answer.addresses == ("192.0.2.1", "192.0.2.2", "::1")
    assert not answer.negative


def test_a_dname_tells_its_target() -> None:
    packet = header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x10", 39, b"\x05Other\0")
    assert decode_answer(packet, asked()).targets == ("other",)


def test_only_the_answer_section_tells_targets_and_addresses() -> None:
    packet = header(RESPONSE, 1, 1, 1, 1) + QUESTION + A_RECORD + record(POINTER, 5, b"\x01x\0") + A_RECORD
    answer = decode_answer(packet, asked())
    assert (answer.addresses, answer.targets, answer.counts) == (("192.0.2.1",), (), (1, 1, 1))


def test_addresses_of_another_class_are_not_addresses() -> None:
    question = NAME + b"\0\x01\0\x03"
    packet = header(RESPONSE, answers=1) + question + record(POINTER, 1, b"\0\x01\x02", rclass=3)
    assert decode_answer(packet, asked(question)).addresses == ()


@pytest.mark.parametrize("rcode", [RCode.NXDOMAIN, RCode.NOERROR])
@pytest.mark.parametrize(("ttl", "minimum", "lifetime"), [(900, 60, 60), (30, 600, 30), (0, 600, 0)])
def test_a_negative_answer_lives_as_long_as_its_soa_says(rcode: int, ttl: int, minimum: int, lifetime: int) -> None:
    answer = decode_answer(header(RESPONSE | rcode, authorities=1) + QUESTION + soa(ttl, minimum), asked())
    assert (answer.negative, answer.ttl) == (True, lifetime)
    assert (answer.ttls, answer.body) == (((6, lifetime),), soa(lifetime, minimum))


@pytest.mark.parametrize("rcode", [RCode.NXDOMAIN, RCode.NOERROR])
def test_a_negative_answer_without_soa_is_not_kept(rcode: int) -> None:
    referral = record(b"\xc0\x10", 2, b"\x02ns\xc0\x10")
    answer = decode_answer(header(RESPONSE | rcode, authorities=1) + QUESTION + referral, asked())
    assert (answer.negative, answer.ttl) == (True, 0)


def test_an_alias_that_ends_in_nothing_is_negative_and_lives_no_longer_than_its_links() -> None:
    alias = record(POINTER, 5, b"\x03cdn\xc0\x10", ttl=20)
    for flags in (RESPONSE, NXDOMAIN):
        answer = decode_answer(header(flags, answers=1, authorities=1) + QUESTION + alias + soa(900, 60), asked())
        assert (answer.negative, answer.ttl, answer.targets) == (True, 20, ("cdn.example.com",))


def test_an_alias_that_was_asked_for_is_a_positive_answer() -> None:
    for qtype in (QType.CNAME, QType.ANY):
        question = NAME + struct.pack("!HH", qtype, 1)
        alias = record(POINTER, 5, b"\x03cdn\xc0\x10", ttl=20)
        answer = decode_answer(header(RESPONSE, answers=1) + question + alias, asked(question))
        assert (answer.negative, answer.ttl) == (False, 20)


@pytest.mark.parametrize("rcode", [RCode.FORMERR, RCode.SERVFAIL, RCode.NOTIMP, RCode.REFUSED])
def test_a_failure_is_not_kept(rcode: int) -> None:
    answer = decode_answer(
        header(RESPONSE | rcode, answers=1, authorities=1) + QUESTION + A_RECORD + soa(9, 9), asked()
    )
    assert (answer.rcode, answer.ttl, answer.negative) == (rcode, 0, False)


def test_a_ttl_with_the_top_bit_set_is_zero() -> None:
    packet = header(RESPONSE, answers=2) + QUESTION + A_RECORD + record(b"\xc0\x10", 1, b"abcd", ttl=0x80000001)
    answer = decode_answer(packet, asked())
    assert (answer.ttl, answer.ttls) == (0, ((6, 300), (22, 0)))
    assert answer.body == A_RECORD + record(b"\xc0\x10", 1, b"abcd", ttl=0)


def test_an_soa_minimum_with_the_top_bit_set_is_zero() -> None:
    assert decode_answer(header(NXDOMAIN, authorities=1) + QUESTION + soa(60, 0x80000000), asked()).ttl == 0


def test_a_truncated_response_has_no_records_whatever_is_left_of_them() -> None:
    packet = header(RESPONSE | 0x0200, answers=9) + QUESTION + A_RECORD[:-2]
    answer = decode_answer(packet, asked())
    assert (answer.truncated, answer.counts, answer.body, answer.ttl) == (True, (0, 0, 0), b"", 0)


def test_the_authentic_data_bit_is_read_and_authority_is_not_taken_over() -> None:
    answer = decode_answer(header(RESPONSE | 0x0420, answers=1) + QUESTION + A_RECORD, asked())
    assert (answer.ad, answer.aa) == (True, False)


def test_the_question_may_come_back_in_other_letter_case() -> None:
    packet = header(RESPONSE, answers=1) + QUESTION.swapcase() + A_RECORD
    assert decode_answer(packet, asked()).addresses == ("192.0.2.1",)


def test_the_opt_is_taken_out_wherever_it_is() -> None:
    other = record(b"\x03foo\0", 1, b"abcd")
    last = decode_answer(header(RESPONSE, 1, 1, 0, 2) + QUESTION + A_RECORD + other + OPT, asked())
    first = decode_answer(header(RESPONSE, 1, 1, 0, 2) + QUESTION + A_RECORD + OPT + other, asked())
    none = decode_answer(header(RESPONSE, 1, 1, 0, 1) + QUESTION + A_RECORD + other, asked())
    assert last == first == none
    assert none.counts == (1, 0, 1)


def test_records_behind_the_opt_keep_their_names_when_it_is_taken_out() -> None:
    packet = header(RESPONSE, additionals=3) + QUESTION + OPT
    packet += record(b"\x02ns" + b"\xc0\x10", 1, b"abcd")
    packet += record(b"\xc0\x2c", 15, b"\0\x0a\x04mail\xc0\x2c")
    answer = decode_answer(packet, asked())
    domain = NAME[4:]
    assert answer.body == record(b"\x02ns" + domain, 1, b"abcd") + record(
        b"\x02ns" + domain, 15, b"\0\x0a\x04mail\x02ns" + domain
    )
    assert answer.counts == (0, 0, 2)
    assert [answer.body[offset : offset + 4] for offset, _ in answer.ttls] == [struct.pack("!I", 300)] * 2


def test_the_opt_brings_the_upper_bits_of_the_rcode() -> None:
    extended = record(b"\0", 41, b"", rclass=1232, ttl=0x01000000)
    answer = decode_answer(header(RESPONSE | 7, additionals=1) + QUESTION + extended, asked())
    assert (answer.rcode, answer.ttl, answer.negative) == (23, 0, False)


@pytest.mark.parametrize("case", malformed.RESPONSES.values(), ids=malformed.RESPONSES.keys())
def test_a_malformed_response_is_refused(case: BadResponse) -> None:
    with pytest.raises(WireError) as caught:
        decode_answer(case.packet, asked())
    assert str(caught.value) == case.complaint


@given(exchanges())
def test_reading_agrees_with_dnspython(exchange: tuple[bytes, bytes]) -> None:
    answer = decode_answer(exchange[1], decode_query(exchange[0]))
    judge = dns.message.from_wire(exchange[1], one_rr_per_rrset=True)
    assert answer.rcode == judge.rcode()
    assert answer.counts == (len(judge.answer), len(judge.authority), len(judge.additional))
    assert [ttl for _, ttl in answer.ttls] == lives(judge, negative=answer.negative)
    read: list[Any] = [rdata for rrset in judge.answer for rdata in rrset]
    leading = [rdata for rdata in read if rdata.rdtype in (QType.CNAME, QType.DNAME, QType.SVCB, QType.HTTPS)]
    targets = [(rdata.rdtype, from_wire(rdata.target.to_wire(), 0)[0]) for rdata in leading]
    assert list(answer.targets) == [
        name for rtype, name in targets if name != "." or rtype in (QType.CNAME, QType.DNAME)
    ]
    addresses = [
        address
        for rdata in read
        for address in (
            [rdata.address]
            if rdata.rdtype in (QType.A, QType.AAAA)
            else [hint for key in (4, 6) for hint in rdata.params[key].addresses]
            if rdata.rdtype in (QType.SVCB, QType.HTTPS)
            else []
        )
    ]
    assert list(map(ip_address, answer.addresses)) == list(map(ip_address, addresses))


@given(exchanges())
def test_an_answer_put_back_into_a_reply_reads_the_same(exchange: tuple[bytes, bytes]) -> None:
    query = decode_query(exchange[0])
    answer = decode_answer(exchange[1], query)
    again = decode_answer(build_reply(query, answer), query)
    # The AD bit and the upper bits of the RCODE are not for everybody, and what the upstream claims is not handed on.
    assert again == answer._replace(ad=again.ad, rcode=again.rcode, denied=again.denied)


def test_records_of_our_own_become_an_authoritative_answer() -> None:
    answer = make_answer(
        asked(),
        [
            ("www.example.com", QType.CNAME, 60, to_wire("safe.example.net")),
            ("safe.example.net", QType.A, 30, bytes((192, 0, 2, 7))),
        ],
    )
    assert answer.body == record(POINTER, 5, b"\x04safe\x07example\x03net\0", ttl=60) + record(
        b"\x04safe\x07example\x03net\0", 1, bytes((192, 0, 2, 7)), ttl=30
    )
    assert (answer.aa, answer.rcode, answer.negative, answer.ttl) == (True, 0, False, 30)
    assert (answer.targets, answer.addresses) == (("safe.example.net",), ("192.0.2.7",))


def test_a_negative_of_our_own_carries_an_soa_so_that_clients_keep_it() -> None:
    answer = make_answer(asked(), (), rcode=RCode.NXDOMAIN, soa_ttl=15)
    judge = dns.message.from_wire(build_reply(asked(), answer))
    assert judge.rcode() == 3
    assert [(str(found.name), found.ttl, found[0].minimum) for found in judge.authority] == [
        ("www.example.com.", 15, 15)
    ]
    assert (answer.negative, answer.ttl) == (True, 15)


def test_an_answer_of_our_own_keeps_the_class_of_the_question() -> None:
    chaos = make_answer(asked(NAME + b"\0\x10\0\x03"), [("www.example.com", QType.TXT, 0, b"\x02hi")])
    assert chaos.body == record(POINTER, 16, b"\x02hi", rclass=3, ttl=0)
    anything = make_answer(asked(NAME + b"\0\x10\0\xff"), [("www.example.com", QType.TXT, 0, b"\x02hi")])
    assert anything.body == record(POINTER, 16, b"\x02hi", rclass=1, ttl=0)


def test_rdata_that_does_not_fit_its_type_is_refused() -> None:
    with pytest.raises(WireError):
        make_answer(asked(), [("www.example.com", QType.A, 60, b"abc")])
    with pytest.raises(ValueError):
        make_answer(asked(), [("a..b", QType.A, 60, b"abcd")])


def told(code: int, text: bytes = b"") -> bytes:
    """An OPT record with an extended error (RFC 8914 section 2)."""
    return malformed.opt(struct.pack("!HHH", 15, 2 + len(text), code) + text)


@pytest.mark.parametrize(
    ("flags", "records", "denied"),
    [
        (RESPONSE, A_RECORD, 0),
        (RESPONSE, record(POINTER, 1, bytes(4)), 17),  # 0.0.0.0
        (RESPONSE, record(POINTER, 1, b"\x92\x70\x3d\x6a"), 17),  # a block page of OpenDNS
        (NXDOMAIN, b"", 0),
        (NXDOMAIN | 0x0400, b"", 17),  # denied with an authority that a resolver does not have
        (RESPONSE | 0x0400, A_RECORD, 0),
        (RESPONSE, A_RECORD + told(15, b"malware"), 15),
        (NXDOMAIN, told(16), 16),
        (NXDOMAIN | 0x0400, told(17), 17),
        (NXDOMAIN, told(9, b"DNSKEY missing"), 0),
        (RESPONSE, A_RECORD + malformed.opt(b"\0\x0a\0\0" + b"\0\x0f\0\x02\0\x0f"), 15),
        (RESPONSE, A_RECORD + malformed.opt(b"\0\x0f\0\x01\0"), 0),
        (RESPONSE, A_RECORD + malformed.opt(b"\0\x0f\0\x09\0\x0f"), 0),  # cut off: says nothing, and harms nothing
    ],
)
def test_an_upstream_that_keeps_a_name_closed_is_recognised_by_what_it_says_or_shows(
    flags: int, records: bytes, denied: int
) -> None:
    answers = records.startswith(POINTER)
    additionals = b"\0\0\x29" in records
    packet = header(flags, answers=answers, additionals=additionals) + QUESTION + records
    assert decode_answer(packet, asked()).denied == denied


def test_a_set_of_records_has_the_lowest_of_its_ttls_and_others_keep_theirs() -> None:
    packet = header(RESPONSE, answers=3) + QUESTION
    for owner, ttl in ((POINTER, 300), (POINTER, 60), (b"\xc0\x10", 200)):
        packet += record(owner, 1, b"\xc0\0\x02\x01", ttl=ttl)
    answer = decode_answer(packet, asked())
    assert [ttl for _, ttl in answer.ttls] == [60, 60, 200]
    assert [int.from_bytes(answer.body[at : at + 4]) for at, _ in answer.ttls] == [60, 60, 200]


@pytest.mark.parametrize(("seconds", "ttls", "ttl"), [(0, [60, 90], 60), (50, [10, 40], 10), (70, [0, 20], 0)])
def test_an_answer_that_lay_in_a_cache_lives_so_much_shorter(seconds: int, ttls: list[int], ttl: int) -> None:
    chain = record(POINTER, 5, b"\x03CDN\xc0\x10", ttl=60) + record(b"\xc0\x2d", 1, b"\xc0\0\x02\x09", ttl=90)
    answer = aged(decode_answer(header(RESPONSE, answers=2) + QUESTION + chain, asked()), seconds)
    assert (answer.ttl, [one for _, one in answer.ttls]) == (ttl, ttls)
    assert [int.from_bytes(answer.body[at : at + 4]) for at, _ in answer.ttls] == ttls
    assert answer.addresses == ("192.0.2.9",)


BARE = (RCode.FORMERR, RCode.SERVFAIL, RCode.NOTIMP, RCode.REFUSED)
"""What a server says that repeats no question, for it could or would not read it."""


@pytest.mark.parametrize("rcode", BARE)
@pytest.mark.parametrize("behind", [b"", OPT], ids=["alone", "with OPT"])
def test_an_error_without_the_question_is_understood(rcode: int, behind: bytes) -> None:
    answer = decode_answer(header(RESPONSE | rcode, 0, additionals=bool(behind)) + behind, asked())
    assert (answer.rcode, answer.counts, answer.body, answer.ttls) == (rcode, (0, 0, 0), b"", ())
    assert (answer.ttl, answer.negative, answer.aa, answer.ad, answer.truncated) == (0, False, False, False, False)
    assert (answer.denied, answer.error) == (0, 0)


def test_the_opt_of_an_error_without_the_question_brings_the_upper_bits_of_the_rcode() -> None:
    bad_cookie = record(b"\0", 41, b"", rclass=1232, ttl=0x01000000)
    assert decode_answer(header(RESPONSE | 7, 0, additionals=1) + bad_cookie, asked()).rcode == RCode.BADCOOKIE


@pytest.mark.parametrize(
    ("rcode", "code", "denied", "error"),
    [
        (RCode.SERVFAIL, Ede.NO_REACHABLE_AUTHORITY, 0, Ede.NO_REACHABLE_AUTHORITY),
        (RCode.SERVFAIL, Ede.BLOCKED, Ede.BLOCKED, Ede.BLOCKED),
        (RCode.REFUSED, Ede.BLOCKED, Ede.BLOCKED, 0),
        (RCode.REFUSED, Ede.CENSORED, Ede.CENSORED, 0),
        (RCode.REFUSED, Ede.FILTERED, Ede.FILTERED, 0),
        (RCode.REFUSED, Ede.PROHIBITED, 0, 0),
    ],
)
def test_the_extended_error_of_an_error_without_the_question_says_why(
    rcode: int, code: int, denied: int, error: int
) -> None:
    answer = decode_answer(header(RESPONSE | rcode, 0, additionals=1) + told(code), asked())
    assert (answer.rcode, answer.denied, answer.error) == (rcode, denied, error)


@pytest.mark.parametrize("behind", [b"", OPT], ids=["alone", "with OPT"])
@pytest.mark.parametrize("rcode", [RCode.NOERROR, RCode.NXDOMAIN])
def test_what_says_something_of_a_name_has_to_name_it(rcode: int, behind: bytes) -> None:
    with pytest.raises(WireError, match="to another question"):
        decode_answer(header(RESPONSE | rcode, 0, additionals=bool(behind)) + behind, asked())


@pytest.mark.parametrize("rcode", BARE)
@pytest.mark.parametrize(
    ("counts", "behind"),
    [
        ((0, 0, 0, 0), b"\0"),
        ((0, 0, 0, 0), OPT),
        ((0, 0, 0, 1), OPT + b"\0"),
        ((0, 0, 0, 1), OPT[:-1]),
        ((0, 0, 0, 1), b""),
        ((0, 0, 0, 2), OPT * 2),
        ((0, 1, 0, 0), record(b"\x01a\0", 1, b"abcd")),
        ((0, 0, 1, 0), record(b"\x01a\0", 1, b"abcd")),
        ((0, 0, 1, 0), OPT),
        ((0, 1, 0, 0), b""),
        ((0, 0, 1, 0), b""),
        ((1, 0, 0, 0), b""),
    ],
)
def test_an_error_without_the_question_that_says_more_or_less_than_it_announces_is_refused(
    rcode: int, counts: tuple[int, int, int, int], behind: bytes
) -> None:
    with pytest.raises(WireError):
        decode_answer(header(RESPONSE | rcode, *counts) + behind, asked())
