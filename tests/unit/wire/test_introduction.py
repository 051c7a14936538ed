"""What a trusted router says of a device, in the options that dnsmasq and others write."""

from __future__ import annotations

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.introduction import Introduction, introduction
from tests.house import generic_option

RAW = generic_option(65001, bytes.fromhex("aabbccddee01"))
TEXT = generic_option(65073, b"AA:bb:cc:dd:ee:01")
BASE64 = generic_option(65073, b"qrvM3e4B")
CPE = generic_option(65074, b"An-Tablet")
COOKIE = generic_option(10, b"12345678")
MAC = "aa:bb:cc:dd:ee:01"


def packet(*options: dns.edns.Option, edns: int = 0) -> bytes:
    return dns.message.make_query("www.example.com", "A", use_edns=edns, options=list(options)).to_wire(max_size=65_535)


def told(*options: dns.edns.Option) -> Introduction | None:
    return introduction(packet(*options))


SUBNET = dns.edns.ECSOption("192.168.1.31", 32)
UNREADABLE = (
    generic_option(65001, b"12345"),
    generic_option(65001, b""),
    generic_option(65073, b"not a mac address"),
    generic_option(65073, b"????????"),
    generic_option(65073, b"aa:bb:cc:dd:ee:01" * 3000),
    generic_option(65074, b""),
    generic_option(65074, b"\xff"),
    generic_option(65074, b"a b"),
    generic_option(65074, b"192.168.1.1\0"),
    generic_option(65074, b"a" * 60_000),
    dns.edns.ECSOption("192.168.1.0", 24),
    dns.edns.ECSOption("0.0.0.0", 0),
    generic_option(8, b"\0\1\0\0"),
    generic_option(8, b"\0\3\x20\0\1\2\3\4"),
)


@pytest.mark.parametrize("option", [RAW, TEXT, BASE64])
def test_a_hardware_address_in_each_of_its_forms(option: dns.edns.Option) -> None:
    assert told(option) == Introduction(mac=MAC)


def test_a_name() -> None:
    assert told(CPE) == Introduction(name="an-tablet")


@pytest.mark.parametrize(
    ("subnet", "address"),
    [
        (SUBNET, "192.168.1.31"),
        (dns.edns.ECSOption("fd00::31", 128), "fd00::31"),
        (dns.edns.ECSOption("::ffff:192.168.1.31", 128), "192.168.1.31"),
    ],
)
def test_a_client_subnet_that_is_one_address(subnet: dns.edns.Option, address: str) -> None:
    assert told(subnet) == Introduction(address=address)


def test_all_of_them_together_and_others_between() -> None:
    assert told(COOKIE, RAW, SUBNET, TEXT) == Introduction(MAC, "192.168.1.31")


@pytest.mark.parametrize("teller", [RAW, TEXT, SUBNET])
def test_a_name_counts_only_where_nothing_else_tells_devices_apart(teller: dns.edns.Option) -> None:
    assert told(CPE, teller) == told(teller, CPE) == told(teller)


@pytest.mark.parametrize("unreadable", UNREADABLE)
@pytest.mark.parametrize("teller", [RAW, TEXT, SUBNET, CPE])
def test_what_cannot_be_read_costs_nothing_else_of_what_is_said(
    teller: dns.edns.Option, unreadable: dns.edns.Option
) -> None:
    assert told(unreadable, teller) == told(teller, unreadable) == told(teller)


@pytest.mark.parametrize(
    ("forged", "option"),
    [
        (generic_option(65001, bytes(6)), RAW),
        (generic_option(65073, b"00:bb:cc:dd:ee:02"), RAW),
        (generic_option(65001, bytes(6)), TEXT),
        (dns.edns.ECSOption("192.168.1.32", 32), SUBNET),
        (generic_option(65074, b"binh-tablet"), CPE),
    ],
)
def test_of_several_the_last_counts_which_the_router_wrote(forged: dns.edns.Option, option: dns.edns.Option) -> None:
    assert told(forged, option) == told(option)


def test_only_what_introduces_counts_so_that_a_cookie_makes_no_other_device() -> None:
    assert told(COOKIE, RAW) == told(RAW)
    assert told(COOKIE) is None


@pytest.mark.parametrize("sent", [packet(edns=-1), packet(), b"", b"\0" * 12, packet(RAW)[:-1]])
def test_a_packet_that_introduces_nobody_or_cannot_be_decoded(sent: bytes) -> None:
    assert introduction(sent) is None


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_an_introduction_that_cannot_be_read_is_one_of_nobody(unreadable: dns.edns.Option) -> None:
    assert told(unreadable) == Introduction()


@given(st.lists(st.tuples(st.sampled_from([8, 10, 65001, 65073, 65074]), st.binary(max_size=20)), max_size=4))
def test_whatever_a_device_adds_before_it_what_the_router_says_stays(sent: list[tuple[int, bytes]]) -> None:
    options = [generic_option(code, data) for code, data in sent]
    assert told(*options, RAW, SUBNET) == told(RAW, SUBNET)
    found = told(*options)
    assert found is None or all(" " not in text for text in found)
