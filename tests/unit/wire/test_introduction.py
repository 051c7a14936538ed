"""What a trusted router says of a device, in the options that dnsmasq and others write."""

from __future__ import annotations

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.introduction import Introduction, IntroductionError, introducing_options, read_introduction
from tests.house import generic_option

RAW = generic_option(65001, bytes.fromhex("aabbccddee01"))
TEXT = generic_option(65073, b"AA:bb:cc:dd:ee:01")
BASE64 = generic_option(65073, b"qrvM3e4B")
CPE = generic_option(65074, b"An-Tablet")
COOKIE = generic_option(10, b"12345678")
MAC = "aa:bb:cc:dd:ee:01"


def packet(*options: dns.edns.Option, edns: int = 0) -> bytes:
    return dns.message.make_query("www.example.com", "A", use_edns=edns, options=list(options)).to_wire()


def introduction(*options: dns.edns.Option) -> Introduction:
    return read_introduction(introducing_options(packet(*options)))


@pytest.mark.parametrize("option", [RAW, TEXT, BASE64])
def test_a_hardware_address_in_each_of_its_forms(option: dns.edns.Option) -> None:
    assert introduction(option) == Introduction(mac=MAC)


def test_a_name() -> None:
    assert introduction(CPE) == Introduction(name="an-tablet")


@pytest.mark.parametrize(("address", "length"), [("192.168.1.31", 32), ("fd00::31", 128)])
def test_a_client_subnet_that_is_one_address(address: str, length: int) -> None:
    assert introduction(dns.edns.ECSOption(address, length)) == Introduction(address=address)


def test_all_of_them_together_and_others_between() -> None:
    subnet = dns.edns.ECSOption("192.168.1.31", 32)
    assert introduction(COOKIE, RAW, subnet, TEXT, CPE) == Introduction(MAC, "an-tablet", "192.168.1.31")


@pytest.mark.parametrize("subnet", [dns.edns.ECSOption("192.168.1.0", 24), generic_option(8, b"\0\1\0\0")])
def test_a_program_that_hides_its_subnet_is_known_by_its_hardware_all_the_same(subnet: dns.edns.Option) -> None:
    assert introduction(RAW, subnet) == Introduction(mac=MAC)


def test_only_what_introduces_counts_so_that_a_cookie_makes_no_other_device() -> None:
    assert introducing_options(packet(COOKIE, RAW)) == introducing_options(packet(RAW))
    assert introducing_options(packet(COOKIE)) == b""


@pytest.mark.parametrize("sent", [packet(edns=-1), packet(), b"", b"\0" * 12, packet(RAW)[:-1]])
def test_a_packet_that_introduces_nobody_or_cannot_be_read(sent: bytes) -> None:
    assert introducing_options(sent) == b""


@pytest.mark.parametrize(
    "options",
    [
        [RAW, generic_option(65001, bytes(6))],
        [RAW, generic_option(65073, b"00:bb:cc:dd:ee:01")],
        [generic_option(65001, b"12345")],
        [generic_option(65073, b"not a mac address")],
        [generic_option(65073, b"????????")],
        [generic_option(65074, b"")],
        [generic_option(65074, b"a b")],
        [generic_option(65074, b"192.168.1.1\0")],
        [dns.edns.ECSOption("192.168.1.0", 24)],
        [generic_option(8, b"\0\3\x20\0\1\2\3\4")],
        [dns.edns.ECSOption("192.168.1.31", 32), dns.edns.ECSOption("192.168.1.32", 32)],
        [dns.edns.ECSOption("192.168.1.31", 32), dns.edns.ECSOption("0.0.0.0", 0)],
    ],
)
def test_what_contradicts_itself_or_cannot_be_understood_means_nobody(options: list[dns.edns.Option]) -> None:
    with pytest.raises(IntroductionError):
        introduction(*options)


@given(st.lists(st.tuples(st.sampled_from([8, 10, 65001, 65073, 65074]), st.binary(max_size=20)), max_size=4))
def test_any_options_are_an_introduction_or_an_introduction_error(sent: list[tuple[int, bytes]]) -> None:
    options = [generic_option(code, data) for code, data in sent]
    try:
        found = introduction(*options)
    except IntroductionError:
        return
    assert all(" " not in text for text in found)
