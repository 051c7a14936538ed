"""What each preset makes of two hundred well-known names on a school day: a table that a person has read line by line.

``tests/data/preset-matrix.txt`` holds headings, names and remarks, written by hand, and between them the cells, which
are computed here. ``pytest tests/unit/blocklist_data/test_preset_matrix.py --update-golden`` writes them anew.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from safedns.blocklist.services import load_services
from safedns.policy.decision import Action, Decision, ReasonKind
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of, parents
from safedns.wire.types import QType
from tests.unit.blocklist_data.presets import PRESETS, ROOT, snapshot_of

GOLDEN = Path(__file__).parents[2] / "data" / "preset-matrix.txt"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MIDNIGHT, *HOURS = (datetime(2026, 11, 24, hour, tzinfo=ZONE).timestamp() for hour in (0, 7, 16, 20, 23))
"""A Tuesday with school, before a day with school."""

BY_AGE = ("under-6", "6-9", "10-12", "13-15", "16-17", "open")
"""The columns, from the youngest on."""
NAME_WIDTH, CELL_WIDTH = 38, 8

OPEN, SAFE = ".", "s"
CLOSED = {
    ReasonKind.SAFETY: "!",
    ReasonKind.CATEGORY: "C",
    ReasonKind.SERVICE: "N",
    ReasonKind.WINDOW: "T",
    ReasonKind.SAFE_SEARCH: "E",
    ReasonKind.DEFAULT: "-",
}


class Line(NamedTuple):
    """A line of the table: a name with what a person wrote behind it."""

    name: str
    cells: tuple[str, ...]
    remark: str

    @property
    def text(self) -> str:
        columns = "".join(f"{cell:<{CELL_WIDTH}}" for cell in self.cells)
        return f"{self.name:<{NAME_WIDTH}}{columns}{f'# {self.remark}' if self.remark else ''}".rstrip()


def letter(decision: Decision) -> str:
    if decision.action is Action.BLOCK:
        return CLOSED[decision.reason.kind]
    return SAFE if decision.action is Action.REWRITE else OPEN


def is_line_of_a_name(text: str) -> bool:
    return bool(text) and not text.startswith(("#", "="))


def read(text: str) -> Line:
    """A line that a person may just have written: name and remark, with or without cells."""
    fields, _, remark = text.partition("#")
    name, *cells = fields.split()
    return Line(name, tuple(cells), remark.strip())


def day(snapshot: Snapshot, preset: str, name: str) -> str:
    """The letters of a name for the hours of a day."""
    profile = snapshot.profiles[f"by-{preset}"]
    return "".join(letter(snapshot.decide(profile, name, key_of(name), QType.A, hour)) for hour in HOURS)


def computed(snapshot: Snapshot, line: Line) -> Line:
    days = (day(snapshot, preset, line.name) for preset in BY_AGE)
    return line._replace(cells=tuple(letters[0] if len(set(letters)) == 1 else letters for letters in days))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("ours"), MIDNIGHT)


@pytest.fixture(scope="module")
def table() -> list[str]:
    return GOLDEN.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def lines(table: list[str]) -> list[Line]:
    return [read(text) for text in table if is_line_of_a_name(text)]


def test_every_cell_is_what_the_rules_say(ours: Snapshot, table: list[str], request: pytest.FixtureRequest) -> None:
    fresh = [computed(ours, read(text)).text if is_line_of_a_name(text) else text for text in table]
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text("\n".join(fresh) + "\n", encoding="utf-8")
    else:
        assert table == fresh


def test_two_hundred_names_stand_in_it_each_once(lines: list[Line]) -> None:
    names = [line.name for line in lines]
    assert len(set(names)) == len(names) == 200


def test_its_columns_are_the_presets(table: list[str]) -> None:
    assert set(BY_AGE) == set(PRESETS)
    heading = f"{'# name':<{NAME_WIDTH}}" + "".join(f"{preset:<{CELL_WIDTH}}" for preset in BY_AGE)
    assert heading.rstrip() in table


def test_its_legend_explains_every_letter(table: list[str]) -> None:
    explained = {text[4] for text in table if text.startswith("#   ") and text[5:8] == "   "}
    assert explained == {OPEN, SAFE, *CLOSED.values()}


def grows_stricter(line: Line) -> bool:
    """Whether an older child finds closed what a younger one finds open, at some hour."""
    open_by_age = [[letter in (OPEN, SAFE) for letter in cell * (len(HOURS) // len(cell))] for cell in line.cells]
    return any(
        before and not after
        for younger, older in pairwise(open_by_age)
        for before, after in zip(younger, older, strict=True)
    )


def test_what_a_younger_child_may_an_older_one_may_too_or_a_remark_says_why(lines: list[Line]) -> None:
    assert [line.name for line in lines if grows_stricter(line) and not line.remark] == []


def test_nothing_for_grown_ups_only_is_open_to_a_child_at_any_hour(lines: list[Line], table: list[str]) -> None:
    start, end = table.index("== adult"), table.index("== gambling")
    names = [read(text).name for text in table[start + 1 : end] if is_line_of_a_name(text)]
    assert len(names) >= 5
    assert {cell for line in lines if line.name in names for cell in line.cells[1:-1]} == {"!"}


def test_every_starter_list_and_service_that_a_preset_names_is_seen_in_it(lines: list[Line]) -> None:
    """A category without a name in the table could be open by a slip and nobody would see it."""
    shown = {parent for line in lines for parent in parents(line.name)}
    starter = ROOT / "blocklists" / "starter"
    unseen = {file.stem for file in starter.glob("*.txt") if shown.isdisjoint(file.read_text("utf-8").split())}
    assert unseen == {"self-harm"}


def test_what_calls_to_self_harm_is_closed_to_every_child(ours: Snapshot) -> None:
    """Its names stand in no table that children might read."""
    lines = (ROOT / "blocklists" / "starter" / "self-harm.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    found = {day(ours, preset, name) for preset in BY_AGE[1:-1] for name in names}
    assert names
    assert found == {"CCCC"}


def test_services_that_presets_name_are_seen_in_it(lines: list[Line]) -> None:
    shown = {parent for line in lines for parent in parents(line.name)}
    services = load_services(ROOT / "blocklists" / "services")
    text = "".join((ROOT / "config" / "presets" / f"{preset}.yaml").read_text(encoding="utf-8") for preset in PRESETS)
    named = {name for name in services if f"\n  {name}: " in text}
    assert {"youtube", "omegle"} <= named
    assert {name for name in named if shown.isdisjoint(services[name].names)} == set()
