"""One policy in force: looked at anew when a day is over or a parent decided, and kept when the file cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from safedns.record.state import StateWriter
from tests.house import House

BINH = "127.0.0.3"
FAMILY: dict[str, Any] = {
    "children": {"binh": {"preset": "open", "devices": [BINH], "limits": {"games": "30m"}}},
    "groups": {"adults": {"preset": "open"}},
    "unknown": "adults",
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, table={"www.example.com A": ["www.example.com 60 IN A 192.0.2.1"]}, now="2026-11-27 12:00")
    house.save(family=FAMILY)
    return house


def pause(house: House, minutes: int = 20) -> None:
    now = house.clock.wall()
    with StateWriter(house.state_file) as state:
        state.add_override("binh", "pause", ("internet", ""), start=now, until=now + 60 * minutes, by="me")


async def test_a_decision_takes_effect_when_it_is_read_also_past_the_memo_and_ends_by_itself(house: House) -> None:
    for _ in range(3):
        assert (await house.ask("www.example.com", client=BINH)).answer
    pause(house)
    house.look()
    assert not (await house.ask("www.example.com", client=BINH)).answer
    house.clock.advance(20 * 60)
    assert (await house.ask("www.example.com", client=BINH)).answer


async def test_what_was_decided_before_the_start_is_in_force_from_the_start(house: House, tmp_path: Path) -> None:
    pause(house)
    house.load()
    assert not (await house.ask("www.example.com", client=BINH)).answer


async def test_a_file_that_breaks_takes_nothing_back(house: House, caplog: pytest.LogCaptureFixture) -> None:
    pause(house)
    house.look()
    house.state_file.write_bytes(b"not a database" * 1000)
    house.look()
    assert not (await house.ask("www.example.com", client=BINH)).answer
    assert "what was decided and used before holds on" in caplog.text


async def test_without_a_file_that_can_be_read_the_rules_go_on_without_overrides(house: House, tmp_path: Path) -> None:
    house.state_file.write_bytes(b"not a database" * 1000)
    house.load()
    assert (await house.ask("www.example.com", client=BINH)).answer


def test_a_day_that_is_over_is_noticed(house: House) -> None:
    before = house.snapshot
    house.at("2026-11-27 23:59:59")
    house.renew()
    assert house.snapshot is before
    house.at("2026-11-28 00:00")
    house.renew()
    assert house.snapshot is not before
