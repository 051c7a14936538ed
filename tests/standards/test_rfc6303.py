"""RFC 6303: Locally served DNS zones"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House, answers


@pytest.mark.rfc(6303, "4.1")
@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.1"])
async def test_section_4_1_reverse_names_of_private_networks_stay_at_home(house: House, address: str) -> None:
    """The reverse names of private IPv4 networks are answered here, and never asked upstream."""
    await denied(house, ".".join(reversed(address.split("."))) + ".in-addr.arpa")


@pytest.mark.rfc(6303, "4.2")
@pytest.mark.parametrize("address", ["0.0.0.1", "127.0.0.2", "169.254.1.1", "192.0.2.1", "198.51.100.1", "203.0.113.1"])
async def test_section_4_2_so_do_those_of_other_special_networks(house: House, address: str) -> None:
    """So are those of this network, loopback, link-local and documentation."""
    await denied(house, ".".join(reversed(address.split("."))) + ".in-addr.arpa")


@pytest.mark.rfc(6303, "4.2")
async def test_section_4_2_and_that_of_the_broadcast_address(house: House) -> None:
    """So is that of the address that all hear: it is a zone of its own."""
    reply = await house.ask("255.255.255.255.in-addr.arpa", "PTR")
    assert (reply.rcode(), len(reply.authority), house.asked) == (dns.rcode.NOERROR, 1, [])
    await denied(house, "1.255.255.255.255.in-addr.arpa")


@pytest.mark.rfc(6303, "4.3")
async def test_section_4_3_and_of_the_unspecified_address_of_ipv6(house: House) -> None:
    """So are those of the IPv6 loopback and unspecified addresses."""
    for last in ("0", "1"):
        reply = await house.ask(f"{last}." + "0." * 31 + "ip6.arpa", "PTR")
        assert (reply.rcode(), house.asked) == (dns.rcode.NOERROR, [])


@pytest.mark.rfc(6303, "4.4")
async def test_section_4_4_and_of_unique_local_addresses(house: House) -> None:
    """So are those of locally assigned IPv6 addresses."""
    await denied(house, "1.0.0.d.f.ip6.arpa")


@pytest.mark.rfc(6303, "4.5")
@pytest.mark.parametrize("nibble", ["8", "9", "a", "b"])
async def test_section_4_5_and_of_link_local_addresses(house: House, nibble: str) -> None:
    """So are those of IPv6 link-local addresses."""
    await denied(house, f"0.{nibble}.e.f.ip6.arpa")


@pytest.mark.rfc(6303, "4.6")
async def test_section_4_6_and_of_the_example_prefix(house: House) -> None:
    """So are those of the IPv6 documentation prefix."""
    await denied(house, "0.8.b.d.0.1.0.0.2.ip6.arpa")


@pytest.mark.rfc(6303, "3")
async def test_section_3_the_zone_itself_exists(house: House) -> None:
    """Each such zone is empty but exists: its own name is answered without data, with an SOA."""
    reply = await house.ask("168.192.in-addr.arpa", "PTR")
    assert (reply.rcode(), len(reply.authority), house.asked) == (dns.rcode.NOERROR, 1, [])


@pytest.mark.rfc(6303, "3")
async def test_section_3_the_zone_has_what_every_zone_has(house: House) -> None:
    """Each such zone has an SOA and one NS record: the zone's own name, and nobody to write to."""
    soa, ns = [await house.ask("168.192.in-addr.arpa", qtype) for qtype in ("SOA", "NS")]
    assert answers(ns) == ["168.192.in-addr.arpa NS 168.192.in-addr.arpa."]
    assert answers(soa)[0].startswith("168.192.in-addr.arpa SOA 168.192.in-addr.arpa. nobody.invalid. 1 ")
    assert house.asked == []


async def denied(house: House, name: str) -> None:
    reply = await house.ask(name, "PTR")
    assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])
