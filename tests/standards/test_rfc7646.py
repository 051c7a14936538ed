"""RFC 7646: Definition and use of DNSSEC negative trust anchors"""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests.house import answers
from tests.worlds import Signed, forged


@pytest.mark.rfc(7646, "2")
async def test_section_2_a_negative_trust_anchor_takes_a_broken_zone_as_unsigned(signed: Signed) -> None:
    """At and below a negative trust anchor nothing is checked or called authentic; elsewhere all is as before."""
    forged(signed.zones["signed"])
    signed.save(negative_trust_anchors=["signed.example"])
    broken = await signed.house.ask("www.signed.example", change=dns.message.Message.want_dnssec)
    good = await signed.house.ask("leaf.signed2.example", change=dns.message.Message.want_dnssec)
    assert answers(broken)[0] == "www.signed.example A 192.0.2.66"
    assert [bool(reply.flags & dns.flags.AD) for reply in (broken, good)] == [False, True]
    assert good.rcode() == dns.rcode.NOERROR
