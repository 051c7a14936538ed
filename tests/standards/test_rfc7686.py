"""RFC 7686: The .onion special-use domain name"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(7686, "2")
@pytest.mark.parametrize("name", ["onion", "abcdefghijklmnop.onion"])
async def test_section_2_onion_names_are_never_asked_upstream(house: House, name: str) -> None:
    """Resolvers that do not speak Tor answer NXDOMAIN for onion names and never look them up."""
    for qtype in ("A", "AAAA", "HTTPS"):
        reply = await house.ask(name, qtype)
        assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])
