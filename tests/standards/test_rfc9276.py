"""RFC 9276: Guidance for NSEC3 parameter settings"""

from __future__ import annotations

from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests.worlds import Signed, family_of_zones


@pytest.mark.rfc(9276, "3.2")
async def test_section_3_2_a_zone_that_demands_much_hashing_counts_as_unsigned_where_it_denies(tmp_path: Path) -> None:
    """A validating resolver may treat proofs with many iterations as insecure."""
    signed = Signed(tmp_path, family_of_zones(iterations=51))
    reply = await signed.house.ask("missing.signed.example", change=dns.message.Message.want_dnssec)
    assert (reply.rcode(), bool(reply.flags & dns.flags.AD)) == (dns.rcode.NXDOMAIN, False)
