"""``safedns serve``: what it says when it answers. Starting for real is in ``tests/e2e``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from safedns.cli.common import default_config, default_state
from safedns.cli.main import main
from safedns.cli.serve import _greet
from safedns.supervisor.plan import Plan, Prepared

PLAN = Plan(
    listen=(("dns", "0.0.0.0", 53), ("dns", "::", 53)),
    metrics=("127.0.0.1", 9153),
    workers=1,
    log_keep=86_400,
    refresh=0,
    tryout=(),
    warnings=(),
    absent=(),
)
EXAMPLE = replace(PLAN, listen=(("dns", "127.0.0.1", 5300),), tryout=(("An", "127.0.0.2"), ("Bình", "127.0.0.3")))


def greeting(
    plan: Plan, capsys: pytest.CaptureFixture[str], config: Path | None = None, state: Path | None = None
) -> tuple[str, str]:
    _greet(config or default_config(), state or default_state(), Prepared(plan, b""))
    return capsys.readouterr()


def test_at_home_it_says_where_it_answers_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert greeting(PLAN, capsys) == ("", "safedns answers on 0.0.0.0 port 53, :: port 53; Ctrl-C ends it\n")


@pytest.mark.parametrize(("command", "shown"), [(".venv/bin/safedns", ".venv/bin/safedns"), ("-c", "safedns")])
def test_the_example_household_is_told_what_to_try(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, shown: str
) -> None:
    monkeypatch.setattr(sys, "argv", [command])
    out, err = greeting(EXAMPLE, capsys)
    assert err == "safedns answers on 127.0.0.1 port 5300; Ctrl-C ends it\n"
    assert out == (
        "Try, in another terminal:\n"
        "  dig @127.0.0.1 -p 5300 -b 127.0.0.2 tiktok.com     # as An\n"
        "  dig @127.0.0.1 -p 5300 -b 127.0.0.3 tiktok.com     # as Bình\n"
        f"  {shown} explain 127.0.0.2 tiktok.com     # why\n"
        f"  {shown} logs --blocked     # the block log; --follow to watch it\n"
        f"  {shown} status     # what applies to each child now\n"
        "  curl http://127.0.0.1:9153/metrics\n"
    )


def test_folders_other_than_the_usual_ones_are_part_of_what_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = greeting(EXAMPLE, capsys, Path("my house"), Path("/tmp/state"))
    assert "explain 127.0.0.2 tiktok.com --config 'my house' --state /tmp/state " in out
    assert "logs --blocked --config 'my house' --state /tmp/state " in out
    assert "status --state /tmp/state " in out


def test_metrics_that_are_off_are_nothing_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    assert "curl" not in greeting(replace(EXAMPLE, metrics=None), capsys)[0]


def test_warnings_come_before_the_word_that_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = greeting(replace(PLAN, warnings=("family.yaml:3:1: limits: not counted yet",)), capsys)
    assert err.splitlines()[0] == "warning: family.yaml:3:1: limits: not counted yet"
    assert err.splitlines()[1].startswith("safedns answers on")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
def test_a_user_that_does_not_exist_is_one_clear_line(tmp_path: Path) -> None:
    folders = ["--config", str(tmp_path), "--state", str(tmp_path)]
    result = CliRunner().invoke(main, ["serve", *folders, "--user", "no-such-user"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "there is no user 'no-such-user'; create it (see docs/operations.md) or name another"
    ]
