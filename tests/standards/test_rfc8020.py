"""RFC 8020: NXDOMAIN, there really is nothing underneath"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House
from tests.worlds import Signed


@pytest.mark.rfc(8020, "2")
@pytest.mark.parametrize("denied", ["blocked.example", "invalid", "onion", "local", "use-application-dns.net"])
async def test_section_2_below_what_we_deny_there_is_nothing(house: House, denied: str) -> None:
    """Where a name is denied every name below it is: what safedns says by itself never contradicts that."""
    for name in (denied, f"www.{denied}", f"a.b.c.{denied}"):
        assert (await house.ask(name, client="127.0.0.3")).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.rfc(8020, "2")
async def test_section_2_below_a_name_that_is_proven_not_to_exist_nothing_is_asked_for(signed: Signed) -> None:
    """A cached name error answers for the whole subtree, where `dnssec: {validate: on}` has proven it."""
    assert (await signed.house.ask("missing.signed.example")).rcode() == dns.rcode.NXDOMAIN
    asked = len(signed.house.asked)
    for name in ("www.missing.signed.example", "a.b.missing.signed.example"):
        assert (await signed.house.ask(name)).rcode() == dns.rcode.NXDOMAIN
    assert len(signed.house.asked) == asked


@pytest.mark.rfc(8020, "4")
@pytest.mark.parametrize("flags", [[], ["AD"]])
async def test_section_4_who_may_filter_or_be_mistaken_is_not_believed_about_other_names(
    house: House, flags: list[str]
) -> None:
    """Without proof of our own the subtree is asked for: a filter, or a server that is wrong, may know names below."""
    house.table["gone.example.com A"] = [*flags, "NXDOMAIN"]
    house.table["www.gone.example.com A"] = ["www.gone.example.com 300 IN A 192.0.2.7"]
    await house.ask("gone.example.com")
    assert (await house.ask("www.gone.example.com")).answer
