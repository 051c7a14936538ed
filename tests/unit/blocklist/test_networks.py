"""Networks of addresses in a list."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address

import marisa_trie
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.networks import Networks, network_key, network_of_key

Network = IPv4Network | IPv6Network

NETWORKS = st.one_of(
    st.builds(
        lambda number, length: IPv4Network((number >> (32 - length) << (32 - length), length)),
        st.integers(0, 2**32 - 1),
        st.integers(0, 32),
    ),
    st.builds(
        lambda number, length: IPv6Network((number >> (128 - length) << (128 - length), length)),
        st.integers(0, 2**128 - 1),
        st.integers(0, 128),
    ),
)


def networks(blocked: list[Network], allowed: list[Network]) -> Networks:
    return Networks(*(marisa_trie.Trie(map(network_key, each)) if each else None for each in (blocked, allowed)))


@given(NETWORKS)
def test_a_key_says_all_of_its_network(network: Network) -> None:
    assert network_of_key(network_key(network)) == network


@given(st.lists(NETWORKS, max_size=6), st.lists(NETWORKS, max_size=3), st.lists(NETWORKS, min_size=1))
def test_the_narrowest_network_that_holds_an_address_decides(
    blocked: list[Network], allowed: list[Network], near: list[Network]
) -> None:
    held = networks(blocked, allowed)
    for address in {each.network_address for each in (*blocked, *allowed, *near)}:
        if address.version == 6 and address.ipv4_mapped is not None:
            continue
        holding = [each for each in blocked if address in each]
        narrowest = max(holding, key=lambda each: each.prefixlen, default=None)
        opened = max((each.prefixlen for each in allowed if address in each), default=-1)
        expected = None if narrowest is None or opened >= narrowest.prefixlen else str(narrowest)
        assert held.match(str(address)) == expected


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.9", "192.0.2.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("192.0.3.9", None),
        ("2001:db8::1", "2001:db8::/32"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::/32"),
        ("::192.0.2.9", None),
    ],
)
def test_an_ipv4_address_inside_an_ipv6_address_counts_as_itself(address: str, found: str | None) -> None:
    held = networks([IPv4Network("192.0.2.0/24"), IPv6Network("2001:db8::/32")], [])
    assert held.match(address) == found


def test_a_list_without_networks_holds_no_address() -> None:
    assert networks([], [IPv4Network("192.0.2.0/24")]).match("192.0.2.1") is None
    assert ip_address("192.0.2.1") in IPv4Network("192.0.2.0/24")
