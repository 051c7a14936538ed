"""Queries: what is read from a good one, and how each kind of bad one is refused."""

from __future__ import annotations

import dns.flags
import dns.message
import pytest
from hypothesis import given

from safedns.errors import WireError
from safedns.wire.names import key_of, to_wire
from safedns.wire.query import Edns, Ignored, decode_query, is_ignored, option, query_of, question_end

from . import malformed
from .malformed import NAME, OPT, POINTER, QUESTION, Malformed, header, opt, record
from .strategies import queries


def test_a_plain_query_is_read() -> None:
    query = decode_query(header() + b"\x03wWw\x07Example\x03COM\0\0\x1c\0\x01")
    assert (query.id, query.name, query.key) == (0xBEEF, "www.example.com", "com.example.www.")
    assert (query.qtype, query.qclass, query.edns) == (28, 1, None)
    assert query.question == b"\x03wWw\x07Example\x03COM\0\0\x1c\0\x01"
    assert query.cache_key == b"\x03www\x07example\x03com\0\0\x1c\0\x01\0"
    assert (query.rd, query.ad, query.cd, query.do) == (True, False, False, False)


def test_a_query_for_the_root_is_read() -> None:
    query = decode_query(header() + b"\0\0\x02\0\x01")
    assert (query.name, query.key, query.question) == (".", "", b"\0\0\x02\0\x01")


@pytest.mark.parametrize(
    ("flags", "rd", "ad", "cd"),
    [
        (0, False, False, False),
        (0x0100, True, False, False),
        (0x0020, False, True, False),
        (0x0010, False, False, True),
    ],
)
def test_header_bits_are_read(flags: int, rd: bool, ad: bool, cd: bool) -> None:
    query = decode_query(header(flags) + QUESTION)
    assert (query.rd, query.ad, query.cd) == (rd, ad, cd)


def test_bits_that_mean_nothing_in_a_query_do_no_harm() -> None:
    assert decode_query(header(0x068F) + QUESTION).name == "www.example.com"


def test_the_opt_record_is_read() -> None:
    options = b"\0\x0a\0\x08cookie!!" + b"\xfd\xe9\0\x06\xaa\xbb\xcc\xdd\xee\x01"
    query = decode_query(header(additionals=1) + QUESTION + record(b"\0", 41, options, rclass=4096, ttl=0x8000))
    assert query.edns == Edns(4096, 0, True, options)
    assert query.do


@pytest.mark.parametrize("options", [b"", b"\0\x0a\0\0"])
def test_an_absent_option_is_none_and_an_empty_one_is_empty(options: bytes) -> None:
    edns = Edns(1232, 0, False, options)
    assert option(edns.options, 10) == (b"" if options else None)
    assert option(edns.options, 65001) is None


def test_the_first_of_equal_options_counts() -> None:
    edns = Edns(1232, 0, False, b"\0\x08\0\x01x" + b"\xfd\xe9\0\x02ab" + b"\xfd\xe9\0\x02cd")
    assert option(edns.options, 65001) == b"ab"


def test_other_additional_records_are_skipped_on_either_side_of_the_opt() -> None:
    tsig = record(b"\x03key\0", 250, b"whatever a signature holds", rclass=255, ttl=0)
    plain = decode_query(header(additionals=1) + QUESTION + OPT)
    assert decode_query(header(additionals=2) + QUESTION + OPT + tsig) == plain
    assert decode_query(header(additionals=2) + QUESTION + tsig + OPT) == plain
    assert decode_query(header(additionals=1) + QUESTION + tsig).edns is None
    assert decode_query(header(additionals=1) + QUESTION + record(POINTER, 1, b"abcd")).edns is None


def test_a_zone_transfer_may_bring_the_serial_it_has() -> None:
    soa = record(POINTER, 6, POINTER * 2 + bytes(20))
    query = decode_query(header(authorities=1, additionals=1) + NAME + b"\0\xfb\0\x01" + soa + opt())
    assert query.qtype == 251
    assert query.edns is not None


@pytest.mark.parametrize("length", [255, 254])
def test_the_longest_names_are_read(length: int) -> None:
    name = b"\x3f" + b"a" * 63
    name = name * 3 + bytes((length - 194,)) + b"b" * (length - 194) + b"\0"
    assert len(name) == length
    assert decode_query(header() + name + b"\0\x01\0\x01").question == name + b"\0\x01\0\x01"


