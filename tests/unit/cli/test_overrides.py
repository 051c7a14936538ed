"""``safedns overrides``: what holds now, and the audit trail: who decided what, when and why."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.home import NOW, Home


@pytest.fixture
def decided(home: Home) -> Home:
    """Four decisions, of which one is over and one was ended, and extra minutes."""
    home.said("block", "binh", "tiktok", "--for", "1m")
    home.at(NOW + 1)
    home.said("pause", "an", "--for", "20m", "--why", "dinner")
    home.at(NOW + 60)
    home.said("resume", "an")
    home.at(NOW + 120)
    home.said("grant", "binh", "games", "--until", "20:30")
    home.at(NOW + 180)
    home.said("grant", "binh", "games", "--bonus", "15m", "--why", "tidied up")
    return home


def test_what_holds_now_is_shown_the_newest_first(decided: Home) -> None:
    assert decided.said("overrides") == (
        "who   what               from              until             by   why        state\n"
        "Bình  games 15 min more  2026-11-27 19:13  2026-11-28 00:00  mai  tidied up  holds now\n"
        "Bình  games granted      2026-11-27 19:12  2026-11-27 20:30  mai             holds now\n"
    )
    assert decided.said("overrides", "an") == "nothing is overridden; the rules of family.yaml hold\n"


def test_a_child_with_clocks_of_its_own_is_told_by_them_with_their_zone(home: Home) -> None:
    file = home.config / "family.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("preset: plain, log", "preset: plain, timezone: UTC, log"))
    assert home.said("pause", "an", "--for", "20m") == "An: paused until 12:30 (UTC)\n"
    assert "2026-11-27 12:10  2026-11-27 12:30 (UTC)" in home.said("overrides")


def test_the_audit_trail_says_who_when_and_why_also_of_what_is_over(decided: Home) -> None:
    lines = decided.said("overrides", "--all").splitlines()
    assert lines[3:] == [
        "An    paused             2026-11-27 19:10  2026-11-27 19:30  mai  dinner     ended 2026-11-27 19:11 by mai",
        "Bình  tiktok blocked     2026-11-27 19:10  2026-11-27 19:11  mai             over",
    ]
    assert len(decided.said("overrides", "binh", "--all").splitlines()) == 4


def test_for_machines_it_is_a_list_of_objects(decided: Home) -> None:
    bonus, grant, pause, block = json.loads(decided.said("overrides", "--all", "--json"))
    assert pause == {
        "who": {"profile": "an", "name": "An"},
        "kind": "pause",
        "target": "internet",
        "from": "2026-11-27T19:10:01+07:00",
        "until": "2026-11-27T19:30:01+07:00",
        "minutes": None,
        "by": "mai",
        "why": "dinner",
        "ended": "2026-11-27T19:11:00+07:00",
        "ended_by": "mai",
        "live": False,
    }
    assert (bonus["kind"], bonus["minutes"], bonus["until"]) == ("bonus", 15, "2026-11-28T00:00:00+07:00")
    assert [each["live"] for each in (bonus, grant, block)] == [True, True, False]
    assert json.loads(decided.said("overrides", "an", "--json")) == []


def test_the_trail_outlives_a_child_that_is_taken_out_of_the_family(decided: Home) -> None:
    family = decided.config / "family.yaml"
    lines = [line for line in family.read_text(encoding="utf-8").splitlines() if not line.startswith("  an:")]
    family.write_text("\n".join(lines), encoding="utf-8")
    assert "an    paused" in decided.said("overrides", "--all")
