"""RFC 5155: DNS security (DNSSEC) hashed authenticated denial of existence"""

from __future__ import annotations

from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests.worlds import Signed, family_of_zones


@pytest.mark.rfc(5155, "8.4")
async def test_section_8_4_a_name_error_is_proven_by_hashes(tmp_path: Path) -> None:
    """A name is denied by proof of the closest encloser, and that neither the next name nor a wildcard is there."""
    signed = Signed(tmp_path, family_of_zones(nsec3=True))
    reply = await signed.house.ask("a.missing.signed.example", change=dns.message.Message.want_dnssec)
    assert (reply.rcode(), bool(reply.flags & dns.flags.AD)) == (dns.rcode.NXDOMAIN, True)


@pytest.mark.rfc(5155, "8.6")
async def test_section_8_6_under_opt_out_a_delegation_without_ds_is_unsigned(tmp_path: Path) -> None:
    """Where the record that covers a delegation has the opt-out bit, the zone below may be there without signatures."""
    signed = Signed(tmp_path, family_of_zones(opt_out=True))
    assert (await signed.house.ask("www.unsigned.example")).answer


@pytest.mark.rfc(5155, "9.2")
async def test_section_9_2_what_is_denied_under_opt_out_is_not_called_authentic(tmp_path: Path) -> None:
    """AD must not be set where the proof covers the name with the opt-out bit."""
    signed = Signed(tmp_path, family_of_zones(opt_out=True))
    reply = await signed.house.ask("missing.example", change=dns.message.Message.want_dnssec)
    assert (reply.rcode(), bool(reply.flags & dns.flags.AD)) == (dns.rcode.NXDOMAIN, False)
