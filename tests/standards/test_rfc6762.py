"""RFC 6762: Multicast DNS"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(6762, "22.1")
@pytest.mark.parametrize("name", ["local", "printer.local"])
async def test_section_22_1_names_of_multicast_dns_are_not_asked_upstream(house: House, name: str) -> None:
    """Caching servers know that names below local. are of multicast DNS, and answer NXDOMAIN at once."""
    for qtype in ("A", "AAAA", "HTTPS"):
        reply = await house.ask(name, qtype)
        assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])


@pytest.mark.rfc(6762, "22.1")
@pytest.mark.parametrize("zone", ["254.169.in-addr.arpa", *(f"{digit}.e.f.ip6.arpa" for digit in "89ab")])
async def test_section_22_1_nor_are_reverse_names_of_link_local_addresses(house: House, zone: str) -> None:
    """The reverse names of link-local addresses belong to multicast DNS too."""
    reply = await house.ask(f"1.{zone}", "PTR")
    assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])
