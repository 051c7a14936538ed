"""RFC 2308: Negative caching of DNS queries"""

from __future__ import annotations

import dns.rcode
import dns.rdatatype
import pytest

from tests.house import House, ttls

SOA = "example.com 900 IN SOA ns.example.com. root.example.com. 1 2 3 4 120"


@pytest.mark.rfc(2308, "3")
@pytest.mark.parametrize("said", ["NXDOMAIN", "NODATA"])
async def test_section_3_a_negative_answer_lives_as_long_as_its_soa_says(house: House, said: str) -> None:
    """The TTL of a negative answer is the smaller of the SOA's own TTL and its MINIMUM field."""
    house.table["gone.example.com A"] = [said, SOA]
    assert ttls(await house.ask("gone.example.com")) == [120]


@pytest.mark.rfc(2308, "5")
@pytest.mark.parametrize("said", ["NXDOMAIN", "NODATA"])
async def test_section_5_a_negative_answer_is_cached_and_its_ttl_counts_down(house: House, said: str) -> None:
    """Negative answers are cached as positive ones are, their TTL counting down to zero."""
    house.table["gone.example.com A"] = [said, SOA]
    await house.ask("gone.example.com")
    house.clock.advance(100)
    assert ttls(await house.ask("gone.example.com")) == [20]
    house.clock.advance(20)
    await house.ask("gone.example.com")
    assert len(house.asked) == 2


@pytest.mark.rfc(2308, "5")
async def test_section_5_a_negative_answer_is_kept_for_three_hours_at_most(house: House) -> None:
    """However long the SOA allows, a negative answer is kept for one to three hours at most."""
    house.table["gone.example.com A"] = ["NXDOMAIN", SOA.replace("900", "86400").replace(" 120", " 86400")]
    await house.ask("gone.example.com")
    house.clock.advance(10_801)
    await house.ask("gone.example.com")
    assert len(house.asked) == 2


@pytest.mark.rfc(2308, "5")
@pytest.mark.parametrize("said", ["NXDOMAIN", "NODATA"])
async def test_section_5_nobody_else_is_told_to_keep_it_longer(house: House, said: str) -> None:
    """The limit is part of the TTL that is passed on: no cache behind keeps a negative answer for more than hours."""
    house.table["gone.example.com A"] = [said, SOA.replace("900", "604800").replace(" 120", " 604800")]
    assert ttls(await house.ask("gone.example.com")) == [10_800]
    house.clock.advance(10_000)
    assert ttls(await house.ask("gone.example.com")) == [800]


@pytest.mark.rfc(2308, "5")
async def test_section_5_nodata_is_about_one_type_only(house: House) -> None:
    """That a name has no record of a type says nothing of its other types."""
    house.table["www.example.com AAAA"] = ["NODATA", SOA]
    await house.ask("www.example.com", "AAAA")
    assert (await house.ask("www.example.com", "A")).answer


@pytest.mark.rfc(2308, "6")
async def test_section_6_the_soa_is_kept_and_sent_along_from_the_cache(house: House) -> None:
    """A negative answer out of the cache has the SOA in its authority section, so that the asker may keep it too."""
    house.table["gone.example.com A"] = ["NXDOMAIN", SOA]
    for _ in range(2):
        reply = await house.ask("gone.example.com")
        assert (reply.rcode(), reply.authority[0].rdtype) == (dns.rcode.NXDOMAIN, dns.rdatatype.SOA)


@pytest.mark.rfc(2308, "3")
async def test_section_3_a_negative_answer_of_our_own_has_an_soa(house: House) -> None:
    """Who denies a name adds an SOA, so that the denial can be kept: so do blocked and local names."""
    for name in ("blocked.example", "name.invalid"):
        reply = await house.ask(name, client="127.0.0.3")
        assert (reply.rcode(), reply.authority[0].rdtype) == (dns.rcode.NXDOMAIN, dns.rdatatype.SOA)


@pytest.mark.rfc(2308, "5")
async def test_section_5_a_name_that_does_not_exist_is_asked_for_once(house: House) -> None:
    """A cached name error answers the other types of the name too."""
    house.table["gone.example.com A"] = ["NXDOMAIN", SOA]
    replies = [await house.ask("gone.example.com", qtype) for qtype in ("A", "AAAA", "HTTPS")]
    assert [reply.rcode() for reply in replies] == [dns.rcode.NXDOMAIN] * 3
    assert len(house.asked) == 1


@pytest.mark.rfc(2308, "2.1")
async def test_section_2_1_a_name_error_behind_an_alias_is_not_about_the_name_asked_for(house: House) -> None:
    """Where an alias leads to nothing, the name that does not exist is the last one, not the alias."""
    house.table["www.example.com A"] = ["NXDOMAIN", "www.example.com 300 IN CNAME gone.example.com.", SOA]
    await house.ask("www.example.com")
    await house.ask("www.example.com", "AAAA")
    assert len(house.asked) == 2


@pytest.mark.rfc(2308, "7.1")
async def test_section_7_1_a_failure_concerns_its_own_question_only(house: House) -> None:
    """A failure is kept for its own name and type: another question of the same server is asked."""
    assert (await house.ask("failing.example.com")).rcode() == dns.rcode.SERVFAIL
    house.table["failing.example.com AAAA"] = ["failing.example.com 300 IN AAAA 2001:db8::1"]
    assert (await house.ask("www.example.com")).answer
    assert (await house.ask("failing.example.com", "AAAA")).answer
