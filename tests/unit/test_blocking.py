"""What a blocked query is told, and which address of this machine shows the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.house import House, answers, ttls

BINH = "127.0.0.3"
LISTS = {"social": ["friends.example"], "bypass": ["vpn.example"]}
FAMILY: dict[str, Any] = {
    "children": {
        "binh": {
            "preset": "open",
            "devices": [BINH, "192.168.0.0/16", "10.0.0.0/8", "fd00::/8"],
            "categories": {"social": "off", "bypass": "off"},
        }
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"]}},
    "unknown": "adults",
}
WAYS = ("nxdomain", "null", "nodata", "refused", "page")
HOSTS = ("127.0.0.1", "192.168.1.5", "10.8.0.1", "::1", "fe80::5", "fd00::5")


def house(folder: Path, listen: str = "0.0.0.0:80", hosts: tuple[str, ...] = HOSTS, **block: object) -> House:
    made = House(folder)
    settings = {"block": {"reply": "page", "ttl": "10s", **block}, "listen": {"dns": ["127.0.0.1:53"], "page": listen}}
    made.save(settings=settings, family=FAMILY, lists=LISTS)
    assert made.pipeline is not None
    made.pipeline.listening(hosts)
    return made


async def shown(house: House, qtype: str, client: str) -> list[str]:
    reply = await house.ask("friends.example", qtype, client=client)
    assert reply.rcode() == 0
    assert set(ttls(reply)) == {10}
    return [line.split()[-1] for line in answers(reply)]


@pytest.mark.parametrize(
    ("client", "page"),
    [
        ("192.168.1.31", "192.168.1.5"),
        ("192.168.99.1", "192.168.1.5"),
        ("10.8.0.2", "10.8.0.1"),  # by VPN from outside
        ("::ffff:192.168.1.31", "192.168.1.5"),
        (BINH, "127.0.0.1"),
        ("fd00::31", "192.168.1.5"),  # none is of its own kind: the first
    ],
)
async def test_the_page_is_at_the_address_of_this_machine_that_the_client_is_nearest_to(
    tmp_path: Path, client: str, page: str
) -> None:
    assert await shown(house(tmp_path), "A", client) == [page]


async def test_a_page_that_is_shown_over_ipv4_alone_has_no_ipv6_address(tmp_path: Path) -> None:
    assert await shown(house(tmp_path), "AAAA", "192.168.1.31") == []


async def test_a_page_on_every_address_is_shown_by_both_kinds_but_never_by_a_link_local_one(tmp_path: Path) -> None:
    here = house(tmp_path, "[::]:80")
    assert await shown(here, "A", "192.168.1.31") == ["192.168.1.5"]
    assert await shown(here, "AAAA", "fd00::31") == ["fd00::5"]
    assert await shown(here, "AAAA", "192.168.1.31") == ["fd00::5"]


async def test_a_page_on_one_address_is_there(tmp_path: Path) -> None:
    here = house(tmp_path, "192.168.1.77:80")
    assert await shown(here, "A", "10.8.0.2") == ["192.168.1.77"]
    assert await shown(here, "AAAA", "10.8.0.2") == []


async def test_a_page_of_the_households_own_is_told_as_it_is_written(tmp_path: Path) -> None:
    here = house(tmp_path, "off", page=["192.168.1.8", "fd00::8", "192.168.1.9"])
    assert await shown(here, "A", "10.8.0.2") == ["192.168.1.8", "192.168.1.9"]
    assert await shown(here, "AAAA", "10.8.0.2") == ["fd00::8"]


@pytest.mark.parametrize(("page", "hosts"), [("off", HOSTS), ("0.0.0.0:80", ()), ("0.0.0.0:80", ("127.0.0.1", "::1"))])
async def test_where_no_page_can_be_reached_there_is_no_data(tmp_path: Path, page: str, hosts: tuple[str, ...]) -> None:
    assert await shown(house(tmp_path, page, hosts), "A", "192.168.1.31") == []


async def test_one_clients_page_is_never_sent_to_another_of_the_same_profile(tmp_path: Path) -> None:
    here = house(tmp_path)
    for client, page in (("192.168.1.31", "192.168.1.5"), ("10.8.0.2", "10.8.0.1")) * 2:
        reply = await here.ask("friends.example", client=client, change=lambda query: setattr(query, "id", 7))
        assert answers(reply) == [f"friends.example A {page}"]
    assert here.counter("memo", "hit") == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("edns", [True, False])
async def test_addresses_services_and_texts_get_the_same_no(tmp_path: Path, way: str, edns: bool) -> None:
    here = house(tmp_path, reply=way)
    replies = [
        await here.ask("friends.example", qtype, client=BINH, edns=edns) for qtype in ("A", "AAAA", "HTTPS", "TXT")
    ]
    assert len({reply.rcode() for reply in replies}) == 1
    assert here.asked == []
    assert answers(replies[2]) == answers(replies[3]) == []


@pytest.mark.parametrize(("way", "rcode"), [("nxdomain", 3), ("null", 3), ("page", 3), ("nodata", 0), ("refused", 5)])
async def test_ways_round_the_filter_never_get_an_address(tmp_path: Path, way: str, rcode: int) -> None:
    reply = await house(tmp_path, reply=way).ask("vpn.example", client=BINH)
    assert (reply.rcode(), answers(reply)) == (rcode, [])
