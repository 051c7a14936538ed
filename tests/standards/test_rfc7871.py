"""RFC 7871: Client subnet in DNS queries"""

from __future__ import annotations

import dns.edns
import dns.message
import pytest

from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House, answers


def with_subnet(query: dns.message.Message) -> None:
    query.use_edns(0, options=[dns.edns.ECSOption("192.168.1.31", 32)])


@pytest.mark.rfc(7871, "11.1")
def test_section_11_1_nobodys_subnet_goes_upstream() -> None:
    """The option tells others who asks, so none is sent, and a client's is not passed on."""
    query = dns.message.make_query("www.example.com", "A")
    with_subnet(query)
    assert dns.message.from_wire(upstream_request(decode_query(query.to_wire()), 0)).options == ()


@pytest.mark.rfc(7871, "7.2.2")
async def test_section_7_2_2_who_does_not_support_the_option_does_not_answer_it(house: House) -> None:
    """A server that does nothing with the option ignores it, and has none in its response."""
    reply = await house.ask("www.example.com", change=with_subnet)
    assert (answers(reply), reply.options) == (["www.example.com A 192.0.2.1"], ())


@pytest.mark.rfc(7871, "11.3")
async def test_section_11_3_a_subnet_makes_no_answers_of_its_own(house: House) -> None:
    """Nobody fills the cache by asking with many subnets: they share one answer."""
    for last in range(5):
        await house.ask(
            "www.example.com",
            change=lambda query, last=last: query.use_edns(0, options=[dns.edns.ECSOption(f"192.0.2.{last}", 32)]),  # type: ignore[misc]
        )
    assert len(house.asked) == 1
