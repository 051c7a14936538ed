"""The memo is an accelerator and nothing else: with and without it every reply is the same bytes."""

from __future__ import annotations

import asyncio
from math import inf
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safedns.memo import MEMO_ENTRIES, MEMO_LEAST, MEMO_PACKET, MEMO_TOGETHER, entries_each, ttl_cap
from tests.house import House, generic_option

FAMILY: dict[str, Any] = {
    "children": {
        "an": {
            "preset": "open",
            "devices": ["127.0.0.2"],
            "bedtime": "12:01-12:02, 12:05-12:06",
            "services": {"youtube": "strict"},
            "limits": {"internet": "10m"},
        },
        "binh": {"preset": "open", "devices": ["127.0.0.3"], "categories": {"social": "off"}, "bedtime": "12:03-12:04"},
        "chi": {"preset": "open", "devices": ["127.0.0.4"], "remember": "15s", "homework": "12:01-12:02"},
        "dung": {"preset": "open", "devices": ["127.0.0.5"], "limits": {"social": "1h"}, "reply": "null"},
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"]}},
    "unknown": "adults",
}
TABLE = {
    "a.example.com A": ["a.example.com 7 IN A 192.0.2.1"],
    "long.example.com A": ["long.example.com 300 IN A 192.0.2.9"],
    "b.example.com A": ["b.example.com 90 IN CNAME c.example.com.", "c.example.com 20 IN A 192.0.2.2"],
    "friends.example A": ["friends.example 3600 IN A 192.0.2.3"],
    "a.example.com HTTPS": ["a.example.com 50 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ech=AAQAAQID"],
    "null.example.com A": ["null.example.com 60 IN A 0.0.0.0"],
    "gone.example.com A": ["NXDOMAIN"],
    "silent.example.com A": ["SILENT"],
    "restrict.youtube.com A": ["restrict.youtube.com 40 IN A 216.239.38.120"],
}
NAMES = (
    "a.example.com",
    "B.Example.com",
    "friends.example",
    "null.example.com",
    "gone.example.com",
    "silent.example.com",
    "www.youtube.com",
)
PACKETS = [
    dns.message.make_query(name, qtype, use_edns=edns, id=number).to_wire()
    for number, (name, qtype, edns) in enumerate(
        (name, qtype, edns) for name in NAMES for qtype in ("A", "HTTPS") for edns in (-1, 0)
    )
]
STEP = st.tuples(
    st.sampled_from(PACKETS), st.sampled_from(["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"])
)
WAIT = st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 60))
TURNS = {
    "a.example.com A": ["a.example.com 90 IN A 192.168.1.1"],
    "long.example.com A": ["SILENT"],
    "b.example.com A": ["b.example.com 5 IN CNAME friends.example.", "friends.example 3600 IN A 192.0.2.3"],
    "null.example.com A": ["null.example.com 60 IN A 192.0.2.4"],
    "gone.example.com A": ["gone.example.com 0 IN A 0.0.0.0"],
    "silent.example.com A": ["EDE 15", "NXDOMAIN"],
}
"""What upstreams say of these names at other times."""
TURN = st.sampled_from([None, None, *TURNS])

Step = tuple[tuple[bytes, str], float, str | None]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return tmp_path_factory.mktemp("with"), tmp_path_factory.mktemp("without")


