"""``safedns usage``: minutes of each limit with their evidence, always called an estimate."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.home import Home

NAMES = {"15:02": ["www.roblox.com"], "15:10": ["rbxcdn.com", "www.roblox.com"]}


@pytest.fixture
def used(home: Home) -> Home:
    """A Friday on which both children were busy, and a Thursday evening past midnight."""
    home.use("binh", "category", "games", "2026-11-27 15:02", "2026-11-27 15:20", NAMES)
    home.use("binh", "category", "games", "2026-11-27 17:00", "2026-11-27 17:01")
    home.use("binh", "category", "games", "2026-11-26 23:50", "2026-11-27 00:02")
    home.use("an", "internet", "", "2026-11-27 18:00", "2026-11-27 18:30")
    return home


def test_minutes_come_with_the_names_by_which_they_are_known(used: Home) -> None:
    assert used.said("usage") == (
        "An, Fri 27 Nov 2026\n"
        "  internet: 30 of 60 min used (estimated)\n"
        "    18:00-18:30\n"
        "  no names are kept for An (log: summary)\n"
        "Bình, Fri 27 Nov 2026\n"
        "  games: 21 of 30 min used (estimated)\n"
        "    00:00-00:02\n"
        "    15:02-15:20  www.roblox.com, rbxcdn.com\n"
        "    17:00-17:01\n"
    )


def test_of_many_names_the_most_frequent_are_shown(home: Home) -> None:
    names = {"15:02": [f"{letter}.roblox.com" for letter in "abcdef"], "15:03": ["e.roblox.com"]}
    home.use("binh", "category", "games", "2026-11-27 15:02", "2026-11-27 15:04", names)
    assert "15:02-15:04  e.roblox.com, a.roblox.com, b.roblox.com, c.roblox.com and 2 more\n" in home.said(
        "usage", "binh"
    )


def test_another_day_goes_by_the_limits_of_that_day(used: Home) -> None:
    used.use("binh", "service", "roblox", "2026-11-28 10:00", "2026-11-28 10:05")
    used.said("grant", "binh", "games", "--bonus", "15m")
    assert used.said("usage", "binh", "--day", "2026-11-28").splitlines() == [
        "Bình, Sat 28 Nov 2026",
        "  games: 0 of 90 min used (estimated)",
        "  Roblox: 5 of 20 min used (estimated)",
        "    10:00-10:05",
    ]
    assert "21 of 45 min used" in used.said("usage", "binh", "--day", "2026-11-27")


def test_where_no_limit_holds_there_is_nothing_to_show(used: Home) -> None:
    assert used.said("usage", "guests") == "no limit holds that day\n"
    assert used.said("usage", "binh", "--day", "2026-11-26") == "no limit holds that day\n"


def test_for_machines_it_is_a_list_of_objects_with_every_name(used: Home) -> None:
    an, binh = json.loads(used.said("usage", "--json"))
    assert (an["who"], an["day"], an["names_kept"]) == ({"profile": "an", "name": "An"}, "2026-11-27", False)
    assert binh["names_kept"] is True
    (games,) = binh["limits"]
    spans = games.pop("spans")
    assert games == {"target": "games", "allowance": 1800, "bonus": 0, "used": 1260, "left": 540, "estimated": True}
    assert spans[1] == {
        "from": "2026-11-27T15:02:00+07:00",
        "to": "2026-11-27T15:20:00+07:00",
        "names": ["www.roblox.com", "rbxcdn.com"],
    }
    assert json.loads(used.said("usage", "guests", "--json")) == []


def test_a_day_or_a_child_that_makes_no_sense_is_refused(home: Home) -> None:
    for day in ("friday", "2026-13-01", "9999-12-31", "0001-01-01"):
        assert home.refused("usage", "--day", day) == f"{day!r} is no day; expected one such as 2026-11-27"
    assert home.refused("usage", "bing") == "`bing` is no child or group; did you mean `binh`?"
