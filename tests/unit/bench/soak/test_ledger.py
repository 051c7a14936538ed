"""The client's account of queries, and its eye for wrong answers."""

from __future__ import annotations

import pytest

from tests.bench.soak.ledger import LIE, TRUTH, Ledger, Query

HEADER = b"\0\1\x81\x80\0\1\0\1\0\0\0\0"


def query(expected: int | None = 0, *, closed: bool = False) -> Query:
    return Query("an", "127.0.1.1", "www.example", "udp", b"", expected, closed)


def packet(rcode: int, rest: bytes = TRUTH) -> bytes:
    return HEADER[:3] + bytes((0x80 | rcode,)) + HEADER[4:] + rest


@pytest.mark.parametrize(
    ("asked", "reply", "wrong"),
    [
        (query(), packet(0), False),
        (query(), packet(0, b""), True),
        (query(), packet(0, TRUTH + LIE), True),
        (query(), packet(3), True),
        (query(), packet(2), False),
        (query(3, closed=True), packet(3), False),
        (query(3, closed=True), packet(0), True),
        (query(3, closed=True), packet(2), True),
        (query(None), packet(3), False),
        (query(None), packet(0, LIE), True),
    ],
)
def test_an_answer_is_wrong_where_a_client_would_be_misled(asked: Query, reply: bytes, *, wrong: bool) -> None:
    ledger = Ledger()
    ledger.sent(asked)
    ledger.answered(asked, reply)
    assert bool(ledger.wrong) == wrong == bool(ledger.wrong_count)


def test_every_query_is_on_its_way_answered_or_lost() -> None:
    ledger = Ledger()
    asked = [query() for _ in range(3)]
    for each in asked:
        ledger.sent(each)
    assert ledger.on_the_way == 3
    ledger.answered(asked[0], packet(0))
    ledger.lost(asked[1])
    total = ledger.sum("udp")
    assert (ledger.on_the_way, total.sent, total.answered, total.unanswered) == (1, 3, 1, 1)
    period = ledger.turn()
    assert (period.answered.total(), len(period.unanswered)) == (1, 1)
    assert ledger.period.answered.total() == 0
    assert ledger.answered_since(0.0) == 1
