"""RFC 6840: Clarifications and implementation notes for DNSSEC"""

from __future__ import annotations

import dns.flags
import dns.message
import pytest

from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House
from tests.worlds import Signed

PROVEN = ["AD", "www.example.com 300 IN A 192.0.2.1"]


@pytest.mark.rfc(6840, "5.7")
def test_section_5_7_ad_in_our_queries_says_that_we_understand_it() -> None:
    """Who sets AD in a query wants to know whether the answer is proven: safedns always does."""
    sent = dns.message.from_wire(upstream_request(decode_query(dns.message.make_query("a.example", "A").to_wire()), 0))
    assert sent.flags & dns.flags.AD


@pytest.mark.rfc(6840, "5.8")
async def test_section_5_8_only_who_set_do_or_ad_is_told_that_an_answer_is_proven(house: House) -> None:
    """AD is set in a response only when the query had DO or AD."""
    house.table["www.example.com A"] = PROVEN

    def understands(query: dns.message.Message) -> None:
        query.flags |= dns.flags.AD

    told = [
        bool((await house.ask("www.example.com", change=change)).flags & dns.flags.AD)
        for change in (understands, dns.message.Message.want_dnssec, None)
    ]
    assert told == [True, True, False]


@pytest.mark.rfc(6840, "5.9")
async def test_section_5_9_who_validates_asks_upstream_with_cd(signed: Signed) -> None:
    """A validator sets CD in its queries, so that it gets what an upstream would hold back."""
    await signed.house.ask("www.signed.example")
    assert {bool(query.flags & dns.flags.CD) for query in signed.world.queries} == {True}
