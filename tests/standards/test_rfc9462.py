"""RFC 9462: Discovery of designated resolvers"""

from __future__ import annotations

import dns.rcode
import pytest

from tests.house import House
from tests.standards.designated import NAME, services


@pytest.mark.rfc(9462, "4")
def test_section_4_who_knows_only_an_address_asks_for_resolver_arpa() -> None:
    """_dns.resolver.arpa tells a device where its server speaks encrypted DNS: name, protocol, port, address."""
    found = services("_dns.resolver.arpa")
    assert {(each.target.to_text(), each.params[1].ids[0], each.params[3].port) for each in found} == {
        (f"{NAME}.", b"dot", 853),
        (f"{NAME}.", b"h2", 443),
        (f"{NAME}.", b"doq", 853),
    }
    assert all(list(each.params[4].addresses) == ["192.168.1.2"] for each in found)


@pytest.mark.rfc(9462, "6.4")
@pytest.mark.parametrize("name", ["_dns.resolver.arpa", "resolver.arpa", "other.resolver.arpa"])
async def test_section_6_4_resolver_arpa_is_never_forwarded(house: House, name: str) -> None:
    """Queries below resolver.arpa are about this server: who designates nobody says that there is no data."""
    for qtype in ("SVCB", "A", "TYPE261"):
        reply = await house.ask(name, qtype)
        assert (reply.rcode(), reply.answer, house.asked) == (dns.rcode.NOERROR, [], [])


@pytest.mark.rfc(9462, "6.1")
async def test_section_6_1_a_forwarder_does_not_hand_its_devices_on_to_its_own_upstream(house: House) -> None:
    """What an upstream says of itself is no designation by us: devices would leave the filter by it."""
    house.table["_dns.resolver.arpa SVCB"] = ["_dns.resolver.arpa 60 IN SVCB 1 dns.example. alpn=h2"]
    assert ((await house.ask("_dns.resolver.arpa", "SVCB")).answer, house.asked) == ([], [])


@pytest.mark.rfc(9462, "6.4")
@pytest.mark.parametrize("qtype", ["A", "AAAA", "HTTPS", "TXT"])
def test_section_6_4_other_types_have_no_data_where_there_is_a_designation(qtype: str) -> None:
    """Only SVCB is answered at _dns.resolver.arpa; other types are there without data."""
    assert services("_dns.resolver.arpa", qtype) == []
