"""What leaves the path: answers that limits are about carry their meters, whatever the profile's log keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from safedns.policy.limits import METERED
from tests.house import House, ttls

AN, BINH = "127.0.0.2", "127.0.0.3"
GAMES, INTERNET = ("category", "games"), ("internet", "")
FAMILY: dict[str, Any] = {
    "children": {
        "an": {"preset": "open", "devices": [AN], "log": "full"},
        "binh": {
            "preset": "open",
            "devices": [BINH],
            "log": "off",
            "limits": {"games": "30m"},
            "block": ["foe.roblox.com"],
            "services": {"youtube": "moderate"},
        },
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"], "log": "off"}},
    "unknown": "adults",
}
TABLE = {
    "*": ["NXDOMAIN"],
    "www.roblox.com A": ["www.roblox.com 3600 IN A 192.0.2.1"],
    "silent.roblox.com A": ["SILENT"],
    "www.example.com A": ["www.example.com 3600 IN A 192.0.2.2"],
    "restrictmoderate.youtube.com A": ["restrictmoderate.youtube.com 3600 IN A 192.0.2.3"],
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, table=TABLE)
    house.save(family=FAMILY)
    return house


def meters(house: House) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Who asked for what, and what it counts for, of every event."""
    return [(event[4].profile, event[4].name, event[4].meters) for event in house.events.pending]


async def test_an_answer_counts_for_the_limits_of_its_profile_also_where_nothing_is_logged(house: House) -> None:
    for client in (AN, BINH):
        await house.ask("www.roblox.com", client=client)
    assert meters(house) == [("an", "www.roblox.com", ()), ("binh", "www.roblox.com", (GAMES,))]
    assert [event[4].log for event in house.events.pending] == ["full", "off"]


async def test_every_repetition_counts_from_upstream_from_the_cache_and_from_the_memo(house: House) -> None:
    for number in range(4):
        await house.ask("www.roblox.com", client=BINH, change=lambda query: setattr(query, "id", 7))
        assert len(house.events.pending) == number + 1
    assert {event[4].meters for event in house.events.pending} == {(GAMES,)}
    assert house.counter("memo", "hit") == 2


@pytest.mark.parametrize("name", ["www.example.com", "foe.roblox.com", "silent.roblox.com", "localhost"])
async def test_what_no_limit_is_about_what_is_blocked_and_what_fails_does_not_count(house: House, name: str) -> None:
    await house.ask(name, client=BINH)
    assert meters(house) == [], "and nothing at all is told of a profile without a log"


async def test_an_answer_by_a_restricted_mode_counts_like_any_other(house: House) -> None:
    limited = {"binh": {**FAMILY["children"]["binh"], "limits": {"internet": "1h"}}}
    house.save(family={**FAMILY, "children": limited})
    await house.ask("www.youtube.com", client=BINH)
    assert meters(house) == [("binh", "www.youtube.com", (INTERNET,))]


async def test_a_device_must_ask_again_within_a_minute_or_it_could_not_be_counted(house: House) -> None:
    for _ in range(3):
        assert ttls(await house.ask("www.roblox.com", client=BINH)) == [METERED]
    assert ttls(await house.ask("www.roblox.com", client=AN)) == [3600]
    house.clock.advance(30)
    assert ttls(await house.ask("www.roblox.com", client=BINH)) == [METERED]
    assert ttls(await house.ask("www.example.com", client=BINH)) == [3600]
