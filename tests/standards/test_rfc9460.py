"""RFC 9460: Service binding and parameter specification via the DNS, SVCB and HTTPS"""

from __future__ import annotations

import dns.rcode
import dns.rdatatype
import pytest

from tests.house import House, answers

BINH, ADULT = "127.0.0.3", "127.0.0.1"


@pytest.mark.rfc(9460, "4.2")
async def test_section_4_2_service_records_pass_as_they_are_where_nothing_is_filtered(house: House) -> None:
    """Resolvers pass SVCB and HTTPS records on with every parameter, known to them or not."""
    line = '1 . alpn="h2" ipv4hint="192.0.2.1" key65400="odd"'
    house.table["www.example.com HTTPS"] = [f"www.example.com 300 IN HTTPS {line}"]
    assert answers(await house.ask("www.example.com", "HTTPS", client=ADULT)) == [f"www.example.com HTTPS {line}"]


@pytest.mark.rfc(9460, "2.4.2")
async def test_section_2_4_2_an_alias_is_followed_by_the_filter(house: House) -> None:
    """A record in AliasMode leads to another name as a CNAME does: one that is closed closes it."""
    house.table["www.example.com HTTPS"] = ["www.example.com 300 IN HTTPS 0 blocked.example."]
    assert (await house.ask("www.example.com", "HTTPS", client=BINH)).rcode() == dns.rcode.NXDOMAIN
    assert answers(await house.ask("www.example.com", "HTTPS", client=ADULT)) != []


@pytest.mark.rfc(9460, "7.3")
async def test_section_7_3_hints_are_only_hints(house: House) -> None:
    """Clients do without address hints and ask: so the filter takes them away, and every address is asked for."""
    house.table["www.example.com HTTPS"] = ['www.example.com 300 IN HTTPS 1 . alpn="h2" ipv4hint="192.0.2.1"']
    reply = await house.ask("www.example.com", "HTTPS", client=BINH)
    assert answers(reply) == ['www.example.com HTTPS 1 . alpn="h2"']


@pytest.mark.rfc(9460, "8")
async def test_section_8_what_is_taken_away_is_no_longer_mandatory(house: House) -> None:
    """A key that is listed as mandatory must be there: one that is taken away leaves the list too."""
    line = '1 . mandatory="alpn,ipv4hint" alpn="h2" ipv4hint="192.0.2.1"'
    house.table["www.example.com HTTPS"] = [f"www.example.com 300 IN HTTPS {line}"]
    reply = await house.ask("www.example.com", "HTTPS", client=BINH)
    assert answers(reply) == ['www.example.com HTTPS 1 . mandatory="alpn" alpn="h2"']
