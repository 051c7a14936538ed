"""``safedns lists`` as typed: what is printed where, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.blocklist import bundled as bundled_module
from safedns.blocklist.formats import KNOWN
from safedns.cli import search as search_module
from safedns.cli.main import main
from tests.fakes import FakeClock
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


FAMILY = """
children:
  an: {name: An, preset: plain, devices: ["192.168.1.31"], bedtime: {every day: "21:00-06:30"}}
  binh: {name: Bình, preset: plain, devices: ["192.168.1.32"], services: {chat: off}}
groups:
  adults: {preset: plain}
unknown: adults
"""
EVENING = datetime(2026, 11, 23, 22, 15, tzinfo=UTC).timestamp()


class Machine:
    """Folders with a configuration, and the command line."""

    def __init__(self, root: Path) -> None:
        self.config, self.state = root / "config", root / "state"
        self.config.mkdir()
        self.list_at("https://nowhere.example/")

    def list_at(self, url: str) -> None:
        (self.config / "safedns.yaml").write_text(SETTINGS % url)

    def family(self) -> None:
        """Somebody whose rules can be asked; without, the configuration cannot be used."""
        (self.config / "presets").mkdir()
        (self.config / "presets" / "plain.yaml").write_text("{title: Plain, default: allow, safety: []}\n")
        (self.config / "family.yaml").write_text(FAMILY)

    def run(self, command: str, *arguments: str) -> Result:
        folders = {
            "status": ["--config", str(self.config), "--state", str(self.state)],
            "update": ["--config", str(self.config), "--state", str(self.state)],
            "search": ["--config", str(self.config), "--state", str(self.state)],
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
    (tmp_path / "share" / "config" / "presets").mkdir(parents=True)
    monkeypatch.setattr(bundled_module, "_CHECKOUT", tmp_path / "share")
    monkeypatch.setattr(search_module, "SystemClock", FakeClock(EVENING))
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
    rows = [line.split(None, 7) for line in result.stdout.splitlines()]
    assert rows == [
        ["LIST", "CATEGORY", "NAMES", "AGE", "NEXT", "SIZE", "FORMAT", "PROBLEM"],
        ["starter-adult", "adult", "1", "now", "-", "4", "KiB", "domains"],
        ["web", "social", "-", "-", "now", "-", "-", "is not compiled yet"],
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
        "due": 0.0,
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


def test_search_says_what_follows_for_every_child_and_group_now(machine: Machine, server: ListServer) -> None:
    machine.family()
    machine.list_at(server.put("chat.example"))
    machine.run("update")
    result = machine.run("search", "www.chat.example")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-4:] == [
        "",
        "An: blocked (bedtime) until 06:30",
        "Bình: blocked (chat is off)",
        "adults: allowed",
    ]


def test_search_exits_with_1_when_nothing_holds_the_name_and_still_says_what_follows(machine: Machine) -> None:
    machine.family()
    machine.list_at("https://nowhere.example/")
    machine.run("update", "starter-adult")
    result = machine.run("search", "bücher.example")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["An: blocked (bedtime) until 06:30", "Bình: allowed", "adults: allowed"]
    assert result.stderr.splitlines() == [
        "warning: not every list can be asked: web: is not compiled yet; see `safedns lists status`",
        "bücher.example is in no list and no service",
    ]


def test_search_says_what_is_answered_before_every_rule_and_what_another_name_answers(machine: Machine) -> None:
    machine.family()
    rules = machine.config / "family.yaml"
    rules.write_text(rules.read_text().replace("services: {chat: off}", "safe_search: on"))
    assert machine.run("search", "localhost").stdout.splitlines()[0] == "An: answered here"
    assert machine.run("search", "www.google.com").stdout.splitlines() == [
        "An: blocked (bedtime) until 06:30",
        "Bình: answered by forcesafesearch.google.com",
        "adults: allowed",
    ]


def test_search_knows_the_services_of_the_house(machine: Machine) -> None:
    machine.family()
    (machine.config / "services").mkdir()
    (machine.config / "services" / "forum.yaml").write_text("{title: Forum, category: social, names: [forum.example]}")
    assert "forum" in machine.run("search", "a.forum.example").stdout


def test_search_for_machines_is_one_object(machine: Machine) -> None:
    machine.family()
    result = machine.run("search", "WWW.chat.example", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert (answer["name"], answer["at"]) == ("www.chat.example", "2026-11-23T22:15:00+00:00")
    assert answer["in"] == [{"kind": "service", "id": "chat", "category": "social", "entry": "chat.example"}]
    assert [(each["profile"], each["kind"], each["outcome"], each["until"]) for each in answer["profiles"]] == [
        ("an", "child", "blocked", "2026-11-24T06:30:00+00:00"),
        ("binh", "child", "blocked", None),
        ("adults", "group", "allowed", None),
    ]
    assert answer["profiles"][1] == {
        "profile": "binh",
        "name": "Bình",
        "kind": "child",
        "outcome": "blocked",
        "target": "",
        "ede": 17,
        "reason": {"kind": "service", "rule": "chat", "matched": "chat.example", "category": "social"},
        "until": None,
    }


def test_search_for_machines_says_also_that_nothing_holds_the_name(machine: Machine) -> None:
    machine.family()
    result = machine.run("search", "nobody.example", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["in"] == []


def test_search_goes_on_without_a_configuration_and_says_so_in_one_line(machine: Machine) -> None:
    result = machine.run("search", "chat.example")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["IN", "service"]
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("what each child gets is not known, the configuration cannot be used: ")
    assert "family.yaml: there is no such file" in result.stderr
    answer = json.loads(machine.run("search", "chat.example", "--json").stdout)
    assert (answer["at"], answer["profiles"], len(answer["in"])) == (None, None, 1)


def test_search_tells_what_it_could_not_look_into(machine: Machine) -> None:
    machine.run("update", "starter-adult")
    next((machine.state / "lists").glob("*.below")).unlink()
    assert "starter-adult: its table " in machine.run("search", "a.example").stderr.splitlines()[1]


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
        "@@/good/",
        "||192.0.2.1^",
        "||bank.test^",
        "||x.example^$popup",
        "||y.example^$popup",
    )
    result = machine.run("test", str(file))
    assert result.exit_code == 0
    assert result.stdout == (
        "format   adblock\n"
        "blocks   3 names, each with all below it: a.example, b.example, bank.test\n"
        "blocks   1 names alone: alone.example\n"
        "allows   1 names, each with all below it: good.a.example\n"
        "blocks   1 networks of addresses: 192.0.2.1/32\n"
        "blocks   1 patterns: /ads/\n"
        "allows   1 patterns: @@/good/\n"
        "needless 1 repeated or covered by another: www.a.example (by a.example)\n"
        "skipped  2\n"
        "  2 modifier that is not supported; line 10: ||x.example^$popup\n"
        "beware   1 names that everybody needs: bank.test\n"
    )


def test_test_exits_with_1_when_a_file_blocks_nothing_or_is_no_list(machine: Machine, tmp_path: Path) -> None:
    nothing = write_names(tmp_path / "nothing.txt", "1.2.3.4")
    assert machine.run("test", "--format", "domains", str(nothing)).exit_code == 1
    page = write_names(tmp_path / "page.html", "<html>")
    result = machine.run("test", str(page))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{page}: is a web page, not a list\n"
    letter = write_names(tmp_path / "letter.txt", "Dear visitor, this list has moved.")
    result = machine.run("test", str(letter))
    assert result.stderr == f"{letter}: is in no known list format; expected one of {KNOWN}\n"
