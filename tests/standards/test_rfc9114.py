"""RFC 9114: HTTP/3"""

from __future__ import annotations

import pytest
from aioquic.h3.connection import ErrorCode

from tests.certificates import Authority
from tests.nameserver import NameServer, Reset, address
from tests.standards.upstreams import NAME, asking


@pytest.mark.rfc(9114, "3.1")
async def test_section_3_1_where_quic_does_not_get_through_http2_goes_on(authority: Authority) -> None:
    """Where no QUIC connection can be made, as on networks that block UDP, HTTP over TCP is used."""
    with NameServer() as gone:
        pass
    with NameServer(certificate=authority.issue(NAME), face="https") as server:
        server.offer = f'h3=":{gone.port}"'
        async with asking(server, http3=True) as ask:
            for number in range(10):
                assert (await ask(f"{number}.example")).addresses == ("192.0.2.1",)


@pytest.mark.rfc(9114, "3.1.1")
async def test_section_3_1_1_a_server_that_offers_http3_is_asked_over_it(authority: Authority) -> None:
    """A server says by an alternative service of the protocol `h3` that it may be asked over HTTP/3."""
    with NameServer(certificate=authority.issue(NAME), face="h3") as server:
        server.offer = f'h3=":{server.port}"'
        async with asking(server, http3=True) as ask:
            while not server.asked_over("h3"):
                assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
    assert server.asked[0].transport == "https"


@pytest.mark.rfc(9114, "5.2")
async def test_section_5_2_what_a_server_that_leaves_has_refused_is_asked_again(authority: Authority) -> None:
    """A request that was refused unseen, for the server is shutting down, is sent again on another connection."""
    with NameServer(
        lambda asked: Reset(ErrorCode.H3_REQUEST_REJECTED) if asked.number == 0 else address(asked),
        certificate=authority.issue(NAME),
        face="h3",
    ) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
    assert server.connections == 2
