"""Replies: the bytes that a client gets."""

from __future__ import annotations

import struct
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.answer import Answer, decode_answer, make_answer
from safedns.wire.query import Query, decode_query
from safedns.wire.reply import BlockMode, blocked_answer, build_reply, error_reply, patch_ttls, reply_ttls, udp_limit
from safedns.wire.types import FLAG_AD, Ede, QType, RCode

from . import malformed
from .malformed import A_RECORD, NAME, OPT, QUESTION, RESPONSE, Malformed, header, opt, record
from .strategies import exchanges, lives

PLAIN = decode_query(header() + QUESTION)
WITH_EDNS = decode_query(header(additionals=1) + QUESTION + OPT)
WITH_DO = decode_query(header(additionals=1) + QUESTION + record(b"\0", 41, b"", rclass=4096, ttl=0x8000))
ADDRESS = decode_answer(header(RESPONSE, answers=1) + QUESTION + A_RECORD, PLAIN)
FILTERED = (int(Ede.FILTERED), "Bedtime")


def read(reply: bytes) -> dns.message.Message:
    return dns.message.from_wire(reply, one_rr_per_rrset=True)


def extended_errors(reply: bytes) -> list[tuple[int, str | None]]:
    return [(int(found.code), found.text) for found in read(reply).options if isinstance(found, dns.edns.EDEOption)]


def test_a_reply_is_the_header_the_question_as_sent_and_the_records() -> None:
    question = b"\x03wWw\x07EXAMPLE\x03com\0\0\x01\0\x01"
    query = decode_query(header() + question)
    assert build_reply(query, ADDRESS) == header(RESPONSE, answers=1) + question + A_RECORD


def test_an_opt_comes_back_only_to_a_query_that_had_one() -> None:
    assert build_reply(WITH_EDNS, ADDRESS) == header(RESPONSE, answers=1, additionals=1) + QUESTION + A_RECORD + OPT
    assert read(build_reply(PLAIN, ADDRESS)).edns == -1
    assert read(build_reply(WITH_DO, ADDRESS)).ednsflags == dns.flags.DO


@pytest.mark.parametrize(
    ("sent", "returned"), [(0x0000, 0x8080), (0x0100, 0x8180), (0x0010, 0x8090), (0x0110, 0x8190), (0x0620, 0x8080)]
)
def test_rd_and_cd_are_copied_and_nothing_else(sent: int, returned: int) -> None:
    reply = build_reply(decode_query(header(sent) + QUESTION), ADDRESS)
    assert struct.unpack_from("!H", reply, 2) == (returned,)


def test_only_who_understands_the_ad_bit_gets_it() -> None:
    proven = ADDRESS._replace(ad=True)
    asking = decode_query(header(0x0120) + QUESTION)
    told = [
        bool(read(build_reply(query, proven)).flags & dns.flags.AD) for query in (PLAIN, WITH_EDNS, WITH_DO, asking)
    ]
    assert told == [False, False, True, True]
    assert not read(build_reply(asking, ADDRESS)).flags & dns.flags.AD


def test_only_an_answer_of_our_own_is_authoritative() -> None:
    local = make_answer(PLAIN, [("www.example.com", QType.A, 60, b"abcd")])
    assert read(build_reply(PLAIN, local)).flags & dns.flags.AA
    assert not read(build_reply(PLAIN, ADDRESS)).flags & dns.flags.AA


@pytest.mark.parametrize(
    ("age", "cap", "ttl"), [(0, None, 300), (1, None, 299), (300, None, 0), (9999, None, 0), (0, 30, 30), (280, 30, 20)]
)
def test_ttls_fall_with_age_and_stay_under_the_cap(age: int, cap: int | None, ttl: int) -> None:
    assert read(build_reply(PLAIN, ADDRESS, age=age, ttl_cap=cap)).answer[0].ttl == ttl


def test_an_extended_rcode_needs_an_opt_and_is_a_server_failure_without_one() -> None:
    strange = ADDRESS._replace(rcode=23)
    assert read(build_reply(WITH_EDNS, strange)).rcode() == 23
    assert read(build_reply(PLAIN, strange)).rcode() == dns.rcode.SERVFAIL


def test_the_extended_error_goes_only_to_a_query_with_an_opt() -> None:
    assert extended_errors(build_reply(WITH_EDNS, ADDRESS, ede=FILTERED)) == [FILTERED]
    assert build_reply(PLAIN, ADDRESS, ede=FILTERED) == build_reply(PLAIN, ADDRESS)


@pytest.mark.parametrize(("room", "told"), [(13, [FILTERED]), (12, [(17, None)]), (6, [(17, None)]), (5, []), (0, [])])
def test_the_extended_error_gives_way_when_there_is_no_room(room: int, told: list[tuple[int, str | None]]) -> None:
    bare = build_reply(WITH_EDNS, ADDRESS)
    reply = build_reply(WITH_EDNS, ADDRESS, ede=FILTERED, size_limit=len(bare) + room)
    assert extended_errors(reply) == told
    assert read(reply).answer


