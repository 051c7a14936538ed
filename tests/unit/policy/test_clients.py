"""Whose device is it: the narrowest and steadiest evidence wins, in whatever form an address arrives."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from safedns.policy.clients import Clients, Evidence, Span, parse_span

CLAIMS = (
    ("192.168.1.32", "binh"),
    ("192.168.1.30-192.168.1.39", "children"),
    ("192.168.1.0/24", "home"),
    ("192.168.0.0/16", "school"),
    ("2001:db8::32", "binh"),
    ("2001:db8::/64", "home"),
    ("fe80::32%eth0", "binh"),
    ("aa:bb:cc:dd:ee:01", "hardware"),
    ("an-tablet", "hostname"),
)
CLIENTS = Clients(CLAIMS, "unknown")


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("192.168.1.32", "binh"),
        ("192.168.1.39", "children"),
        ("192.168.1.30", "children"),
        ("192.168.1.40", "home"),
        ("192.168.2.1", "school"),
        ("10.0.0.1", "unknown"),
        ("2001:db8::32", "binh"),
        ("2001:0db8:0:0::0032", "binh"),
        ("2001:db8::33", "home"),
        ("2001:db8:1::1", "unknown"),
        ("not an address", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_exact_address_beats_a_range_beats_a_network_beats_a_wider_one(address: str, owner: str) -> None:
    assert CLIENTS.find(Evidence(address)) == owner


def test_the_order_of_claims_does_not_matter() -> None:
    backwards = Clients(CLAIMS[::-1], "unknown")
    addresses = [f"192.168.1.{last}" for last in range(256)] + ["2001:db8::32", "192.168.9.9"]
    assert [backwards.find(Evidence(address)) for address in addresses] == [
        CLIENTS.find(Evidence(address)) for address in addresses
    ]


@pytest.mark.parametrize("address", ["::ffff:192.168.1.32", "::ffff:c0a8:120"])
def test_an_ipv4_mapped_address_is_the_ipv4_one(address: str) -> None:
    assert CLIENTS.find(Evidence(address)) == "binh"


@pytest.mark.parametrize("address", ["fe80::32", "fe80::32%eth0", "fe80::32%wlan1"])
def test_the_scope_of_an_ipv6_address_is_no_part_of_its_identity(address: str) -> None:
    assert CLIENTS.find(Evidence(address)) == "binh"


INTERFACE = "::a8bb:ccff:fedd:ee01"
EVERY_KIND = Clients(
    [
        ("192.168.1.0/24", "network"),
        ("2001:db8::/64", "network"),
        ("an-tablet", "name"),
        (INTERFACE, "interface"),
        ("192.168.1.32", "address"),
        ("2001:db8::a8bb:ccff:fedd:ee01", "address"),
        ("aa:bb:cc:dd:ee:01", "hardware"),
        ("an-phone", "word"),
    ],
    "unknown",
)
AT, MAC = "192.168.1.32", "aa:bb:cc:dd:ee:01"


@pytest.mark.parametrize(
    ("seen", "owner"),
    [
        (Evidence(AT, word="an-phone", mac=MAC, host="an-tablet"), "word"),
        (Evidence(AT, mac=MAC, host="an-tablet"), "hardware"),
        (Evidence(AT, host="an-tablet"), "address"),
        (Evidence("2001:db8::a8bb:ccff:fedd:ee01", host="an-tablet"), "address"),
        (Evidence("2001:db8:9::a8bb:ccff:fedd:ee01", host="an-tablet"), "interface"),
        (Evidence("2001:db8::33", host="an-tablet", ipv4=AT), "address"),
        (Evidence(host="an-tablet", ipv4=AT), "address"),
        (Evidence("2001:db8:9::a8bb:ccff:fedd:ee01", ipv4=AT), "interface"),
        (Evidence("2001:db8:9::33", host="an-tablet", ipv4="192.168.1.33"), "name"),
        (Evidence("2001:db8:9::33", ipv4="192.168.1.33"), "network"),
        (Evidence("2001:db8:9::33", ipv4="10.0.0.1"), "unknown"),
        (Evidence("192.168.1.33", host="an-tablet"), "name"),
        (Evidence("192.168.1.33"), "network"),
        (Evidence("10.0.0.1"), "unknown"),
        (Evidence(mac=MAC), "hardware"),
        (Evidence(word="an-tablet"), "name"),
        (Evidence(), "unknown"),
    ],
)
def test_the_narrowest_and_steadiest_evidence_wins(seen: Evidence, owner: str) -> None:
    assert EVERY_KIND.find(seen) == owner


@pytest.mark.parametrize(
    "seen",
    [
        Evidence(AT, word="nobody", mac="aa:bb:cc:dd:ee:99", host="nobody"),
        Evidence(AT, word="192.168.1.0/24"),
        Evidence(AT, word=MAC),
        Evidence(AT, mac="an-tablet"),
        Evidence(AT, host=MAC),
    ],
)
def test_evidence_that_nobody_has_claimed_leaves_the_rest_to_decide(seen: Evidence) -> None:
    assert EVERY_KIND.find(seen) == "address"


def test_a_range_that_an_ipv6_address_is_in_beats_one_of_its_hardwares_ipv4_address() -> None:
    clients = Clients([("192.168.1.0/24", "four"), ("fd00::/8", "six")], "unknown")
    assert clients.find(Evidence("fd00::9", ipv4="192.168.1.9")) == "six"


@given(st.integers(0, 2**64 - 1), st.integers(2, 2**64 - 1))
def test_an_interface_id_is_recognised_under_every_prefix(prefix: int, interface: int) -> None:
    clients = Clients([(str(IPv6Address(interface)), "theirs")], "unknown")
    assume(IPv6Address(interface).ipv4_mapped is None)
    address = IPv6Address(prefix << 64 | interface)
    assume(address.ipv4_mapped is None)
    assert clients.find(Evidence(str(address))) == "theirs"
    assert clients.find(Evidence(str(IPv6Address(prefix << 64 | (interface ^ 1))))) == "unknown"


def test_an_interface_id_claims_no_address_of_its_own() -> None:
    assert parse_span(INTERFACE) is None
    assert Clients([("0.0.0.2", "four")], "").find(Evidence("2001:db8::2")) == ""


def test_families_never_mix_even_where_their_numbers_agree() -> None:
    assert Clients([("::/96", "six")], "unknown").find(Evidence("192.168.1.1")) == "unknown"


def test_of_two_equal_claims_the_first_counts() -> None:
    twice = Clients([("10.0.0.1", "a"), ("10.0.0.1/32", "b"), ("10.1.0.0/24", "a"), ("10.1.0.0-10.1.0.255", "b")], "")
    assert (twice.find(Evidence("10.0.0.1")), twice.find(Evidence("10.1.0.7"))) == ("a", "a")


@pytest.mark.parametrize(
    "text",
    ["aa:bb:cc:dd:ee:01", "an-tablet", "10.0.0.0/33", "10.0.0.1-::1", "", "10.0.0.9-10.0.0.x"],
)
def test_what_is_no_address_claims_nothing(text: str) -> None:
    assert parse_span(text) is None


def test_a_network_may_have_host_bits() -> None:
    assert parse_span("10.0.0.7/24") == Span(4, 10 << 24, (10 << 24) + 255)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=8), st.integers(0, 255))
def test_the_owner_is_a_narrowest_span_that_holds_the_address(pairs: list[tuple[int, int]], last: int) -> None:
    spans = [(min(pair), max(pair)) for pair in pairs]
    clients = Clients([(f"10.0.0.{low}-10.0.0.{high}", (low, high)) for low, high in spans], None)
    found = clients.find(Evidence(f"10.0.0.{last}"))
    holding = [span for span in spans if span[0] <= last <= span[1]]
    if not holding:
        assert found is None
    else:
        assert found in holding
        assert found is not None
        assert found[1] - found[0] == min(high - low for low, high in holding)
