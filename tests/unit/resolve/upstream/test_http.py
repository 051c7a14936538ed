"""DNS over HTTPS, whichever HTTP carries it: how it asks and reads a response; ``test_carriers`` says the rest."""

from __future__ import annotations

import pytest

from tests.nameserver import Http, NameServer, reply, with_other_id
from tests.unit.resolve.upstream.carriers import HTTP, Carried, Face


@pytest.fixture(params=HTTP)
def face(request: pytest.FixtureRequest) -> Face:
    found: Face = request.param
    return found


async def test_rfc8484_4_1_a_question_is_posted_under_the_id_nought_and_padded(
    carried: Carried, server: NameServer, face: Face
) -> None:
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert server.requests == [
        {
            ":method": "POST",
            ":scheme": "https",
            ":authority": "dns.test",
            ":path": "/dns-query",
            "accept": "application/dns-message",
            "content-type": "application/dns-message",
            "content-length": "128",
        }
    ]
    assert server.asked[0].transport == face
    assert server.asked[0].packet[:2] == b"\0\0"


async def test_rfc8484_4_1_the_stream_tells_which_question_it_answers_not_the_id(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda asked: with_other_id(reply(asked, "A 192.0.2.1"))
    assert (await carried.ask()).addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("age", "ttl"), [("25", 35), ("60", 0), ("100", 0), ("0", 60), ("-5", 60), ("soon", 60), ("", 60), ("9" * 30, 0)]
)
async def test_rfc8484_5_1_what_lay_in_an_http_cache_lives_so_much_shorter(
    carried: Carried, server: NameServer, age: str, ttl: int
) -> None:
    server.behave = lambda asked: Http(reply(asked, "A 192.0.2.1", ttl=60), more=(("age", age),))
    answer = await carried.ask()
    assert (answer.ttl, [one for _, one in answer.ttls]) == (ttl, [ttl])