@given(steps=st.lists(st.tuples(STEP, WAIT, TURN), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
@example([((PACKETS[12], "127.0.0.1"), 0.0, None), ((PACKETS[12], "127.0.0.1"), 61.0, "null.example.com A")])
def test_replies_with_and_without_the_memo_are_the_same_bytes(folders: tuple[Path, Path], steps: list[Step]) -> None:
    asyncio.run(_compare(folders, steps))


async def _compare(folders: tuple[Path, Path], steps: list[Step]) -> None:
    fast = House(folders[0], table=TABLE, memo=True)
    slow = House(folders[1], table=TABLE, memo=False)
    for house in (fast, slow):
        house.save(family=FAMILY, lists={"social": ["friends.example"]})
    for (packet, client), wait, turn in steps:
        for house in (fast, slow):
            house.clock.advance(wait)
            if turn is not None:
                house.table[turn] = TABLE[turn] if house.table[turn] == TURNS[turn] else TURNS[turn]
        assert await fast.packet(packet, client) == await slow.packet(packet, client)
    assert slow.counter("memo", "hit") == 0
    assert _outcomes(fast) == _outcomes(slow)


def _outcomes(house: House) -> list[tuple[Any, ...]]:
    return [(event[0], event[1], event[2], event[4]) for event in house.events.pending]


async def test_a_memo_is_bounded(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.save(family=FAMILY, lists={"social": ["friends.example"]})
    for number in range(MEMO_ENTRIES + 10):
        await house.packet(dns.message.make_query(f"n{number}.friends.example", "A").to_wire(), "127.0.0.3")
    peer = house.pipeline.peers.by_address["127.0.0.3"]  # type: ignore[union-attr]
    assert 0 < len(peer.memo) <= MEMO_ENTRIES


@pytest.mark.parametrize(("size", "remembered"), [(MEMO_PACKET, 1), (MEMO_PACKET + 1, 0)])
async def test_a_query_that_is_blown_up_is_answered_but_takes_no_memory(
    tmp_path: Path, size: int, remembered: int
) -> None:
    house = House(tmp_path)
    house.save(family=FAMILY, lists={"social": ["friends.example"]})
    empty = dns.message.make_query("friends.example", "A", options=[generic_option(65500, b"")]).to_wire()
    filled = generic_option(65500, bytes(size - len(empty)))
    packet = dns.message.make_query("friends.example", "A", options=[filled]).to_wire()
    reply = await house.packet(packet, "127.0.0.3")
    assert (len(packet), dns.message.from_wire(reply or b"").rcode()) == (size, dns.rcode.NXDOMAIN)
    peer = house.pipeline.peers.by_address["127.0.0.3"]  # type: ignore[union-attr]
    assert len(peer.memo) == remembered


@pytest.mark.parametrize(
    ("left", "most", "cap"),
    [
        (0.0, inf, 1),
        (0.4, inf, 1),
        (1.0, inf, 1),
        (1.9, inf, 1),
        (2.0, inf, 2),
        (59.999, inf, 59),
        (59.999, 30, 30),
        (2.0, 30, 2),
        (3600.0, inf, 3600),
        (inf, 60, 60),
        (inf, inf, None),
    ],
)
def test_no_ttl_passes_the_next_edge_or_what_may_be_told_and_none_is_below_a_second(
    left: float, most: float, cap: int | None
) -> None:
    assert ttl_cap(1000.0 + left, 1000.0, most) == cap


PREFETCH: dict[str, Any] = {"cache": {"prefetch": "on"}}


@pytest.mark.parametrize(("every", "fetched"), [(20, 2), (120, 1)])
async def test_a_name_that_one_device_asks_often_is_renewed_though_finished_replies_answer_it(
    tmp_path: Path, every: int, fetched: int
) -> None:
    house = House(tmp_path, table=TABLE)
    house.save(settings=PREFETCH, family=FAMILY)
    await house.ask("long.example.com")
    packet = dns.message.make_query("long.example.com", "A").to_wire()
    for _ in range(0, 290, every):
        reply = house.pipeline.answer_now(  # type: ignore[union-attr]
            packet, "127.0.0.1", "udp", house.clock.wall(), house.clock.monotonic()
        )
        assert isinstance(reply, bytes)  # and no miss: nobody waits
        await asyncio.sleep(0.001)
        house.clock.advance(every)
    assert len(house.asked) == fetched


@pytest.mark.parametrize("profiles", [0, 1, 6, 8, 9, 300, 1024])
def test_memos_of_all_profiles_are_bounded_together(profiles: int) -> None:
    assert MEMO_LEAST <= entries_each(profiles) <= MEMO_ENTRIES
    assert profiles * entries_each(profiles) <= MEMO_TOGETHER


def test_a_family_has_the_whole_bound_for_each_and_a_school_has_some() -> None:
    assert entries_each(6) == MEMO_ENTRIES
    assert entries_each(2002) == MEMO_LEAST
