"""Which lists are fetched again, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.schedule import due_in
from safedns.blocklist.wanted import wanted_lists
from safedns.settings.model import ExtraList
from tests.unit.blocklist.household import Household, mine, web
from tests.unit.blocklist.listserver import ListServer

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path)


def test_a_list_is_due_when_it_was_never_fetched_and_again_a_day_after(home: Household, server: ListServer) -> None:
    extra = web(server.put("a.example"))
    assert home.due(extra) == ("web",)
    home.update(extra)
    assert home.due(extra) == ()
    home.clock.advance(DAY - 1)
    assert home.due(extra) == ()
    home.clock.advance(1)
    assert home.due(extra) == ("web",)


def test_a_list_that_failed_is_due_again_after_an_hour(home: Household, server: ListServer) -> None:
    extra = web(server.url())
    home.update(extra)
    home.clock.advance(3599)
    assert home.due(extra) == ()
    home.clock.advance(1)
    assert home.due(extra) == ("web",)


def test_a_clock_that_was_ahead_does_not_keep_lists_old_for_ever(home: Household, server: ListServer) -> None:
    extra = web(server.put("a.example"))
    home.clock.advance(365 * DAY)
    home.update(extra)
    home.clock.advance(-365 * DAY)
    assert home.due(extra) == ("web",)


def test_lists_of_this_machine_are_never_due(home: Household) -> None:
    assert home.due(mine()) == ()


def test_a_list_of_ones_own_may_be_fetched_more_often_or_less(home: Household, server: ListServer) -> None:
    server.put("a.example")
    often = ExtraList("often", "social", server.url(), refresh=7200)
    seldom = ExtraList("seldom", "social", server.url(), refresh=7 * DAY)
    home.update(often, seldom, names=("often", "seldom"))
    home.clock.advance(7199)
    assert home.due(often, seldom) == ()
    home.clock.advance(1)
    assert home.due(often, seldom) == ("often",)
    home.clock.advance(7 * DAY)
    assert home.due(often, seldom) == ("often", "seldom")


def test_a_public_list_is_fetched_as_often_as_its_entry_says(home: Household, server: ListServer) -> None:
    home.publish("public", server.put("a.example"))
    home.catalogue = home.catalogue._replace(lists={"public": home.catalogue.lists["public"]._replace(refresh_hours=2)})
    home.update(names=("public",))
    home.clock.advance(7199)
    assert home.due() == ()
    home.clock.advance(1)
    assert home.due() == ("public",)


def test_a_list_of_which_nothing_can_be_used_is_due_though_it_was_fetched_today(
    home: Household, server: ListServer
) -> None:
    extra = web(server.put("a.example"))
    home.update(extra)
    (home.lists / "web.json").write_text("{")
    assert home.due(extra) == ()
    home.clock.advance(3600)
    assert home.due(extra) == ("web",)


def test_until_when_a_list_waits(home: Household, server: ListServer) -> None:
    extra = web(server.put("a.example"))

    def wait() -> float | None:
        [item] = [
            each for each in wanted_lists(home.list_settings(extra), home.catalogue, home.config) if not each.file
        ]
        return due_in(home.state, item, now=home.clock.wall())

    assert wait() == 0
    home.update(extra)
    assert wait() == DAY
    home.clock.advance(DAY - 10)
    assert wait() == 10
    home.clock.advance(100)
    assert wait() == 0
    server.answers.clear()
    home.update(extra)
    assert wait() == 3600
