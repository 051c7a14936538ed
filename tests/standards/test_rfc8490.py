"""RFC 8490: DNS stateful operations"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House


@pytest.mark.rfc(8490, "5.1.1")
async def test_section_5_1_1_who_offers_no_sessions_says_so(house: House) -> None:
    """A server without stateful operations answers their opcode NOTIMP, and the client goes on without them."""
    request = b"\x12\x34\x30\x00" + bytes(8) + b"\0\1\0\x08" + bytes(8)
    reply = await house.packet(request, protocol="tcp")
    assert reply is not None
    assert (reply[:2], reply[2] >> 3 & 15, reply[3] & 15) == (b"\x12\x34", 6, dns.rcode.NOTIMP)
