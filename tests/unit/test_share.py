"""One device that asks for what never comes does not keep the others from asking."""

from __future__ import annotations

import asyncio
from pathlib import Path

import dns.edns
import dns.message
import dns.rcode
import pytest

from safedns.peers import PLACES
from tests.house import House, answers, extended_error, generic_option

GREEDY, OTHER, ROUTER = "127.0.0.3", "127.0.0.1", "127.0.0.50"
MAC = generic_option(65001, bytes.fromhex("aabbccddee01"))
MORE = 7


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, table={"*": ["SILENT"], "www.example.com A": ["www.example.com 300 IN A 192.0.2.1"]})
    house.save(settings={"trusted_forwarders": [ROUTER], "rate_limit": 0})
    return house


async def flood(
    house: House, client: str, options: list[dns.edns.Option] | None = None, first: int = 0
) -> list[dns.message.Message]:
    """The replies to ``PLACES + MORE`` names at the same moment, for which nobody has an answer."""
    queries = [
        dns.message.make_query(f"{number}.example", "A", use_edns=0, options=options or [])
        for number in range(first, first + PLACES + MORE)
    ]
    return list(map(dns.message.from_wire, await house.packets([query.to_wire() for query in queries], client)))


def turned_down(replies: list[dns.message.Message]) -> int:
    return sum((extended_error(reply) or (0, ""))[1].startswith("too many questions") for reply in replies)


async def test_a_device_has_so_many_questions_under_way_and_no_more_until_some_have_ended(house: House) -> None:
    replies = await flood(house, GREEDY)
    assert {reply.rcode() for reply in replies} == {dns.rcode.SERVFAIL}
    assert (turned_down(replies), len(house.asked)) == (MORE, PLACES)
    assert answers(await house.ask("www.example.com", client=GREEDY)) == ["www.example.com A 192.0.2.1"]


async def test_what_is_cached_takes_no_place(house: House) -> None:
    await house.ask("www.example.com", client=OTHER)
    query = dns.message.make_query("www.example.com", "A").to_wire()
    replies = await house.packets([query] * (PLACES + MORE), GREEDY)
    assert {dns.message.from_wire(reply).rcode() for reply in replies} == {dns.rcode.NOERROR}


async def test_a_router_that_asks_for_a_whole_home_has_no_share_but_each_device_that_it_introduces_has(
    house: House,
) -> None:
    assert turned_down(await flood(house, ROUTER)) == 0
    assert turned_down(await flood(house, ROUTER, [MAC], first=1000)) == MORE


async def test_what_cannot_be_read_is_no_way_out_of_the_share(house: House) -> None:
    """Nor is it to change what is added to it."""
    for part, junk in enumerate((b"\xff", b"\xfe")):
        replies = await flood(house, ROUTER, [generic_option(65074, junk)], first=part * 1000)
        assert turned_down(replies) == MORE


async def test_a_device_behind_a_router_has_one_share_at_all_its_addresses(house: House) -> None:
    packets = [
        dns.message.make_query(
            f"{number}.example", "A", use_edns=0, options=[MAC, dns.edns.ECSOption(f"fd00::{number:x}", 128)]
        ).to_wire()
        for number in range(PLACES + MORE)
    ]
    assert turned_down(list(map(dns.message.from_wire, await house.packets(packets, ROUTER)))) == MORE


async def test_all_addresses_of_a_device_have_one_share(house: House) -> None:
    device, addresses = "aa:bb:cc:dd:ee:02", ("fd00::1", "fd00::2", "fd00::3")
    for address in addresses:
        house.lan.learn(address, device)
    queries = [dns.message.make_query(f"{number}.example", "A").to_wire() for number in range(3 * PLACES)]
    replies = await asyncio.gather(
        *(house.packets(queries[start::3], address) for start, address in enumerate(addresses))
    )
    assert [len(each) for each in replies] == [PLACES] * 3
    assert len(house.asked) == PLACES
