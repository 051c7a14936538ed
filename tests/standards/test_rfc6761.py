"""RFC 6761: Special-use domain names"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House, answers


@pytest.mark.rfc(6761, "6.1")
@pytest.mark.parametrize("name", ["1.0.0.10.in-addr.arpa", "9.2.0.16.172.in-addr.arpa", "9.1.168.192.in-addr.arpa"])
async def test_section_6_1_reverse_names_of_private_addresses_are_special(house: House, name: str) -> None:
    """Caching servers answer for the reverse names of private addresses themselves, and ask nobody."""
    reply = await house.ask(name, "PTR")
    assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])


@pytest.mark.rfc(6761, "6.2")
@pytest.mark.parametrize("name", ["test", "www.test"])
async def test_section_6_2_names_for_tests_are_not_asked_upstream(house: House, name: str) -> None:
    """Caching servers recognise names below test. and answer NXDOMAIN at once, unless a family routes them."""
    await denied(house, name)


@pytest.mark.rfc(6761, "6.3")
@pytest.mark.parametrize("name", ["localhost", "anything.localhost"])
async def test_section_6_3_localhost_is_this_machine(house: House, name: str) -> None:
    """localhost. and what is below it are loopback addresses; other types have no data, and nobody is asked."""
    assert answers(await house.ask(name, "A")) == [f"{name} A 127.0.0.1"]
    assert answers(await house.ask(name, "AAAA")) == [f"{name} AAAA ::1"]
    nothing = await house.ask(name, "MX")
    assert (nothing.rcode(), nothing.answer, house.asked) == (dns.rcode.NOERROR, [], [])


@pytest.mark.rfc(6761, "6.4")
async def test_section_6_4_invalid_names_do_not_exist(house: House) -> None:
    """Caching servers answer NXDOMAIN for names below invalid. at once."""
    await denied(house, "www.invalid")


@pytest.mark.rfc(6761, "6.5")
async def test_section_6_5_example_names_are_ordinary(house: House) -> None:
    """Caching servers do not treat example. names as special: they are resolved as usual."""
    await house.ask("www.example.net")
    assert [asked.name for asked in house.asked] == ["www.example.net"]


async def denied(house: House, name: str) -> None:
    reply = await house.ask(name)
    assert (reply.rcode(), house.asked) == (dns.rcode.NXDOMAIN, [])
