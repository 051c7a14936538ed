"""``safedns status``: what a parent reads first, and the exit code that a script looks at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safedns.cli.main import main
from tests.unit.cli.daemon import daemon

WELL: dict[str, Any] = {
    "version": "0.1.0",
    "pid": 100,
    "since": 1_795_000_000.0,
    "configuration": {"ok": True, "problems": "", "loaded": 1_795_000_000.0},
    "listen": ["tcp://127.0.0.1:5300", "udp://127.0.0.1:5300"],
    "processes": [
        {"name": "resolver-0", "pid": 101, "restarts": 0, "ready": True},
        {"name": "recorder", "pid": 102, "restarts": 0, "ready": True},
    ],
    "profiles": [
        {
            "id": "an",
            "name": "An",
            "kind": "child",
            "preset": "under-6",
            "now": "An: only the allowed list",
            "overrides": [],
            "limits": [],
        },
        {
            "id": "binh",
            "name": "Bình",
            "kind": "child",
            "preset": "10-12",
            "now": "Bình: bedtime until 06:30",
            "overrides": [{"kind": "grant", "target": "games", "until": 1_795_000_000.0}],
            "limits": [{"target": "games", "allowance": 1800, "bonus": 0, "used": 300, "left": 1500}],
        },
    ],
    "lists": [
        {"name": "starter-adult", "category": "adult", "entries": 1200},
        {"name": "starter-social", "category": "social", "entries": 34},
    ],
}


def status(state: Path, answer: dict[str, Any], *options: str) -> Result:
    with daemon(state, {"status": answer}):
        return CliRunner().invoke(main, ["status", "--state", str(state), *options])


def test_children_come_first_then_what_runs(tmp_path: Path) -> None:
    result = status(tmp_path, WELL)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "An: only the allowed list\n"
        "Bình: bedtime until 06:30\n"
        "\n"
        "safedns 0.1.0 listens on tcp://127.0.0.1:5300, udp://127.0.0.1:5300\n"
        "  resolver-0 runs (pid 101)\n"
        "  recorder runs (pid 102)\n"
        "  2 lists with 1,234 names (safedns lists status)\n"
    )


def test_a_configuration_with_problems_is_exit_1_with_the_problems(tmp_path: Path) -> None:
    trouble = WELL | {"configuration": {"ok": False, "problems": "family.yaml:3:5: oops", "loaded": 1.0}}
    result = status(tmp_path, trouble)
    assert result.exit_code == 1
    assert result.stderr == "the configuration has problems; the last good one is in use:\nfamily.yaml:3:5: oops\n"
    assert "listens on" in result.stdout


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ({"pid": 101, "restarts": 1, "ready": False}, "  resolver-0 is starting (pid 101, started again once)\n"),
        ({"pid": None, "restarts": 2, "ready": False}, "  resolver-0 is starting (started again 2 times)\n"),
    ],
)
def test_a_process_that_is_starting_is_exit_1(tmp_path: Path, process: dict[str, Any], expected: str) -> None:
    result = status(tmp_path, WELL | {"processes": [{"name": "resolver-0", **process}]})
    assert result.exit_code == 1
    assert expected in result.stdout


def test_restarts_alone_are_no_reason_to_worry(tmp_path: Path) -> None:
    again = [{"name": "resolver-0", "pid": 101, "restarts": 3, "ready": True}]
    result = status(tmp_path, WELL | {"processes": again})
    assert result.exit_code == 0
    assert "  resolver-0 runs (pid 101, started again 3 times)\n" in result.stdout


def test_json_is_the_answer_as_it_came(tmp_path: Path) -> None:
    result = status(tmp_path, WELL, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == WELL
    assert "Bình" in result.stdout


def test_without_a_daemon_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--state", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (3, "")
    assert "start it: safedns serve" in result.stderr
