"""RFC 3225: Indicating resolver support of DNSSEC"""

from __future__ import annotations

import dns.flags
import dns.message
import pytest

from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House


@pytest.mark.rfc(3225, "3")
@pytest.mark.parametrize("name", ["www.example.com", "blocked.example", "failing.example.com"])
async def test_section_3_do_comes_back_as_it_was(house: House, name: str) -> None:
    """DO is copied from the query into the response."""
    for do in (False, True):
        reply = await house.ask(name, client="127.0.0.3", change=lambda query, do=do: query.want_dnssec(do))  # type: ignore[misc]
        assert bool(reply.ednsflags & dns.flags.DO) is do


@pytest.mark.rfc(3225, "3")
def test_section_3_do_is_passed_on() -> None:
    """Who does not validate passes the client's DO on, and sets none of its own."""
    for do in (False, True):
        query = dns.message.make_query("www.example.com", "A", want_dnssec=do).to_wire()
        sent = dns.message.from_wire(upstream_request(decode_query(query), 0))
        assert bool(sent.ednsflags & dns.flags.DO) is do
