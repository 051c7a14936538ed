"""``safedns dry-run``: an edited family.yaml put to the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from safedns.cli import dry_run
from safedns.cli.main import main
from safedns.record.counters import Counters
from safedns.record.event import Event, Outcome
from safedns.record.schema import QUERY_LOG
from safedns.record.writer import LogWriter
from tests.fakes import FakeClock

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 24, 12, tzinfo=ZONE).timestamp()
SETTINGS = "timezone: Asia/Ho_Chi_Minh\nupstreams: {servers: [9.9.9.9]}\nlists: {use: none}\n"
FAMILY = """
children:
  binh:
    name: Bình
    preset: plain
    devices: ["192.168.1.32"]
    block: [bad.example]
groups:
  guests: {preset: plain}
unknown: guests
"""
EDITED = FAMILY.replace("block: [bad.example]", 'block: [worse.example]\n    bedtime: "21:00-06:30"')

Run = Callable[..., Result]


def asked(at: str, name: str, client: str = "192.168.1.32", source: str = "upstream") -> Event:
    outcome = Outcome("binh", name, 1, "allowed", "default", "plain", "", "", 0, source, "", "udp", "full", ())
    return Event(datetime.fromisoformat(at).replace(tzinfo=ZONE).timestamp(), client, "", 100, outcome)


LOG = (
    asked("2026-11-22 22:00", "long-ago.example"),
    asked("2026-11-23 20:00", "www.bad.example"),
    asked("2026-11-23 20:59", "fine.example"),
    asked("2026-11-23 21:00", "fine.example"),
    asked("2026-11-23 23:30", "fine.example"),
    asked("2026-11-23 23:30", "fine.example", client="192.168.1.77"),
    asked("2026-11-24 09:00", "www.worse.example"),
    asked("2026-11-24 22:00", "printer.local", source="local"),
)


class NowClock:
    """Stands for the machine's clock."""

    wall = staticmethod(lambda: NOW)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "presets").mkdir()
    (tmp_path / "safedns.yaml").write_text(SETTINGS)
    (tmp_path / "family.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "presets" / "plain.yaml").write_text("title: Plain\n")
    return tmp_path


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(dry_run, "SystemClock", NowClock)
    state = config / "state"
    state.mkdir()
    writer = LogWriter(state / QUERY_LOG.name, FakeClock(), Counters())
    writer.add(LOG)
    writer.commit()
    folders = ["--config", str(config), "--state", str(state)]
    yield lambda *words: CliRunner().invoke(main, ["dry-run", *words, *folders])
    writer.close()


@pytest.fixture
def edited(tmp_path: Path) -> str:
    file = tmp_path / "edited.yaml"
    file.write_text(EDITED, encoding="utf-8")
    return str(file)


def test_what_would_be_otherwise_is_told_once_a_name_the_most_frequent_first(run: Run, edited: str) -> None:
    result = run(edited)
    assert result.exit_code == 0
    heading, *rows = [line.split() for line in result.stdout.splitlines()]
    assert " ".join(heading) == "who name was would be times last"
    assert [" ".join(row) for row in rows] == [
        "Bình fine.example allowed (default: plain) blocked (bedtime) 2 Mon 23:30",
        "Bình www.bad.example blocked (block: blocked by a parent) allowed (default: plain) 1 Mon 20:00",
        "Bình www.worse.example allowed (default: plain) blocked (block: blocked by a parent) 1 Tue 09:00",
    ]
    assert result.stderr.splitlines()[-1] == "4 of 6 logged queries would have been answered otherwise"


def test_programs_get_every_change_with_its_reasons(run: Run, edited: str) -> None:
    told = json.loads(run(edited, "--json").stdout)
    assert (told["queries"], told["different"]) == (6, 4)
    first = told["changes"][0]
    assert (first["profile"], first["name"], first["times"]) == ("Bình", "fine.example", 2)
    assert (first["first"], first["last"]) == ("2026-11-23T21:00:00+07:00", "2026-11-23T23:30:00+07:00")
    assert (first["before"]["outcome"], first["after"]["reason"]["kind"]) == ("allowed", "bedtime")


@pytest.mark.parametrize(
    ("options", "looked_at"),
    [
        (["--since", "3d"], 7),
        (["--since", "2026-11-24 00:00"], 1),
        (["--until", "2026-11-23 21:00"], 2),
    ],
)
def test_since_and_until_choose_the_queries(run: Run, edited: str, options: list[str], looked_at: int) -> None:
    assert json.loads(run(edited, "--json", *options).stdout)["queries"] == looked_at


def test_the_same_rules_change_nothing(run: Run, config: Path) -> None:
    result = run(str(config / "family.yaml"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == "0 of 6 logged queries would have been answered otherwise"


def test_a_device_that_moves_to_another_child_is_judged_by_its_rules(run: Run, config: Path) -> None:
    (config / "edited.yaml").write_text(FAMILY.replace("192.168.1.32", "192.168.1.77"), encoding="utf-8")
    changes = json.loads(run(str(config / "edited.yaml"), "--json").stdout)["changes"]
    assert [(change["profile"], change["name"]) for change in changes] == [("guests", "www.bad.example")]


def test_mistakes_of_the_edited_file_are_told_at_their_place(run: Run, config: Path) -> None:
    (config / "edited.yaml").write_text(FAMILY.replace("block:", "blok:"), encoding="utf-8")
    result = run(str(config / "edited.yaml"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{config / 'edited.yaml'}:7:5: children.binh.blok: `blok` is not a key here")
