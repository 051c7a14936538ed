"""RFC 6598: IANA-reserved IPv4 prefix for shared address space"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(6598, "4")
@pytest.mark.parametrize("second", [64, 100, 127])
async def test_section_4_reverse_names_of_shared_addresses_are_not_asked_upstream(house: House, second: int) -> None:
    """Reverse names of 100.64.0.0/10 are answered here as of other special networks (RFC 7793), and not forwarded."""
    reply = await house.ask(f"1.0.{second}.100.in-addr.arpa", "PTR")
    assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])


@pytest.mark.rfc(6598, "4")
@pytest.mark.parametrize("second", [63, 128])
async def test_section_4_their_neighbours_are_ordinary(house: House, second: int) -> None:
    """The networks around it are of the Internet: their reverse names are asked upstream."""
    await house.ask(f"1.0.{second}.100.in-addr.arpa", "PTR")
    assert len(house.asked) == 1
