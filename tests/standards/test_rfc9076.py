"""RFC 9076: DNS privacy considerations"""

from __future__ import annotations

import asyncio

import dns.message
import pytest

from safedns.clock import SystemClock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Fixed
from safedns.settings.words import upstream
from safedns.wire.query import decode_query
from tests.house import House, generic_option
from tests.nameserver import NameServer
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters

TELLING = {8: b"\0\1\x20\0\xc0\xa8\1\x1f", 65001: b"\xaa\xbb\xcc\xdd\xee\x01", 65074: b"the-smiths"}


@pytest.mark.rfc(9076, "4.2.1")
async def test_section_4_2_1_nothing_of_the_asker_is_in_the_payload() -> None:
    """Options that tell which device asks, as home routers add them, end here."""
    options = [generic_option(code, data) for code, data in TELLING.items()]
    query = dns.message.make_query("www.example.com", "A", use_edns=0, options=options)
    with NameServer() as server:
        spec = upstream(f"127.0.0.1:{server.port}")
        asked = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), Fixed(spec.host))
        exchange = Awaited(decode_query(query.to_wire()))
        asked.start(exchange)
        await asyncio.wait_for(exchange, PATIENCE)
        await asked.close()
    assert not [code for code, data in TELLING.items() if data in server.asked[0].packet]


@pytest.mark.rfc(9076, "6.1")
async def test_section_6_1_what_is_not_to_be_logged_leaves_no_trace(house: House) -> None:
    """The operator of a resolver sees everything: of those whose log is off nothing is kept but counts."""
    await house.ask("www.example.com", client="127.0.0.1")
    assert house.events.pending == []
    await house.ask("www.example.com", client="127.0.0.3")
    assert len(house.events.pending) == 1
