"""Whose device is it: the narrowest claim wins, in whatever form an address arrives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.policy.clients import Clients, Span, parse_span

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
    assert CLIENTS.find(address) == owner


def test_the_order_of_claims_does_not_matter() -> None:
    backwards = Clients(CLAIMS[::-1], "unknown")
    addresses = [f"192.168.1.{last}" for last in range(256)] + ["2001:db8::32", "192.168.9.9"]
    assert [backwards.find(address) for address in addresses] == [CLIENTS.find(address) for address in addresses]


@pytest.mark.parametrize("address", ["::ffff:192.168.1.32", "::ffff:c0a8:120"])
def test_an_ipv4_mapped_address_is_the_ipv4_one(address: str) -> None:
    assert CLIENTS.find(address) == "binh"


@pytest.mark.parametrize("address", ["fe80::32", "fe80::32%eth0", "fe80::32%wlan1"])
def test_the_scope_of_an_ipv6_address_is_no_part_of_its_identity(address: str) -> None:
    assert CLIENTS.find(address) == "binh"


def test_families_never_mix_even_where_their_numbers_agree() -> None:
    assert Clients([("::/96", "six")], "unknown").find("192.168.1.1") == "unknown"


def test_of_two_equal_claims_the_first_counts() -> None:
    twice = Clients([("10.0.0.1", "a"), ("10.0.0.1/32", "b"), ("10.1.0.0/24", "a"), ("10.1.0.0-10.1.0.255", "b")], "")
    assert (twice.find("10.0.0.1"), twice.find("10.1.0.7")) == ("a", "a")


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
    found = clients.find(f"10.0.0.{last}")
    holding = [span for span in spans if span[0] <= last <= span[1]]
    if not holding:
        assert found is None
    else:
        assert found in holding
        assert found is not None
        assert found[1] - found[0] == min(high - low for low, high in holding)
