"""RFC 8375: Special-use domain home.arpa."""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(8375, "4")
async def test_section_4_names_at_home_stay_at_home(house: House) -> None:
    """Names below home.arpa. are not asked of servers outside the home."""
    below, apex = await house.ask("printer.home.arpa"), await house.ask("home.arpa")
    assert (below.rcode(), apex.rcode(), apex.answer, house.asked) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR, [], [])


@pytest.mark.rfc(8375, "4")
async def test_section_4_the_proof_that_the_zone_is_unsigned_is_asked_for(house: House) -> None:
    """The DS of home.arpa. is asked upstream, for validators need the proof that there is none."""
    await house.ask("home.arpa", "DS")
    assert [asked.name for asked in house.asked] == ["home.arpa"]
