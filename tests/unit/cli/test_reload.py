"""``safedns reload``: in use, or every problem and the last good one stays."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from safedns.cli.main import main
from tests.unit.cli.daemon import daemon


def reload(state: Path) -> Result:
    return CliRunner().invoke(main, ["reload", "--state", str(state)])


def test_a_good_configuration_is_in_use(tmp_path: Path) -> None:
    with daemon(tmp_path, {"reload": {"ok": True, "problems": ""}}) as asked:
        result = reload(tmp_path)
    assert asked == ["reload"]
    assert (result.exit_code, result.stdout, result.stderr) == (0, "the configuration is in use\n", "")


def test_problems_are_shown_and_exit_2_says_that_the_last_good_one_stays(tmp_path: Path) -> None:
    problems = "family.yaml:3:5: children.an.bed: is not known\nfamily.yaml:9:1: unknown: is missing"
    with daemon(tmp_path, {"reload": {"ok": False, "problems": problems}}):
        result = reload(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{problems}\nthe last good configuration stays in use\n"


def test_without_a_daemon_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = reload(tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    expected = f"safedns does not run with the state folder {tmp_path} (start it: safedns serve)\n"
    assert result.stderr == expected


def test_an_older_daemon_that_does_not_know_the_request_is_told_apart(tmp_path: Path) -> None:
    with daemon(tmp_path, {}):
        result = reload(tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "the safedns that runs cannot answer (unknown request); restart it if it is an older one\n"
