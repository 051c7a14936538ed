"""Answers as bytes: what comes back after a restart, and what never does."""

from __future__ import annotations

import hashlib

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.resolve import saved as module
from safedns.resolve.saved import Saved, pack, unpack
from safedns.settings.model import Upstreams
from safedns.wire.answer import decode_answer
from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import Table, table_response
from tests.unit.resolve.house import spec
from tests.unit.wire.strategies import exchanges

NOW = 1_795_000_000.0
UPSTREAMS = Upstreams(servers=(spec("one"),), sets={"family": (spec("family"),)})
TABLE: Table = {
    "www.example.com A": ["AD", "www.example.com 300 IN CNAME cdn.example.net.", "cdn.example.net 60 IN A 192.0.2.1"],
    "www.example.com HTTPS": ["www.example.com 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1"],
    "home.example.com A": ["home.example.com 300 IN A 192.168.1.1"],
    "closed.example.com A": ["EDE 17", "closed.example.com 300 IN A 0.0.0.0"],
    "denied.example.com A": ["AA", "NXDOMAIN"],
    "gone.example.com A": ["NXDOMAIN"],
    "empty.example.com A": ["NODATA"],
    "signed.example.com A": [
        "signed.example.com 300 IN A 192.0.2.1",
        "signed.example.com 300 IN RRSIG A 8 3 300 20300101000000 20200101000000 1 example.com. AAAA",
    ],
}


def answered(name: str, qtype: str = "A", *, do: bool = False, cd: bool = False, stored: float = NOW) -> Saved:
    """An answer as an upstream gives it."""
    message = dns.message.make_query(name, qtype, want_dnssec=do)
    message.flags |= dns.flags.CD if cd else 0
    query = decode_query(message.to_wire())
    response = table_response(TABLE, dns.message.from_wire(upstream_request(query, 0)))
    assert response is not None
    return Saved(query.cache_key, decode_answer(response.to_wire(), query), stored)


ANSWERS = [answered(*key.split()) for key in TABLE] + [
    answered("www.example.com", do=True),
    answered("www.example.com", cd=True),
    answered("signed.example.com", do=True),
]


def test_every_kind_of_answer_comes_back_as_it_was() -> None:
    assert [saved.answer.denied for saved in ANSWERS[3:5]] == [17, 17]
    assert [saved.answer.counts[0] for saved in (ANSWERS[7], ANSWERS[-1])] == [1, 2]
    assert unpack(pack(ANSWERS, UPSTREAMS), UPSTREAMS, NOW) == ANSWERS


@given(exchanges(proofs=True))
def test_signatures_come_back_for_who_asked_with_do_and_for_nobody_else(exchange: tuple[bytes, bytes]) -> None:
    query = decode_query(exchange[0])
    answer = decode_answer(exchange[1], query)
    if answer.ttl:  # what may not be kept is in no cache
        saved = Saved(query.cache_key, answer, NOW)
        assert unpack(pack([saved], UPSTREAMS), UPSTREAMS, NOW) == [saved]


@pytest.mark.parametrize(("after", "left"), [(59, 1), (60, 0), (-1, 0)])
def test_what_has_expired_meanwhile_or_comes_from_the_future_is_dropped(after: float, left: int) -> None:
    data = pack([answered("www.example.com")], UPSTREAMS)
    assert len(unpack(data, UPSTREAMS, NOW + after)) == left


@pytest.mark.parametrize(
    "others",
    [
        Upstreams(servers=(spec("two"),), sets=UPSTREAMS.sets),
        Upstreams(servers=UPSTREAMS.servers, sets={"school": (spec("family"),)}),
        Upstreams(servers=UPSTREAMS.servers, sets=UPSTREAMS.sets, routes={"lan": (spec("one"),)}),
    ],
)
def test_answers_of_other_upstreams_are_not_taken(others: Upstreams) -> None:
    with pytest.raises(ValueError, match="other upstreams"):
        unpack(pack(ANSWERS, UPSTREAMS), others, NOW)


@given(st.data())
def test_a_damaged_file_is_refused_wherever_the_damage_is(data: st.DataObject) -> None:
    good = pack(ANSWERS, UPSTREAMS)
    position = data.draw(st.integers(0, len(good) - 1))
    bad = good[:position] + bytes((good[position] ^ data.draw(st.integers(1, 255)),)) + good[position + 1 :]
    with pytest.raises(ValueError, match=r"is not a cache|damaged|other upstreams"):
        unpack(bad, UPSTREAMS, NOW)
    with pytest.raises(ValueError, match=r"is not a cache|damaged"):
        unpack(good[:position], UPSTREAMS, NOW)


@given(st.binary(max_size=200))
def test_nonsense_with_a_right_checksum_is_refused_or_empty(rest: bytes) -> None:
    start = pack([], UPSTREAMS)[: -hashlib.sha256().digest_size]
    try:
        assert unpack(start + hashlib.sha256(rest).digest() + rest, UPSTREAMS, NOW) == []
    except ValueError as error:
        assert str(error) == "it is damaged"  # noqa: PT017 - either is right, and nothing else


def test_only_so_many_are_kept_and_the_first_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    assert unpack(pack(ANSWERS, UPSTREAMS), UPSTREAMS, NOW) == ANSWERS[:3]
