"""EDNS between us and an upstream."""

from __future__ import annotations

import dns.edns
import dns.message
import pytest

from safedns.errors import WireError
from safedns.wire.edns import KEEPALIVE, option_of, padding_for, response_edns
from safedns.wire.query import decode_query, option
from safedns.wire.request import plain_request
from safedns.wire.types import EdnsOption

QUERY = decode_query(plain_request("www.example.com", 1, 4711))


def response(*options: tuple[int, bytes], edns: bool = True) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(plain_request("www.example.com", 1, 4711)))
    message.answer.append(dns.rrset.from_text("www.example.com.", 60, "IN", "A", "192.0.2.1"))
    if edns:
        generic: list[dns.edns.Option] = [
            dns.edns.GenericOption(dns.edns.OptionType.make(code), data) for code, data in options
        ]
        message.use_edns(payload=1400, options=generic)
    else:
        message.use_edns(-1)
    return message.to_wire()


def test_a_response_tells_its_options() -> None:
    found = response_edns(response((10, b"x" * 16), (11, b"\0\x32")), QUERY.question)
    assert found is not None
    assert (found.size, found.version, found.do) == (1400, 0, False)
    assert (option(found.options, EdnsOption.COOKIE), option(found.options, EdnsOption.TCP_KEEPALIVE)) == (
        b"x" * 16,
        b"\0\x32",
    )
    assert option(found.options, EdnsOption.PADDING) is None


def test_a_response_without_edns_tells_none() -> None:
    assert response_edns(response(edns=False), QUERY.question) is None


def test_options_that_are_cut_off_are_refused_by_whoever_reads_them() -> None:
    packet = response((10, b"x" * 16))
    cut = packet[:-18] + b"\0\x20" + packet[-16:]  # the cookie claims 32 octets and has 16
    found = response_edns(cut, QUERY.question)
    assert found is not None
    with pytest.raises(WireError):
        option(found.options, EdnsOption.COOKIE)


def test_options_are_written_as_code_length_data() -> None:
    assert option_of(EdnsOption.COOKIE, b"ab") == b"\0\x0a\0\x02ab"
    assert KEEPALIVE == b"\0\x0b\0\0"


@pytest.mark.parametrize(("size", "whole"), [(0, 128), (124, 128), (125, 256), (128, 256), (252, 256)])
def test_padding_fills_blocks_of_128_octets(size: int, whole: int) -> None:
    assert size + len(padding_for(size)) == whole