def test_the_cache_key_tells_apart_what_is_answered_differently() -> None:
    variants = [
        header() + QUESTION,
        header(0x0110) + QUESTION,
        header(additionals=1) + QUESTION + record(b"\0", 41, b"", rclass=1232, ttl=0x8000),
        header(0x0110, additionals=1) + QUESTION + record(b"\0", 41, b"", rclass=1232, ttl=0x8000),
        # 65 (HTTPS) is "A" in ASCII and 97 is "a": numbers must not be folded.
        header() + NAME + b"\0\x41\0\x01",
        header() + NAME + b"\0\x61\0\x01",
        header() + NAME + b"\0\x01\0\x03",
    ]
    assert len({decode_query(packet).cache_key for packet in variants}) == len(variants)


def test_the_cache_key_is_the_same_for_what_is_answered_alike() -> None:
    variants = [
        header() + QUESTION,
        header(0x0000) + QUESTION,
        header(0x0120) + QUESTION.upper(),
        header(additionals=1) + QUESTION + opt(b"\0\x0a\0\x08abcdefgh"),
    ]
    assert len({decode_query(packet).cache_key for packet in variants}) == 1


@pytest.mark.parametrize("case", malformed.QUERIES.values(), ids=malformed.QUERIES.keys())
def test_a_malformed_query_is_refused_with_its_rcode(case: Malformed) -> None:
    with pytest.raises(WireError) as caught:
        decode_query(case.packet)
    assert str(caught.value) == case.complaint
    assert is_ignored(case.packet) == (case.rcode is None)
    if case.rcode is None:
        assert isinstance(caught.value, Ignored)
    else:
        assert not isinstance(caught.value, Ignored)
        assert caught.value.rcode == case.rcode


def test_the_end_of_the_question_is_found_in_a_packet_that_is_wrong_behind_it() -> None:
    assert question_end(header(additionals=9) + QUESTION + b"junk") == 12 + len(QUESTION)
    with pytest.raises(WireError):
        question_end(header() + QUESTION[:-1])


@given(queries())
def test_decoding_agrees_with_dnspython(message: dns.message.Message) -> None:
    packet = message.to_wire()
    query = decode_query(packet)
    judge = dns.message.from_wire(packet)
    question = judge.question[0]
    assert (query.id, query.flags) == (judge.id, int(judge.flags))
    assert (query.qtype, query.qclass) == (question.rdtype, question.rdclass)
    assert to_wire(query.name) == question.name.canonicalize().to_wire()
    assert query.key == key_of(query.name)
    assert query.question == packet[12 : 12 + len(query.question)]
    assert query.do == bool(judge.ednsflags & dns.flags.DO)
    if judge.edns < 0:
        assert query.edns is None
    else:
        assert query.edns is not None
        assert (query.edns.size, query.edns.version) == (judge.payload, judge.edns)
        for sent in reversed(judge.options):
            first = next(other for other in judge.options if other.otype == sent.otype)
            assert option(query.edns.options, int(sent.otype)) == first.to_wire()


@given(queries())
def test_a_query_made_of_a_cache_key_has_that_key_and_tells_nothing_else_of_who_asked(
    message: dns.message.Message,
) -> None:
    query = decode_query(message.to_wire())
    again = query_of(query.cache_key)
    assert again.cache_key == query.cache_key
    assert (again.do, again.cd) == (query.do, query.cd)
    assert (again.name, again.key, again.qtype, again.qclass) == (query.name, query.key, query.qtype, query.qclass)
    assert (again.id, again.rd, again.ad) == (0, False, False)
    assert again.edns is None or not again.edns.options


@pytest.mark.parametrize(("bits", "do", "cd"), [(0, False, False), (1, False, True), (2, True, False), (3, True, True)])
def test_the_last_octet_of_a_cache_key_says_do_and_cd(bits: int, do: bool, cd: bool) -> None:
    query = query_of(QUESTION + bytes((bits,)))
    assert (query.do, query.cd, query.name, query.qtype) == (do, cd, "www.example.com", 1)
