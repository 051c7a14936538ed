"""``safedns pause``: all internet of a child, for a while."""

from __future__ import annotations

from tests.unit.cli.home import NOW, Home


def test_a_pause_is_written_down_with_its_end(home: Home) -> None:
    assert home.said("pause", "binh", "--for", "20m") == "Bình: paused until 19:30\n"
    (row,) = home.overrides()
    assert (row.profile, row.kind, row.target, row.start, row.until) == (
        "binh", "pause", ("internet", ""), NOW, NOW + 1200,
    )  # fmt: skip


def test_it_is_for_a_child_alone_and_takes_no_target(home: Home) -> None:
    assert home.run("pause", "binh", "games", "--for", "20m").exit_code == 2
