"""RFC 7838: HTTP alternative services"""

from __future__ import annotations

import pytest

from tests.certificates import Authority
from tests.nameserver import NameServer, Reset, address
from tests.standards.upstreams import NAME, asking

QUESTIONS = 10


@pytest.mark.rfc(7838, "2.1")
async def test_section_2_1_an_alternative_has_to_prove_the_name_of_the_origin(authority: Authority) -> None:
    """An alternative is used only if its certificate is good for the host that offered it."""
    with (
        NameServer(certificate=authority.issue(NAME), face="https") as server,
        NameServer(certificate=authority.issue("other.test"), face="h3") as other,
    ):
        server.offer = f'h3=":{other.port}"'
        async with asking(server, http3=True) as ask:
            for number in range(QUESTIONS):
                await ask(f"{number}.example")
    assert not other.asked


@pytest.mark.rfc(7838, "2.4")
async def test_section_2_4_where_an_alternative_fails_the_origin_is_asked(authority: Authority) -> None:
    """Where the connection to an alternative fails, the origin is used."""
    with NameServer(certificate=authority.issue(NAME), face="h3") as server:
        server.offer = f'h3=":{server.port}"'
        async with asking(server, http3=True) as ask:
            while not server.asked_over("h3"):
                await ask("www.example.com")
            server.behave = lambda asked: Reset() if asked.transport == "h3" else address(asked)
            assert (await ask("then.example")).addresses == ("192.0.2.1",)
    assert server.asked[-1].transport == "https"


@pytest.mark.rfc(7838, "3")
@pytest.mark.parametrize("offer", ["clear", 'h2=":443"', 'h3="other.example:443"', "nonsense"])
async def test_section_3_what_is_no_offer_for_the_same_host_is_ignored(authority: Authority, offer: str) -> None:
    """Alternatives are by protocol, host and port; `clear` takes them back; what is not understood is ignored."""
    with NameServer(certificate=authority.issue(NAME), face="h3") as server:
        server.offer = offer
        async with asking(server, http3=True) as ask:
            for number in range(QUESTIONS):
                await ask(f"{number}.example")
    assert server.asked_over("https") == QUESTIONS


@pytest.mark.rfc(7838, "3.1")
async def test_section_3_1_an_offer_holds_as_long_as_it_says(authority: Authority) -> None:
    """The parameter `ma` says for how many seconds an alternative may be used."""
    with NameServer(certificate=authority.issue(NAME), face="h3") as server:
        server.offer = f'h3=":{server.port}"; ma=0'
        async with asking(server, http3=True) as ask:
            for number in range(QUESTIONS):
                await ask(f"{number}.example")
    assert server.asked_over("https") == QUESTIONS
