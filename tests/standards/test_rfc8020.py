"""RFC 8020: NXDOMAIN, there really is nothing underneath"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(8020, "2")
@pytest.mark.parametrize("denied", ["blocked.example", "invalid", "onion", "local", "use-application-dns.net"])
async def test_section_2_below_what_we_deny_there_is_nothing(house: House, denied: str) -> None:
    """Where a name is denied every name below it is: what safedns says by itself never contradicts that."""
    for name in (denied, f"www.{denied}", f"a.b.c.{denied}"):
        assert (await house.ask(name, client="127.0.0.3")).rcode() == dns.rcode.NXDOMAIN
