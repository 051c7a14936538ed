"""Requests: what goes upstream, and what of the client does not."""

from __future__ import annotations

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.edns import option_of
from safedns.wire.query import Edns, decode_query
from safedns.wire.request import padded_request, plain_request, upstream_request
from safedns.wire.types import EdnsOption, QType

from .malformed import QUESTION, header, record
from .strategies import queries


def test_nothing_that_tells_the_client_goes_upstream() -> None:
    options = b"\0\x08\0\x04\0\x01\x20\0" + b"\xfd\xe9\0\x06\xaa\xbb\xcc\xdd\xee\x01" + b"\0\x0a\0\x08cookie!!"
    query = decode_query(header(additionals=1) + QUESTION + record(b"\0", 41, options, rclass=4096, ttl=0))
    request = decode_query(upstream_request(query, 0x1234))
    assert request.id == 0x1234
    assert request.edns == Edns(1232, 0, False, b"")


@pytest.mark.parametrize(("sent", "asked"), [(0x0000, 0x0120), (0x0100, 0x0120), (0x0010, 0x0130), (0x0680, 0x0120)])
def test_recursion_and_the_ad_bit_are_asked_for_and_cd_is_copied(sent: int, asked: int) -> None:
    assert decode_query(upstream_request(decode_query(header(sent) + QUESTION), 1)).flags == asked


@given(queries())
def test_the_question_goes_upstream_in_lower_case_with_do_copied(message: dns.message.Message) -> None:
    query = decode_query(message.to_wire())
    request = dns.message.from_wire(upstream_request(query, 7))
    assert request.question == message.question  # dnspython's names compare without letter case
    assert request.question[0].name.labels == message.question[0].name.canonicalize().labels
    assert bool(request.ednsflags & dns.flags.DO) == query.do
    assert decode_query(upstream_request(query, 7)).cache_key == query.cache_key


@given(queries(), st.binary(min_size=16, max_size=40))
def test_rfc8467_4_1_a_padded_request_fills_blocks_of_128_octets(message: dns.message.Message, cookie: bytes) -> None:
    query = decode_query(message.to_wire())
    packet = padded_request(query, 7, option_of(EdnsOption.COOKIE, cookie))
    request = dns.message.from_wire(packet)
    assert len(packet) % 128 == 0
    assert len(packet) - len(upstream_request(query, 7)) < 128 + 8 + len(cookie)
    assert [option.otype for option in request.options] == [EdnsOption.COOKIE, EdnsOption.PADDING]
    assert decode_query(packet).cache_key == query.cache_key


def test_a_request_of_our_own_is_a_query_that_we_can_read() -> None:
    query = decode_query(plain_request("safe.example.net", QType.AAAA, 99))
    assert (query.id, query.name, query.qtype, query.qclass) == (99, "safe.example.net", 28, 1)
    assert (query.rd, query.ad, query.cd, query.do) == (True, True, False, False)
    assert decode_query(plain_request(".", QType.NS, 1, do=True)).do


def test_a_request_for_an_impossible_name_is_refused() -> None:
    with pytest.raises(ValueError):
        plain_request("a" * 64 + ".example", QType.A, 1)
