"""DNS over QUIC: ids of questions and answers (RFC 9250), and what nobody can read; ``test_carriers`` says the rest."""

from __future__ import annotations

import pytest
from aioquic.quic.events import QuicEvent, StreamDataReceived

from safedns.resolve.upstream.quic import _Session
from tests.nameserver import After, NameServer, reply, with_other_id
from tests.unit.resolve.upstream.carriers import Carried, Face
from tests.unit.resolve.values import until


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


async def test_what_cannot_be_understood_at_all_loses_the_connection_and_leaves_no_trace_in_the_journal(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_: _Session, event: QuicEvent) -> None:
        # Other events may come with the handshake, before anything is asked.
        assert not isinstance(event, StreamDataReceived), "no key share"

    await carried.ask("first.example")
    with monkeypatch.context() as broken:
        broken.setattr(_Session, "stream_event", stumble)
        assert await carried.refusal() == "the upstream closed the connection twice"
    assert (await carried.ask()).addresses == ("192.0.2.1",)
    assert [record for record in caplog.records if record.name != "quic"] == []
    assert server.connections == 3


async def test_a_stream_that_ends_while_its_query_is_dropped_disturbs_nobody(
    carried: Carried, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = lambda asked: After(0.01, reply(asked, "A 192.0.2.1"))
    await carried.ask("first.example")
    dropped = carried.start("dropped.example")
    deaf: list[_Session] = []
    monkeypatch.setattr(_Session, "stream_event", lambda self, _: deaf.append(self))
    await until(lambda: bool(deaf) and dropped.number not in deaf[0]._quic._streams)
    dropped.cancel()
