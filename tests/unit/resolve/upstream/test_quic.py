"""DNS over QUIC: under which id is asked and answered (RFC 9250); ``test_carriers`` says the rest."""

from __future__ import annotations

import pytest

from tests.nameserver import NameServer, reply, with_other_id
from tests.unit.resolve.upstream.carriers import Carried, Face


@pytest.fixture
def face() -> Face:
    return "quic"


async def test_rfc9250_4_2_1_a_question_goes_out_under_the_id_nought_and_padded(
    carried: Carried, server: NameServer
) -> None:
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert server.asked[0].packet[:2] == b"\0\0"
    assert len(server.asked[0].packet) == 128


async def test_rfc9250_4_2_1_an_answer_under_another_id_than_nought_is_none(
    carried: Carried, server: NameServer
) -> None:
    server.behave = lambda asked: with_other_id(reply(asked, "A 192.0.2.1"))
    assert "its id is not nought" in await carried.refusal()
