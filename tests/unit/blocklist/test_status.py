"""How lists are said to stand."""

from __future__ import annotations

from pathlib import Path

from safedns.blocklist.status import ListStatus, list_status
from safedns.blocklist.wanted import wanted_lists
from safedns.settings.model import ExtraList, ListSettings
from tests.unit.blocklist.household import Household, mine, web
from tests.unit.blocklist.listserver import ListServer
from tests.unit.blocklist.sample import write_names


def stand(home: Household, *extra: ExtraList) -> dict[str, ListStatus]:
    wanted = wanted_lists(ListSettings(use=(), extra=extra), home.catalogue, home.config)
    return {row.name: row for row in list_status(home.state, wanted, now=home.clock.wall())}


def test_a_fetched_list_is_as_old_as_its_last_confirmation(tmp_path: Path, server: ListServer) -> None:
    home = Household(tmp_path)
    extra = web(server.put("a.example", etag='"1"'))
    home.update(extra)
    home.clock.advance(5000)
    home.update(extra)
    home.clock.advance(60)
    header = home.header("web")
    assert stand(home, extra)["web"] == ListStatus("web", "social", 1, 60.0, header.size, "domains", 86_340.0, "")


def test_a_list_of_this_machine_is_as_old_as_its_compilation(tmp_path: Path) -> None:
    home = Household(tmp_path)
    home.prepare()
    home.clock.advance(7)
    assert (stand(home)["starter-adult"].age, stand(home)["starter-adult"].due) == (7.0, None)


def test_a_list_that_does_not_serve_says_why(tmp_path: Path, server: ListServer) -> None:
    home = Household(tmp_path)
    extra = web(server.url())
    assert stand(home, extra)["web"].problem == "is not compiled yet"
    home.update(extra)
    row = stand(home, extra)["web"]
    assert (row.entries, row.age, row.size, row.format) == (None, None, None, None)
    assert row.problem == f"{server.url()}: the server answered 404 Not Found"


def test_a_list_that_serves_an_old_version_says_what_went_wrong(tmp_path: Path, server: ListServer) -> None:
    home = Household(tmp_path)
    extra = web(server.put("a.example"))
    home.update(extra)
    server.answers.clear()
    home.update(extra)
    row = stand(home, extra)["web"]
    assert (row.entries, row.problem) == (1, f"{server.url()}: the server answered 404 Not Found")


def test_a_damaged_list_is_told(tmp_path: Path) -> None:
    home = Household(tmp_path)
    write_names(home.config / "mine.txt", "a.example")
    home.prepare(mine())
    (home.lists / home.header("mine").tables["below"].file).unlink()
    assert "cannot be read: No such file" in stand(home, mine())["mine"].problem


def test_where_the_version_before_serves_its_numbers_are_told_and_why(tmp_path: Path, server: ListServer) -> None:
    home = Household(tmp_path)
    home.update(web(server.put("a.example")))
    extra = web(server.put("a.example", "b.example"))
    home.update(extra)
    (home.lists / home.header("web").tables["below"].file).unlink()
    row = stand(home, extra)["web"]
    assert row.entries == 1
    assert row.problem.endswith("; the version before serves")
