"""Where an answer leads, and which addresses are no public ones."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.errors import WireError
from safedns.wire.leads import Leads, is_of_a_home, leads_of
from safedns.wire.records import Record, check_rdata, scan
from safedns.wire.types import QClass

from .malformed import POINTER, QUESTION, RESPONSE, header, record

START = 12 + len(QUESTION)


def leads(*records: tuple[int, bytes]) -> Leads:
    packet = header(RESPONSE, answers=len(records)) + QUESTION
    for rtype, rdata in records:
        packet += record(POINTER, rtype, rdata)
    found = list(scan(packet, START, len(records)))
    for each in found:
        check_rdata(packet, each)
    return leads_of(packet, found, QClass.IN)


@pytest.mark.parametrize(
    ("rtype", "rdata", "addresses", "names"),
    [
        (1, bytes((192, 0, 2, 255)), ["192.0.2.255"], []),
        (28, bytes(15) + b"\1", ["::1"], []),
        (5, b"\x03CDN\xc0\x10", [], ["cdn.example.com"]),
        (39, b"\x03new\0", [], ["new"]),
        (64, b"\0\0\x03svc\0", [], ["svc"]),
        (65, b"\0\x01\0", [], []),
        (65, b"\0\x01\0\0\x04\0\x04\x01\x02\x03\x04", ["1.2.3.4"], []),
        (2, b"\x02ns\0", [], []),
        (16, b"\x02hi", [], []),
        (731, b"\xc0\x0c", [], []),
    ],
)
def test_where_a_client_goes_on_from_a_record(rtype: int, rdata: bytes, addresses: list[str], names: list[str]) -> None:
    found = leads((rtype, rdata))
    assert (found.addresses, found.names) == (tuple(addresses), tuple(names))


def test_a_service_record_that_ends_before_its_target_is_refused() -> None:
    packet = header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01") + b"\0"
    found = Record(START, START + 2, 65, 1, 300, START + 12, START + 14)
    with pytest.raises(WireError, match="shorter than its target"):
        leads_of(packet, [found], QClass.IN)


@pytest.mark.parametrize(
    ("parameters", "revealing"),
    [
        (b"", False),
        (b"\0\x01\0\x03\x02h2", False),
        (b"\0\x03\0\x02\x01\xbb", False),
        (b"\0\x04\0\x04\x01\x02\x03\x04", True),
        (b"\0\x05\0\x02ab", True),
        (b"\0\x06\0\x10" + bytes(15) + b"\1", True),
        (b"\0\x07\0\x04/dns", True),
        (b"\0\x01\0\x03\x02h2" + b"\0\x05\0\x02ab" + b"\xff\0\0\0", True),
    ],
)
def test_a_service_record_that_spares_a_question_is_told_apart(parameters: bytes, revealing: bool) -> None:
    assert leads((65, b"\0\x01\0" + parameters)).services is revealing
    assert leads((64, b"\0\x01\x03svc\0" + parameters)).services is revealing


HOME = (
    "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 127.0.0.1 127.8.8.8 169.254.0.1 172.16.0.1 172.31.255.254 192.168.0.1 "
    "192.168.255.255 :: ::1 ::192.168.1.1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 64:ff9b::192.168.1.1 fc00::1 fd12:3456::1 "
    "fe80::1 febf::1 fec0::1"
)
"""fec0::/10 was once the private range (RFC 3879): nobody on the Internet has it."""
INTERNET = (
    "1.1.1.1 9.9.9.9 11.0.0.1 100.64.0.1 126.255.255.255 128.0.0.1 169.253.0.1 169.255.0.1 172.15.255.255 172.32.0.1 "
    "192.0.2.1 192.167.1.1 192.169.0.1 203.0.113.7 2001:db8::1 2606:4700:4700::1111 ::ffff:9.9.9.9 64:ff9b::9.9.9.9 "
    "64:ff9b:1::1 fbff::1"
)


@pytest.mark.parametrize("text", HOME.split())
def test_an_address_of_a_home_or_of_the_asking_machine_is_known(text: str) -> None:
    assert is_of_a_home(ip_address(text).packed)


@pytest.mark.parametrize("text", INTERNET.split())
def test_other_addresses_are_of_the_internet(text: str) -> None:
    assert not is_of_a_home(ip_address(text).packed)


@given(st.ip_addresses(v=4))
def test_an_address_has_its_place_wherever_it_is_embedded(address: object) -> None:
    expected = is_of_a_home(ip_address(str(address)).packed)
    for prefix in ("::ffff:", "64:ff9b::"):
        assert is_of_a_home(ip_address(f"{prefix}{address}").packed) is expected


def test_the_home_addresses_of_an_answer_are_told_with_those_of_its_hints() -> None:
    found = leads((1, b"\xc0\xa8\1\1"), (1, b"\1\2\3\4"), (65, b"\0\x01\0\0\x04\0\x04\x0a\0\0\1"))
    assert found.addresses == ("192.168.1.1", "1.2.3.4", "10.0.0.1")
    assert found.home == ("192.168.1.1", "10.0.0.1")


@pytest.mark.parametrize(
    ("records", "nowhere"),
    [
        ([(1, bytes(4))], True),
        ([(28, bytes(16))], True),
        ([(1, bytes(4)), (1, bytes(4))], True),
        ([(1, bytes((146, 112, 61, 106)))], True),
        ([(1, bytes(4)), (1, b"\1\2\3\4")], False),
        ([(1, b"\1\2\3\4")], False),
        ([(5, b"\x03cdn\0")], False),
        ([], False),
    ],
)
def test_an_answer_leads_nowhere_when_all_its_addresses_do(records: list[tuple[int, bytes]], nowhere: bool) -> None:
    assert leads(*records).nowhere is nowhere
