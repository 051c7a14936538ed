"""What a transport adds to a finished reply: the rest of it stays as it was."""

from __future__ import annotations

import dns.edns
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.transport import asks_for, dressed, lowest_ttl
from safedns.wire.types import EdnsOption

PADDING, KEEPALIVE = dns.edns.OptionType.PADDING, dns.edns.OptionType.make(11)


def query(*options: tuple[dns.edns.OptionType, bytes], edns: bool = True) -> bytes:
    given_options: list[dns.edns.Option] = [dns.edns.GenericOption(code, data) for code, data in options]
    return dns.message.make_query("www.example.com", "A", use_edns=0 if edns else -1, options=given_options).to_wire()


def reply_to(packet: bytes, records: int = 1, error: str = "") -> bytes:
    asked = dns.message.from_wire(packet)
    response = dns.message.make_response(asked, our_payload=1232, pad=0)
    if records:
        addresses = [f"192.0.{number >> 8}.{number & 255}" for number in range(records)]
        response.answer.append(dns.rrset.from_text("www.example.com.", 77, "IN", "A", *addresses))
    if error and asked.edns >= 0:
        response.use_edns(0, payload=1232, options=[dns.edns.EDEOption(dns.edns.EDECode.FILTERED, error)])
    return response.to_wire(max_size=65_535)


@pytest.mark.parametrize("records", [0, 1, 25, 26, 27, 28, 4000])
@pytest.mark.parametrize("error", ["", "blocked by a parent"])
def test_a_padded_query_gets_a_reply_of_a_whole_number_of_blocks_rfc8467_4_1(records: int, error: str) -> None:
    packet = query((PADDING, bytes(33)))
    plain = reply_to(packet, records, error)
    padded = dressed(packet, plain, padded=True)
    assert len(padded) % 468 == 0 or len(padded) == 65_535
    assert len(padded) - len(plain) <= 468 + 4
    message, before = dns.message.from_wire(padded), dns.message.from_wire(plain)
    assert message.answer == before.answer
    assert [option for option in message.options if option.otype != PADDING] == list(before.options)


@pytest.mark.parametrize("packet", [query(), query(edns=False), query((KEEPALIVE, b""))])
def test_nothing_is_padded_that_did_not_ask_rfc7830_4(packet: bytes) -> None:
    plain = reply_to(packet)
    assert dressed(packet, plain, padded=True) == plain


def test_nothing_is_padded_where_everybody_can_read_it_rfc7830_6() -> None:
    packet = query((PADDING, b""))
    assert dressed(packet, reply_to(packet)) == reply_to(packet)


def test_a_name_that_looks_like_an_option_adds_nothing() -> None:
    packet = dns.message.make_query(r"a\000\012b.example", "A", use_edns=0).to_wire()
    assert dressed(packet, reply_to(packet, 0), padded=True) == reply_to(packet, 0)


def test_who_asks_is_told_how_long_a_connection_stays_rfc7828_3_3_2() -> None:
    packet = query((KEEPALIVE, b""))
    options = dns.message.from_wire(dressed(packet, reply_to(packet), keepalive=30.0)).options
    assert [(option.otype, option.to_wire()) for option in options] == [(KEEPALIVE, (300).to_bytes(2))]
    assert dressed(packet, reply_to(packet)) == reply_to(packet)
    silent = query()
    assert dressed(silent, reply_to(silent), keepalive=30.0) == reply_to(silent)


def test_the_lowest_ttl_is_that_of_any_record_but_opt() -> None:
    assert lowest_ttl(reply_to(query())) == 77
    assert lowest_ttl(reply_to(query(), 0)) == 0


def test_an_option_is_found_where_it_stands() -> None:
    packet = query((dns.edns.OptionType.COOKIE, bytes(8)), (KEEPALIVE, b""))
    assert asks_for(packet, EdnsOption.TCP_KEEPALIVE)
    assert not asks_for(packet, EdnsOption.PADDING)
    assert not asks_for(query(edns=False), EdnsOption.PADDING)


@given(st.binary(max_size=300), st.binary(min_size=12, max_size=300))
def test_whatever_the_bytes_are_nothing_is_raised(packet: bytes, reply: bytes) -> None:
    asks_for(packet, EdnsOption.TCP_KEEPALIVE)
    for marker in (b"", b"\x00\x0b\x00\x00\x00\x0c\x00\x00"):
        dressed(packet + marker, reply, keepalive=10.0, padded=True)
