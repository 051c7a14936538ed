"""Whatever arrives: only ``WireError`` comes out of the codec, and what it accepts it can also answer."""

from __future__ import annotations

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.errors import WireError
from safedns.wire.answer import decode_answer
from safedns.wire.names import expand, from_wire, to_wire
from safedns.wire.query import Ignored, Query, decode_query
from safedns.wire.reply import build_reply, error_reply
from safedns.wire.request import upstream_request
from safedns.wire.services import without_hints
from safedns.wire.stream import Deframer
from safedns.wire.types import RCode
from tests.unit.wire import malformed
from tests.unit.wire.strategies import exchanges, queries

garbage = st.binary(max_size=120)


@st.composite
def damaged(draw: st.DrawFn, packets: st.SearchStrategy[bytes]) -> bytes:
    """A good packet with some octets changed, put in, or cut off."""
    packet = bytearray(draw(packets))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(packet)))
        kind = draw(st.sampled_from(["change", "insert", "delete", "cut", "append"]))
        if kind == "change" and at < len(packet):
            # Pointers, long labels and large counts are where things go wrong.
            packet[at] = draw(st.one_of(st.sampled_from([0, 1, 41, 63, 64, 0xC0, 0xFF]), st.integers(0, 255)))
        elif kind == "insert":
            packet[at:at] = draw(st.binary(min_size=1, max_size=4))
        elif kind == "delete":
            del packet[at : at + draw(st.integers(1, 4))]
        elif kind == "cut":
            del packet[at:]
        else:
            packet += draw(st.binary(max_size=4))
    return bytes(packet)


def behind_a_header(tail: bytes) -> bytes:
    return malformed.header(additionals=1) + tail


any_query = st.one_of(garbage, garbage.map(behind_a_header), damaged(queries().map(lambda query: query.to_wire())))


@settings(max_examples=300)
@given(any_query)
def test_any_packet_is_a_query_or_a_wire_error_and_gets_a_reply_that_can_be_read(packet: bytes) -> None:
    try:
        query = decode_query(packet)
    except Ignored:
        return
    except WireError as error:
        the_error_can_be_read(packet, error.rcode)
        return
    assert decode_query(upstream_request(query, query.id)).name == query.name
    assert to_wire(query.name) == query.cache_key[: len(query.question) - 4]
    judge = the_error_can_be_read(packet, RCode.REFUSED)
    assert len(judge.question) == 1
    assert (judge.edns >= 0) == (query.edns is not None)


def the_error_can_be_read(packet: bytes, rcode: int) -> dns.message.Message:
    reply = error_reply(packet, rcode)
    assert reply[2] == packet[2] & 0x79 | 0x80  # QR set, opcode and RD copied
    # dnspython has rules of its own for the question of an update: let it read them all as queries.
    judge = dns.message.from_wire(reply[:2] + bytes((reply[2] & 0x87,)) + reply[3:])
    assert (judge.id, judge.rcode()) == (int.from_bytes(packet[:2], "big"), rcode)
    return judge


@settings(max_examples=200)
@given(exchanges().flatmap(lambda pair: st.tuples(st.just(pair[0]), damaged(st.just(pair[1])))))
def test_any_damaged_response_is_an_answer_or_a_wire_error(pair: tuple[bytes, bytes]) -> None:
    query = decode_query(pair[0])
    accepted_answers_survive_a_reply(query, pair[1])


@settings(max_examples=200)
@given(garbage)
def test_any_bytes_behind_a_question_are_an_answer_or_a_wire_error(tail: bytes) -> None:
    query = decode_query(malformed.header() + malformed.QUESTION)
    accepted_answers_survive_a_reply(query, malformed.header(0x8180, answers=1) + malformed.QUESTION + tail)
    accepted_answers_survive_a_reply(query, tail)


def accepted_answers_survive_a_reply(query: Query, response: bytes) -> None:
    try:
        answer = decode_answer(response, query)
    except WireError:
        return
    again = decode_answer(build_reply(query, answer), query)
    assert (again.body, again.ttls, again.counts) == (answer.body, answer.ttls, answer.counts)
    assert (again.targets, again.addresses) == (answer.targets, answer.addresses)
    if answer.services:
        bare = without_hints(query, answer)
        assert not bare.services
        assert set(bare.targets) == set(answer.targets)
        assert decode_answer(build_reply(query, bare), query).body == bare.body


@given(st.binary(max_size=400), st.integers(0, 400))
def test_a_name_anywhere_in_any_bytes_is_read_or_a_wire_error(data: bytes, offset: int) -> None:
    try:
        name, end = from_wire(data, offset)
    except WireError:
        return
    assert offset < end <= len(data)
    assert to_wire(name) == expand(data, offset)[0].lower()


@given(st.lists(garbage, max_size=10))
def test_a_stream_of_anything_gives_whole_messages_and_keeps_no_more_than_one(chunks: list[bytes]) -> None:
    deframer = Deframer()
    out = sum(2 + len(message) for chunk in chunks for message in deframer.feed(chunk))
    assert out + deframer.pending == sum(map(len, chunks))
    assert deframer.pending < 2 + 65535


@pytest.mark.parametrize("case", malformed.QUERIES.values(), ids=malformed.QUERIES.keys())
def test_every_beginning_of_a_malformed_query_is_a_wire_error_or_a_query(case: malformed.Malformed) -> None:
    refused = 0
    for length in range(len(case.packet) + 1):
        try:
            decode_query(case.packet[:length])
        except WireError:
            refused += 1
    assert refused >= min(len(case.packet) + 1, 12)
