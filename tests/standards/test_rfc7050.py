"""RFC 7050: Discovery of the IPv6 prefix used for IPv6 address synthesis"""

from __future__ import annotations

import pytest

from tests.house import House, answers


@pytest.mark.rfc(7050, "3")
async def test_section_3_the_well_known_name_is_answered_by_the_network(house: House) -> None:
    """A device asks for ipv4only.arpa to learn the NAT64 prefix: the answer of the provider's DNS64 reaches it."""
    house.table["ipv4only.arpa AAAA"] = ["ipv4only.arpa 60 IN AAAA 64:ff9b::c000:aa"]
    assert answers(await house.ask("ipv4only.arpa", "AAAA", client="127.0.0.3")) == [
        "ipv4only.arpa AAAA 64:ff9b::c000:aa"
    ]
