"""RFC 9476: The .alt special-use top-level domain"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(9476, "2")
@pytest.mark.parametrize("name", ["alt", "name.alt"])
async def test_section_2_names_outside_of_dns_are_not_asked_upstream(house: House, name: str) -> None:
    """Names below alt. are not of DNS: they are answered NXDOMAIN and asked nowhere."""
    for qtype in ("A", "AAAA", "HTTPS"):
        reply = await house.ask(name, qtype)
        assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])
