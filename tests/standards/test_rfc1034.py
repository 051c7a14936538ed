"""RFC 1034: Domain names, concepts and facilities"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House, answers


@pytest.mark.rfc(1034, "3.1")
async def test_section_3_1_names_differ_in_more_than_letter_case(house: House) -> None:
    """Names are compared without regard to letter case, and the letter case of the question is kept in the answer."""
    await house.ask("www.example.com")
    assert answers(await house.ask("wWw.ExAmPlE.cOm")) == ["wWw.ExAmPlE.cOm A 192.0.2.1"]
    assert len(house.asked) == 1


@pytest.mark.rfc(1034, "3.6.2")
async def test_section_3_6_2_an_alias_comes_with_what_it_leads_to(house: House) -> None:
    """An alias is answered with the CNAME and the records that it leads to."""
    assert answers(await house.ask("alias.example.com")) == [
        "alias.example.com CNAME www.example.com.",
        "www.example.com A 192.0.2.1",
    ]


@pytest.mark.rfc(1034, "4.3.1")
async def test_section_4_3_1_recursion_is_offered(house: House) -> None:
    """A server that recurses for the asker says so in every response (RA), by an answer, an error or a failure."""
    replies = [await house.ask(name) for name in ("www.example.com", "missing.example.com", "failing.example.com")]
    assert [reply.rcode() for reply in replies] == [dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL]
    assert all("RA" in dns.flags.to_text(reply.flags) for reply in replies)
