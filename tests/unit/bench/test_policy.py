"""The bench of households: one small run of all of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.bench.one_policy import Cost
from tests.bench.policy import household, main, row


@pytest.fixture(autouse=True)
def termination_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_in_forms_children_have_the_same_rules_and_otherwise_each_its_own() -> None:
    def different(children: dict[str, dict[str, object]]) -> int:
        said = [
            {key: value for key, value in child.items() if key not in ("born", "devices")}
            for child in children.values()
        ]
        return len({repr(rules) for rules in said})

    assert different(household(50, alike=True)["children"]) == 1
    assert different(household(50, alike=False)["children"]) == 50


def test_a_line_of_the_table_rounds() -> None:
    costs = Cost(2002, 1.581, 3.829, 27.12, 41.94, 36.6, 10.38)
    assert row("a school", costs) == ["a school", "2 002", "1.58", "3.83", "27.1", "41.9", "36.6", "10.4"]


def test_a_small_run_prints_a_line_a_household_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    done = CliRunner().invoke(main, ["--children", "5", "--markdown"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("| household | profiles | load s | compile s |")
    assert [line.split("|")[2].strip() for line in lines[2:5]] == ["6", "7", "7"]
    assert list(tmp_path.iterdir()) == []
