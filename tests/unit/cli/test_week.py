"""``safedns explain WHO [NAME] --week``: the chart of a week."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.cli import week
from safedns.cli.main import main

SETTINGS = "timezone: Europe/Berlin\nupstreams: {servers: [9.9.9.9]}\nlists: {use: none}\n"
FAMILY = """
children:
  binh:
    name: Bình
    preset: plain
    devices: ["192.168.1.32"]
    bedtime: {school nights: "21:00-06:30", other nights: "22:30-07:30"}
    homework: {school days: "19:00-20:15"}
    services: {tiktok: off, youtube: moderate}
    windows:
      dinner: {off: {weekend: "18:30-19:15"}}
      forum: {what: reddit.com, off: {mon: "12:00-13:00"}}
  an:
    preset: plain
    bedtime: "02:15-04:00"
groups:
  guests: {preset: plain}
unknown: guests
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "presets").mkdir()
    (tmp_path / "safedns.yaml").write_text(SETTINGS)
    (tmp_path / "family.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "presets" / "plain.yaml").write_text("title: Plain\n")
    folders = ["--config", str(tmp_path), "--state", str(tmp_path / "state")]
    return lambda *words: CliRunner().invoke(main, ["explain", *words, "--week", *folders])


def test_a_week_of_all_internet(run: Run) -> None:
    result = run("binh", "--at", "2026-11-23")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Bình (preset plain): all internet",
        "",
        "            0     3     6     9     12    15    18    21    ",
        "Mon 23 Nov  bbbbbbbbbbbbb...........--............hhh.bbbbbb  06:30 12:00 13:00 19:00 20:15 21:00",
        "Tue 24 Nov  bbbbbbbbbbbbb.........................hhh.bbbbbb  06:30 19:00 20:15 21:00",
        "Wed 25 Nov  bbbbbbbbbbbbb.........................hhh.bbbbbb  06:30 19:00 20:15 21:00",
        "Thu 26 Nov  bbbbbbbbbbbbb.........................hhh.bbbbbb  06:30 19:00 20:15 21:00",
        "Fri 27 Nov  bbbbbbbbbbbbb.........................hhh....bbb  06:30 19:00 20:15 22:30",
        "Sat 28 Nov  bbbbbbbbbbbbbbb......................ww......bbb  07:30 18:30 19:15 22:30",
        "Sun 29 Nov  bbbbbbbbbbbbbbb......................ww...bbbbbb  07:30 18:30 19:15 21:00",
        "",
        "b bedtime   . open   - open, but for something   h homework: learning only   w closed at this time",
    ]


@pytest.mark.parametrize(
    ("name", "friday"),
    [
        ("tiktok.com", "bbbbbbbbbbbbb#########################hhh####bbb  06:30 19:00 20:15 22:30"),
        ("www.youtube.com", "bbbbbbbbbbbbbssssssssssssssssssssssssshhhssssbbb"),
        ("reddit.com", "bbbbbbbbbbbbb.........................hhh....bbb  06:30 19:00 20:15 22:30"),
    ],
)
def test_a_week_of_one_name(run: Run, name: str, friday: str) -> None:
    lines = run("binh", name, "--at", "2026-11-23").stdout.splitlines()
    assert lines[0] == f"Bình (preset plain): {name}"
    assert lines[7].startswith(f"Fri 27 Nov  {friday[:48]}")
    assert lines[7].endswith(friday[48:])


def test_what_the_clocks_skip_is_blank_and_what_they_repeat_is_told_by_its_first_time(run: Run) -> None:
    spring = run("an", "--at", "2027-03-27").stdout.splitlines()
    assert spring[4].startswith("Sun 28 Mar  ....  bb....")
    assert spring[4].endswith("  03:00 04:00")
    autumn = run("an", "--at", "2026-10-24").stdout.splitlines()
    assert autumn[4].startswith("Sun 25 Oct  .....bbb....")
    assert autumn[4].endswith("  02:15 02:00 02:15 04:00")


def test_programs_get_the_changes_of_each_day(run: Run) -> None:
    days = json.loads(run("binh", "--json", "--at", "2026-11-27").stdout)
    assert [day["day"] for day in days][:2] == ["2026-11-27", "2026-11-28"]
    assert [(change["at"][11:16], change["state"]) for change in days[1]["changes"]] == [
        ("00:00", "bedtime"),
        ("07:30", "open"),
        ("18:30", "closed at this time"),
        ("19:15", "open"),
        ("22:30", "bedtime"),
    ]


@pytest.mark.parametrize(
    ("limits", "letters"), [("{games: 0m}", {"-"}), ("{internet: 0m}", {"l"}), ("{games: 0m, internet: 0m}", {"l"})]
)
def test_a_limit_that_leaves_nothing_closes_the_day_only_if_it_is_on_everything(
    run: Run, tmp_path: Path, limits: str, letters: set[str]
) -> None:
    mai = f"children: {{mai: {{preset: plain, limits: {limits}}}}}\n"
    (tmp_path / "family.yaml").write_text(f"{mai}groups: {{guests: {{preset: plain}}}}\nunknown: guests\n")
    rows = run("mai", "--at", "2026-11-23").stdout.splitlines()[3:10]
    assert {letter for row in rows for letter in row[12:60]} == letters


def test_no_letter_means_two_things() -> None:
    cells = [value for value in (*vars(week).values(), *week._BY_REASON.values()) if isinstance(value, week.Cell)]
    meanings = {(cell.letter, cell.words) for cell in cells}
    assert len({letter for letter, _ in meanings}) == len(meanings) > 8


def test_only_a_week_can_do_without_a_name(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["explain", "binh"])
    assert result.exit_code == 2
    assert "Missing argument 'NAME'" in result.stderr
