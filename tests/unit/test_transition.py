"""After a change of rules nothing that was answered before it is still valid: measured over every kind of reply.

Times are random, also between two seconds, and so is what was asked before; the edges are known to the test by itself.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.house import House, Table, extended_error

BINH = "127.0.0.3"
EDGES = ("12:10", "12:11", "12:20", "12:21", "12:30")
FAMILY: dict[str, Any] = {
    "children": {
        "binh": {
            "preset": "open",
            "devices": [BINH],
            "bedtime": "12:10-12:11, 12:20-12:21",
            "services": {"youtube": "moderate", "tiktok": "off", "roblox": {"on": "12:20-12:30"}},
            "categories": {"social": "off"},
            "safe_search": "on",
            "always": ["www.example.com", "chain.example.com", "www.youtube.com"],
        }
    },
    "groups": {"adults": {"preset": "open"}},
    "unknown": "adults",
}
LISTS = {"social": ["friends.example"], "bypass": ["vpn.example"]}
TABLE: Table = {
    "www.example.com A": ["www.example.com 86400 IN A 192.0.2.1"],
    "short.example.com A": ["short.example.com 7 IN A 192.0.2.2"],
    "chain.example.com A": [
        "chain.example.com 3600 IN CNAME edge.example.net.",
        "edge.example.net 900 IN CNAME node.example.net.",
        "node.example.net 30 IN A 192.0.2.3",
    ],
    "cloaked.example.com A": [
        "cloaked.example.com 3600 IN CNAME x.friends.example.", "x.friends.example 900 IN A 192.0.2.4"
    ],
    "www.example.com HTTPS": ["www.example.com 3600 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ech=AAQAAQID"],
    "gone.example.com A": ["NXDOMAIN", "example.com 7200 IN SOA ns.example. root.example. 1 2 3 4 7200"],
    "empty.example.com A": ["NODATA", "example.com 7200 IN SOA ns.example. root.example. 1 2 3 4 7200"],
    "restrictmoderate.youtube.com A": ["restrictmoderate.youtube.com 3600 IN A 216.239.38.119"],
    "forcesafesearch.google.com A": ["forcesafesearch.google.com 3600 IN A 216.239.38.120"],
    "null.example.com A": ["null.example.com 3600 IN A 0.0.0.0"],
    "home.example.com A": ["home.example.com 3600 IN A 192.168.1.1"],
    "roblox.com A": ["roblox.com 3600 IN A 192.0.2.5"],
}  # fmt: skip
QUESTIONS = [
    *((key.split()[0], key.split()[1]) for key in TABLE),
    *((name, "A") for name in ("www.youtube.com", "www.google.com", "tiktok.com", "friends.example", "vpn.example")),
    ("www.youtube.com", "HTTPS"), ("tiktok.com", "AAAA"), ("tiktok.com", "HTTPS"),
    ("printer.lan", "A"), ("localhost", "A"), ("x.local", "A"), ("use-application-dns.net", "A"),
    ("www.example.com", "ANY"), ("tiktok.com.why.safedns.internal", "TXT"),
]  # fmt: skip
STEP = st.tuples(
    st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 120), st.floats(200, 400)),
    st.sampled_from(QUESTIONS),
    st.booleans(),  # whether upstreams are silent
    st.booleans(),  # TCP has no memo
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("house")


@pytest.mark.parametrize("reply", ["nxdomain", "null", "nodata", "refused", "page"])
@given(steps=st.lists(STEP, min_size=1, max_size=40), start=st.floats(0, 3600))
@settings(max_examples=20, deadline=None)
def test_no_reply_of_any_kind_lives_beyond_the_next_edge(
    folder: Path, reply: str, start: float, steps: list[tuple[float, tuple[str, str], bool, bool]]
) -> None:
    asyncio.run(_play(folder, reply, start, steps))


async def _play(folder: Path, reply: str, start: float, steps: list[tuple[float, tuple[str, str], bool, bool]]) -> None:
    house = House(folder, table=TABLE, now="2026-11-23 11:35")
    block = {"reply": reply, "ttl": "1h", "page": ["192.168.1.8", "fd00::8"]}
    house.save(settings={"block": block, "records": {"printer.lan": "192.168.1.9"}}, family=FAMILY, lists=LISTS)
    edges = [house.instant(f"2026-11-23 {edge}") for edge in EDGES]
    house.clock.advance(start)
    for wait, (name, qtype), silent, tcp in steps:
        house.clock.advance(wait)
        house.table.update({key: ["SILENT"] for key in TABLE} if silent else TABLE)
        now = house.clock.wall()
        message = await house.ask(name, qtype, client=BINH, protocol="tcp" if tcp else "udp", change=_same_id)
        edge = min((edge for edge in edges if edge > now), default=float("inf"))
        for ttl in _ttls(message):
            assert now + ttl <= edge or (ttl == 1 and edge - now < 1), (
                f"{name} {qtype} for {ttl} s, {edge - now} s before"
            )


def _ttls(message: dns.message.Message) -> list[int]:
    return [rrset.ttl for section in (message.answer, message.authority, message.additional) for rrset in section]


def _same_id(query: dns.message.Message) -> None:
    query.id = 4711


async def test_each_kind_of_reply_says_how_long_it_lives_and_comes_to_the_edge(tmp_path: Path) -> None:
    """The property above would hold for replies without TTLs too: these are the kinds that it is about."""
    house = House(tmp_path, table=TABLE, now="2026-11-23 12:09:30")
    block = {"reply": "nxdomain", "ttl": "1h"}
    house.save(settings={"block": block, "records": {"printer.lan": "192.168.1.9"}}, family=FAMILY, lists=LISTS)
    longest = {}
    for name, qtype in QUESTIONS:
        longest[name, qtype] = max(_ttls(await house.ask(name, qtype, client=BINH)), default=None)
    short = {("short.example.com", "A"): 7, ("tiktok.com.why.safedns.internal", "TXT"): 1}
    assert longest == dict.fromkeys(QUESTIONS, 30) | short


async def test_a_stale_answer_ends_with_the_rules_too(tmp_path: Path) -> None:
    house = House(tmp_path, table=TABLE, now="2026-11-23 12:09:10")
    house.save(family=FAMILY, lists=LISTS)
    await house.ask("chain.example.com", client=BINH)
    house.table["chain.example.com A"] = ["SILENT"]
    house.clock.advance(38)
    reply = await house.ask("chain.example.com", client=BINH)
    assert (_ttls(reply), extended_error(reply)) == ([12, 12, 12], (3, ""))  # 30 s without the edge
