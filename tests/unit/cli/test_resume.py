"""``safedns resume``: everything that was decided for a child for now ends."""

from __future__ import annotations

from tests.unit.cli.home import NOW, Home


def test_every_live_override_of_the_child_ends_and_is_named(home: Home) -> None:
    home.said("block", "binh", "tiktok", "--for", "1m")
    home.said("pause", "binh", "--for", "20m")
    home.said("grant", "binh", "games", "--until", "bedtime")
    home.said("pause", "an", "--for", "20m")
    home.said("grant", "binh", "games", "--bonus", "5m")
    home.at(NOW + 60)
    assert home.said("resume", "binh") == (
        "Bình: no longer games granted (it was until 21:00)\nBình: no longer paused (it was until 19:30)\n"
    )
    ended = [(row.profile, row.kind, row.ended_at, row.ended_by) for row in home.overrides()]
    assert ended == [
        ("an", "pause", None, ""),
        ("binh", "grant", NOW + 60, "mai"),
        ("binh", "pause", NOW + 60, "mai"),
        ("binh", "block", None, ""),
    ]
    assert len(home.bonuses()) == 1, "extra minutes stay given"


def test_where_there_is_nothing_to_end_it_says_so(home: Home) -> None:
    assert home.said("resume", "an") == "An: there was nothing to end; the rules of family.yaml hold\n"