def test_what_does_not_fit_is_cut_to_question_and_opt() -> None:
    fitting = len(build_reply(WITH_EDNS, ADDRESS))
    assert not read(build_reply(WITH_EDNS, ADDRESS, size_limit=fitting)).flags & dns.flags.TC
    cut = build_reply(WITH_EDNS, ADDRESS, size_limit=fitting - 1)
    assert cut == header(RESPONSE | 0x0200, additionals=1) + QUESTION + OPT
    assert build_reply(PLAIN, ADDRESS, size_limit=33) == header(RESPONSE | 0x0200) + QUESTION


def test_what_the_upstream_cut_stays_cut() -> None:
    cut = decode_answer(header(RESPONSE | 0x0200, answers=1) + QUESTION + A_RECORD, PLAIN)
    assert build_reply(PLAIN, cut) == header(RESPONSE | 0x0200) + QUESTION


def test_a_truncated_reply_is_not_patched() -> None:
    cut = bytearray(build_reply(PLAIN, ADDRESS, size_limit=40))
    patch_ttls(cut, reply_ttls(PLAIN, ADDRESS), 5, None)
    assert bytes(cut) == build_reply(PLAIN, ADDRESS, age=5, size_limit=40)


@pytest.mark.parametrize(("size", "limit"), [(0, 512), (511, 512), (512, 512), (900, 900), (1232, 1232), (65535, 1232)])
def test_a_udp_reply_is_as_large_as_the_client_takes_within_our_own_size(size: int, limit: int) -> None:
    query = decode_query(header(additionals=1) + QUESTION + record(b"\0", 41, b"", rclass=size, ttl=0))
    assert udp_limit(query) == limit


def test_a_udp_reply_without_edns_has_512_octets() -> None:
    assert udp_limit(PLAIN) == 512


def blocked(mode: BlockMode, qtype: int) -> dns.message.Message:
    query = decode_query(header() + NAME + struct.pack("!HH", qtype, 1))
    return read(build_reply(query, blocked_answer(query, mode, 10)))


def shape(message: dns.message.Message) -> tuple[int, list[str], list[str]]:
    return (
        int(message.rcode()),
        [f"{found.ttl} {found[0].to_text()}" for found in message.answer],
        [f"{found.name} {found.ttl} {dns.rdatatype.to_text(found.rdtype)}" for found in message.authority],
    )


NEGATIVE = ["www.example.com. 10 SOA"]


@pytest.mark.parametrize(
    ("mode", "qtype", "expected"),
    [
        ("nxdomain", QType.A, (3, [], NEGATIVE)),
        ("nxdomain", QType.AAAA, (3, [], NEGATIVE)),
        ("nxdomain", QType.HTTPS, (3, [], NEGATIVE)),
        ("null", QType.A, (0, ["10 0.0.0.0"], [])),
        ("null", QType.AAAA, (0, ["10 ::"], [])),
        ("null", QType.HTTPS, (0, [], NEGATIVE)),
        ("null", QType.ANY, (0, [], NEGATIVE)),
        ("nodata", QType.A, (0, [], NEGATIVE)),
        ("nodata", QType.TXT, (0, [], NEGATIVE)),
        ("refused", QType.A, (5, [], [])),
    ],
)
def test_a_blocked_query_is_told_what_the_mode_says(mode: BlockMode, qtype: int, expected: Any) -> None:
    assert shape(blocked(mode, qtype)) == expected


def test_a_blocked_answer_may_be_kept_for_its_ttl_and_a_refusal_not_at_all() -> None:
    assert [blocked_answer(PLAIN, mode, 10).ttl for mode in ("nxdomain", "null", "nodata", "refused")] == [
        10,
        10,
        10,
        0,
    ]


def test_one_blocked_answer_serves_every_name() -> None:
    other = decode_query(header() + b"\x01a\x02bc\0\0\x01\0\x01")
    assert blocked_answer(other, "null", 10) is blocked_answer(PLAIN, "null", 10)
    assert str(read(build_reply(other, blocked_answer(other, "null", 10))).answer[0].name) == "a.bc."


def test_an_error_echoes_id_opcode_rd_and_question() -> None:
    notify = error_reply(header(0x2130) + QUESTION, RCode.NOTIMP)
    assert notify == header(0xA184) + QUESTION


def test_an_error_about_an_unreadable_question_has_none() -> None:
    assert error_reply(malformed.QUERIES["question_label_cut_off"].packet, RCode.FORMERR) == header(0x8181, questions=0)
    assert error_reply(malformed.QUERIES["two_questions"].packet, RCode.FORMERR) == header(0x8181, questions=0)


def test_an_error_has_an_opt_when_the_query_had_one_that_can_be_found() -> None:
    packet = header(additionals=2) + QUESTION + record(b"\0", 41, b"", rclass=1232, ttl=0x8000) + b"junk"
    reply = error_reply(packet, RCode.FORMERR, ede=(0, "junk"))
    assert (read(reply).rcode(), read(reply).ednsflags, extended_errors(reply)) == (1, dns.flags.DO, [(0, "junk")])
    assert read(error_reply(header() + QUESTION, RCode.REFUSED, ede=(18, "no"))).edns == -1


