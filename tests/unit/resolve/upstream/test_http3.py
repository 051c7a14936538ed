"""DNS over HTTP/3: that nothing else is spoken; ``test_carriers`` and ``test_http`` say the rest."""

from __future__ import annotations

from tests.certificates import Authority
from tests.unit.resolve.upstream.carriers import carrying, serving


async def test_a_server_without_http3_is_not_told_the_question(authority: Authority) -> None:
    with serving("quic", authority) as server:
        async with carrying("h3", server.port) as carried:
            assert "no HTTP/3 connection to the upstream" in await carried.refusal()
        assert not server.asked
