"""RFC 8767: Serving stale data to improve DNS resiliency"""

from __future__ import annotations

import asyncio

import dns.rcode
import pytest

from tests.house import House, answers, ttls
from tests.standards.conftest import FAMILY
from tests.unit.resolve import house as resolving_house
from tests.unit.resolve.virtual import now, play

NAME = "www.example.com"


async def expired(house: House, seconds: float = 400) -> None:
    """Let the answer for ``NAME`` (300 s) expire, and its upstream fail."""
    await house.ask(NAME)
    house.clock.advance(seconds)
    house.table[f"{NAME} A"] = ["SILENT"]


@pytest.mark.rfc(8767, "4")
async def test_section_4_a_ttl_is_capped(house: House) -> None:
    """However long a TTL is, records are kept for days to weeks at most: here for one day, and nobody is told more."""
    house.table["long.example.com A"] = ["long.example.com 9000000 IN A 192.0.2.1"]
    assert ttls(await house.ask("long.example.com")) == [86_400]
    house.clock.advance(86_400)
    await house.ask("long.example.com")
    assert len(house.asked) == 2


@pytest.mark.rfc(8767, "4")
async def test_section_4_a_stale_answer_says_30_seconds(house: House) -> None:
    """An expired record that is given out all the same has a TTL above 0: 30 seconds."""
    await expired(house)
    reply = await house.ask(NAME)
    assert (answers(reply), ttls(reply)) == ([f"{NAME} A 192.0.2.1"], [30])


@pytest.mark.rfc(8767, "5")
async def test_section_5_the_upstream_is_asked_first(house: House) -> None:
    """Stale data is a last resort: the upstream is asked first, and its answer is taken when there is one."""
    await house.ask(NAME)
    house.clock.advance(400)
    house.table[f"{NAME} A"] = [f"{NAME} 300 IN A 192.0.2.7"]
    assert answers(await house.ask(NAME)) == [f"{NAME} A 192.0.2.7"]


@pytest.mark.rfc(8767, "4")
async def test_section_4_an_answer_that_says_no_is_no_failure(house: House) -> None:
    """When the upstream now says that the name is gone, that is the answer: the stale one is not given out."""
    await house.ask(NAME)
    house.clock.advance(400)
    house.table[f"{NAME} A"] = ["NXDOMAIN"]
    assert (await house.ask(NAME)).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.rfc(8767, "4")
@pytest.mark.parametrize("said", ["SERVFAIL", "REFUSED"])
async def test_section_4_an_answer_that_says_nothing_leaves_what_was_known(house: House, said: str) -> None:
    """Any code but NOERROR and NXDOMAIN is a failure to refresh, and the stale answer serves."""
    await expired(house)
    house.table[f"{NAME} A"] = [said]
    assert answers(await house.ask(NAME)) == [f"{NAME} A 192.0.2.1"]


@pytest.mark.rfc(8767, "5")
async def test_section_5_what_failed_is_not_tried_again_at_once(house: House) -> None:
    """The failure recheck timer: who asks right after a failed attempt gets the stale answer without another one."""
    await expired(house)
    for _ in range(3):
        assert answers(await house.ask(NAME)) == [f"{NAME} A 192.0.2.1"]
    assert len(house.asked) == 2


@pytest.mark.rfc(8767, "5")
async def test_section_5_nothing_is_kept_for_ever(house: House) -> None:
    """There is a longest time for which expired data is kept: after that it is a failure."""
    await expired(house, seconds=300 + 4 * 86_400)
    assert (await house.ask(NAME)).rcode() == dns.rcode.SERVFAIL


@pytest.mark.rfc(8767, "10")
async def test_section_10_what_has_been_closed_since_is_closed(house: House) -> None:
    """Stale data must not outlive a decision against it: the rules of now are applied to what is given out."""
    await house.ask(NAME, client="127.0.0.3")
    await expired(house)
    family = {**FAMILY, "children": {"binh": {**FAMILY["children"]["binh"], "block": ["example.com"]}}}
    house.save(family=family)
    assert (await house.ask(NAME, client="127.0.0.3")).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.rfc(8767, "5")
def test_section_5_nobody_waits_longer_than_1_8_seconds_while_there_is_a_stale_answer() -> None:
    """The client response timer is 1.8 seconds: by then the stale answer is given, and the fresh one still awaited."""

    async def scenario() -> None:
        resolving = resolving_house.House(one=resolving_house.answers("192.0.2.1", ttl=60))
        await resolving.ask()
        await asyncio.sleep(61)
        resolving.upstreams["one"].script = resolving_house.answers("192.0.2.2", after=3.0)
        began = now()
        assert resolving_house.addresses(await resolving.ask()) == ("192.0.2.1",)
        assert now() - began == pytest.approx(1.8, abs=0.01)
        await asyncio.sleep(1.3)
        assert resolving_house.addresses(await resolving.ask()) == ("192.0.2.2",)

    play(scenario())
