"""What a resolver says of itself: overrides and limits for people, programs and metrics."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from safedns.app.household import Sealed
from safedns.app.live import state_file
from safedns.app.loaded import Loaded, load
from safedns.app.report import set_gauges, status
from safedns.blocklist.downloads import Downloads
from safedns.policy.household import load_household
from safedns.record.counters import Key
from safedns.record.schema import STATE, open_writer
from safedns.record.state import StateWriter
from tests.house import configuration
from tests.unit.policy.families import at

NOON = at("2026-11-27 12:00")
FAMILY = {
    "children": {"binh": {"name": "Bình", "preset": "open", "limits": {"games": "30m", "tiktok": {"weekend": "10m"}}}},
    "groups": {"adults": {"preset": "open"}},
    "unknown": "adults",
}


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    config, state = tmp_path / "config", tmp_path / "state"
    for folder in (config, state):
        folder.mkdir()
    for name, text in configuration(family=FAMILY).items():
        (config / name).write_text(text, encoding="utf-8")
    with StateWriter(state_file(state)) as writer:
        for kind, target, minutes in (("pause", ("internet", ""), 9), ("grant", ("internet", ""), 5),
                                      ("block", ("service", "roblox"), 60)):  # fmt: skip
            writer.add_override("binh", kind, target, start=NOON - 1, until=NOON + 60 * minutes, by="me")
        writer.add_bonus("binh", ("category", "games"), day="2026-11-27", seconds=900, at=NOON, by="me")
    with closing(open_writer(STATE, state_file(state))) as db:
        minute = int(NOON // 60)
        db.execute("INSERT INTO usage VALUES ('binh', 'category', 'games', ?, ?)", (minute - 20, minute - 1))
    household = load_household(config)
    return load(state, Sealed(household.settings, household.policy, ()), NOON, epoch=0)


def test_the_status_of_a_child_says_what_holds_now_in_words_and_in_numbers(loaded: Loaded) -> None:
    binh, adults = status(loaded, NOON)["profiles"]
    assert binh == {
        "id": "binh",
        "name": "Bình",
        "kind": "child",
        "preset": "open",
        "now": "Bình: internet granted until 12:05, then paused; Roblox blocked until 13:00;"
        " games 25 of 45 min left (estimated)",
        "overrides": [
            {"kind": "block", "target": "roblox", "until": NOON + 3600},
            {"kind": "grant", "target": "internet", "until": NOON + 300},
        ],
        "limits": [{"target": "games", "allowance": 1800, "bonus": 900, "used": 1200, "left": 1500}],
    }
    assert (adults["now"], adults["overrides"], adults["limits"]) == ("adults: open", [], [])


def test_gauges_count_overrides_and_tell_seconds_of_limits(loaded: Loaded, tmp_path: Path) -> None:
    gauges: dict[Key, float] = {}
    set_gauges(gauges, loaded, Downloads(tmp_path), NOON)
    del gauges["next_edge", "binh"], gauges["next_edge", "adults"]
    assert gauges == {
        ("overrides", "binh", "block"): 1,
        ("overrides", "binh", "grant"): 1,
        ("limit_used", "binh", "games"): 1200,
        ("limit_allowed", "binh", "games"): 2700,
    }
