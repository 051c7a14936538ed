"""``safedns lists`` as typed: what is printed where, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.blocklist import bundled as bundled_module
from safedns.blocklist.formats import KNOWN
from safedns.cli.main import main
from tests.unit.blocklist.listserver import ListServer
from tests.unit.blocklist.sample import write_data, write_names

SETTINGS = """
timezone: UTC
upstreams: {servers: [127.0.0.1:5300]}
lists:
  use: []
  extra:
    - {name: web, category: social, source: "%s"}
"""


class Machine:
    """Folders with a configuration, and the command line."""

    def __init__(self, root: Path) -> None:
        self.config, self.state = root / "config", root / "state"
        self.config.mkdir()
        self.list_at("https://nowhere.example/")

    def list_at(self, url: str) -> None:
        (self.config / "safedns.yaml").write_text(SETTINGS % url)

    def run(self, command: str, *arguments: str) -> Result:
        folders = {
            "status": ["--config", str(self.config), "--state", str(self.state)],
            "update": ["--config", str(self.config), "--state", str(self.state)],
            "search": ["--state", str(self.state)],
            "test": [],
        }
        return CliRunner().invoke(main, ["lists", command, *folders[command], *arguments], catch_exceptions=False)


@pytest.fixture
def server() -> Iterator[ListServer]:
    """A web server whose lists the test sets."""
    with ListServer() as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    write_data(tmp_path / "share" / "blocklists")
    monkeypatch.setattr(bundled_module, "_CHECKOUT", tmp_path / "share")
    return Machine(tmp_path)


def test_update_says_one_line_a_list_on_standard_error(machine: Machine, server: ListServer) -> None:
    machine.list_at(server.put("a.example", "b.example"))
    result = machine.run("update")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == "starter-adult: updated, 1 name\nweb: updated, 2 names\n"


def test_update_of_one_list_leaves_the_others_alone(machine: Machine, server: ListServer) -> None:
    machine.list_at(server.put("a.example"))
    assert machine.run("update", "web").stderr == "web: updated, 1 name\n"


def test_update_exits_with_1_when_a_list_failed(machine: Machine, server: ListServer) -> None:
    machine.list_at(server.url())
    result = machine.run("update")
    assert result.exit_code == 1
    assert "web: failed: " in result.stderr


def test_a_list_that_was_held_back_is_taken_with_accept(machine: Machine, server: ListServer) -> None:
    machine.list_at(server.put("a.example", "b.example", "c.example"))
    machine.run("update")
    server.put("a.example")
    assert machine.run("update", "web").exit_code == 1
    assert machine.run("update", "web", "--accept").stderr == "web: updated, 1 name\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--accept"], 2, "--accept needs the names of the lists that are to be taken"),
        (["wbe"], 1, "wbe: is not among the lists in use; those are starter-adult, web"),
    ],
)
def test_update_refuses_what_makes_no_sense(machine: Machine, arguments: list[str], status: int, message: str) -> None:
    result = machine.run("update", *arguments)
    assert result.exit_code == status
    assert message in result.stderr


def test_a_wrong_category_in_the_settings_is_told_by_file_and_key(machine: Machine) -> None:
    path = machine.config / "safedns.yaml"
    path.write_text(path.read_text().replace("category: social", "category: sozial"))
    result = machine.run("status")
    assert result.exit_code == 2
    assert "lists.extra[0].category: there is no category 'sozial'; did you mean 'social'?" in result.stderr


def test_status_is_a_table_of_every_list_with_what_is_wrong(machine: Machine) -> None:
    machine.run("update", "starter-adult")
    result = machine.run("status")
    assert result.exit_code == 0
    rows = [line.split(None, 6) for line in result.stdout.splitlines()]
    assert rows == [
        ["LIST", "CATEGORY", "NAMES", "AGE", "SIZE", "FORMAT", "PROBLEM"],
        ["starter-adult", "adult", "1", "now", "4", "KiB", "domains"],
        ["web", "social", "-", "-", "-", "-", "is not compiled yet"],
    ]


def test_status_for_machines_is_a_list_of_objects(machine: Machine) -> None:
    rows = json.loads(machine.run("status", "--json").stdout)
    assert [row["name"] for row in rows] == ["starter-adult", "web"]
    assert rows[1] == {
        "name": "web",
        "category": "social",
        "entries": None,
        "age": None,
        "size": None,
        "format": None,
        "problem": "is not compiled yet",
    }


def test_search_prints_every_list_and_service_with_the_entry(machine: Machine, server: ListServer) -> None:
    machine.list_at(server.put("chat.example", "bücher.example"))
    machine.run("update")
    result = machine.run("search", "WWW.Chat.example.")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["IN", "NAME", "CATEGORY", "ENTRY"],
        ["list", "web", "social", "chat.example"],
        ["service", "chat", "social", "chat.example"],
    ]
    assert machine.run("search", "x.bücher.example").stdout.split()[-1] == "bücher.example"


def test_search_exits_with_1_when_nothing_holds_the_name(machine: Machine) -> None:
    result = machine.run("search", "bücher.example")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "bücher.example is in no list and no service\n"


def test_search_tells_what_it_could_not_look_into(machine: Machine) -> None:
    machine.run("update", "starter-adult")
    next((machine.state / "lists").glob("*.below")).unlink()
    assert machine.run("search", "a.example").stderr.startswith("starter-adult: its table ")


def test_search_refuses_what_is_no_name(machine: Machine) -> None:
    result = machine.run("search", "a..b")
    assert result.exit_code == 2
    assert "'a..b' has an empty label" in result.stderr


def test_test_shows_what_a_file_would_hold(machine: Machine, tmp_path: Path) -> None:
    file = write_names(
        tmp_path / "rules.txt",
        "||b.example^",
        "||a.example^",
        "||www.a.example^",
        "alone.example",
        "@@||good.a.example^",
        "/ads/",
        "||x.example^$popup",
        "||y.example^$popup",
    )
    result = machine.run("test", str(file))
    assert result.exit_code == 0
    assert result.stdout == (
        "format   adblock\n"
        "below    2 names, each with all below it: a.example, b.example\n"
        "exact    1 names alone: alone.example\n"
        "allow    1 exceptions, each with all below it: good.a.example\n"
        "needless 1 repeated or covered by another: www.a.example (by a.example)\n"
        "skipped  3\n"
        "  2 modifier that is not supported; line 7: ||x.example^$popup\n"
        "  1 regular expression; line 6: /ads/\n"
    )


def test_test_exits_with_1_when_a_file_blocks_nothing_or_is_no_list(machine: Machine, tmp_path: Path) -> None:
    nothing = write_names(tmp_path / "nothing.txt", "1.2.3.4")
    assert machine.run("test", "--format", "domains", str(nothing)).exit_code == 1
    page = write_names(tmp_path / "page.html", "<html>")
    result = machine.run("test", str(page))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{page}: is in no known list format; expected one of {KNOWN}\n"