def test_a_bad_edns_version_is_told_in_version_zero() -> None:
    judge = read(error_reply(malformed.QUERIES["edns_version_1"].packet, RCode.BADVERS))
    assert (judge.rcode(), judge.edns) == (16, 0)
    assert read(error_reply(header() + QUESTION, RCode.BADVERS)).rcode() == 16


def test_another_extended_rcode_without_an_opt_is_a_server_failure() -> None:
    assert read(error_reply(header() + QUESTION, 23)).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("length", [400, 5000])
def test_an_error_always_fits_in_the_smallest_udp_reply(length: int) -> None:
    name = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0"
    packet = header(additionals=1) + name + b"\0\x01\0\x01" + opt()
    reply = error_reply(packet, RCode.REFUSED, ede=(18, "x" * length))
    assert len(reply) <= 512
    assert extended_errors(reply) == [(18, None)]


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name) for name, case in malformed.QUERIES.items() if case.rcode is not None],
)
def test_every_malformed_query_gets_a_reply_that_can_be_read(case: Malformed) -> None:
    assert case.rcode is not None
    judge = read(error_reply(case.packet, case.rcode))
    assert (judge.id, judge.rcode()) == (0xBEEF, case.rcode)
    assert judge.flags & dns.flags.QR


def expected_records(response: bytes, age: int, cap: int | None, *, negative: bool) -> list[tuple[str, int, str]]:
    judge = read(response)
    rrsets = [rrset for section in (judge.answer, judge.authority, judge.additional) for rrset in section]
    ttls = lives(judge, negative=negative)
    return [
        (rrset.name.to_text(), fresh(ttl, age, cap), rrset[0].to_text())
        for rrset, ttl in zip(rrsets, ttls, strict=True)
    ]


def fresh(ttl: int, age: int, cap: int | None) -> int:
    return max(0, ttl - age if cap is None else min(ttl - age, cap))


ages = st.one_of(st.integers(0, 700), st.integers(0, 2**32))
caps = st.one_of(st.none(), st.integers(0, 700))


@given(exchanges(), ages, caps)
def test_a_reply_says_what_the_response_said_with_smaller_ttls(
    exchange: tuple[bytes, bytes], age: int, cap: int | None
) -> None:
    query = decode_query(exchange[0])
    answer = decode_answer(exchange[1], query)
    reply = build_reply(query, answer, age=age, ttl_cap=cap)
    expected = expected_records(exchange[1], age, cap, negative=answer.negative)
    assert expected_records(reply, 0, None, negative=False) == expected
    assert (len(read(reply).answer), len(read(reply).authority)) == answer.counts[:2]
    judge = read(reply)
    assert judge.question == dns.message.from_wire(exchange[0]).question
    assert judge.id == query.id
    if answer.rcode < 16 or query.edns is not None:
        assert judge.rcode() == answer.rcode


def built(query: Query, answer: Answer, **options: Any) -> bytes:
    return build_reply(query, answer, size_limit=udp_limit(query), ede=FILTERED, **options)


@given(exchanges(), ages, caps, ages, caps)
def test_a_patched_reply_is_byte_for_byte_the_one_built_afresh(
    exchange: tuple[bytes, bytes], age: int, cap: int | None, later: int, new_cap: int | None
) -> None:
    query = decode_query(exchange[0])
    answer = decode_answer(exchange[1], query)
    reply = bytearray(built(query, answer, age=age, ttl_cap=cap))
    patch_ttls(reply, reply_ttls(query, answer), later, new_cap)
    assert bytes(reply) == built(query, answer, age=later, ttl_cap=new_cap)


@given(exchanges(), st.integers(0, 600), st.integers(0, 600), caps)
def test_ttls_never_grow(exchange: tuple[bytes, bytes], age: int, more: int, cap: int | None) -> None:
    query = decode_query(exchange[0])
    answer = decode_answer(exchange[1], query)

    def ttls(at: int) -> list[int]:
        again = decode_answer(build_reply(query, answer, age=at, ttl_cap=cap), query)
        return [ttl for _, ttl in again.ttls]

    assert all(new <= old for new, old in zip(ttls(age + more), ttls(age), strict=True))
    assert all(new <= old for new, (_, old) in zip(ttls(age), answer.ttls, strict=True))


@given(exchanges(), st.integers(300, 1500))
def test_a_reply_is_never_larger_than_allowed(exchange: tuple[bytes, bytes], limit: int) -> None:
    query = decode_query(exchange[0])
    reply = build_reply(query, decode_answer(exchange[1], query), size_limit=limit, ede=FILTERED)
    assert len(reply) <= limit
    assert read(reply).question
    assert query.flags & FLAG_AD or query.do or not read(reply).flags & dns.flags.AD
