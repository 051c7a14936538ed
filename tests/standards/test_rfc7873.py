"""RFC 7873: DNS cookies"""

from __future__ import annotations

import pytest

from tests.house import House, answers, generic_option
from tests.nameserver import NameServer
from tests.standards.upstreams import asking
from tests.unit.resolve.upstream.test_cookies import SERVERS, cookie_in, gives, strict


@pytest.mark.rfc(7873, "5.1")
async def test_section_5_1_our_queries_have_a_cookie_and_then_the_servers_beside_it() -> None:
    """A client sends a cookie of its own, and returns what the server adds to it."""
    with NameServer(gives) as server:
        async with asking(server) as ask:
            for name in ("a.example", "b.example"):
                await ask(name)
    first, second = (cookie_in(asked) for asked in server.asked)
    assert (len(first), second) == (8, first + SERVERS)


@pytest.mark.rfc(7873, "5.3")
async def test_section_5_3_badcookie_is_asked_again_with_the_new_cookie() -> None:
    """BADCOOKIE means that the question is asked once more with the cookie that came."""
    with NameServer(strict) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
    assert len(server.asked) == 2


@pytest.mark.rfc(7873, "5.2")
async def test_section_5_2_a_clients_cookie_does_no_harm_and_stays_here(house: House) -> None:
    """A server without cookies ignores a client's: it answers, and passes nothing on."""
    cookie = [generic_option(10, b"aclient!")]
    reply = await house.ask("www.example.com", change=lambda query: query.use_edns(0, options=cookie))
    assert (answers(reply), reply.options) == (["www.example.com A 192.0.2.1"], ())
