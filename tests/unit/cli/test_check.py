"""``safedns check`` as a parent meets it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from safedns.cli.main import main

ROOT = Path(__file__).parents[3]
DATA = Path(__file__).parents[1] / "policy" / "data"


def test_a_good_folder_is_one_friendly_line_and_exit_0() -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(ROOT / "config")])
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == (
        f"{ROOT / 'config'} is good: 2 children, 2 groups, 6 device entries, 6 presets and 0 warnings.\n"
    )


def test_warnings_go_to_standard_error_and_do_not_fail() -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(DATA / "contract")])
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"warning: {DATA / 'contract'}") for line in lines)
    assert result.stdout.endswith("and 3 warnings.\n")


def test_problems_of_both_files_go_to_standard_error_with_exit_2() -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(DATA / "mistakes")])
    assert result.exit_code == 2
    assert result.stdout == ""
    golden = (DATA / "mistakes" / "problems.txt").read_text(encoding="utf-8")
    assert result.stderr.replace(f"{DATA / 'mistakes'}/", "") == golden


def test_one_of_each_is_said_in_the_singular(tmp_path: Path) -> None:
    (tmp_path / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\n")
    (tmp_path / "family.yaml").write_text(
        "children: {an: {born: 2021-03, devices: [192.168.1.31, an-tablet]}}\n"
        "groups: {guests: {preset: open}}\nunknown: guests\n"
    )
    result = CliRunner().invoke(main, ["check", "--config", str(tmp_path)])
    assert result.stdout == f"{tmp_path} is good: 1 child, 1 group, 2 device entries, 6 presets and 1 warning.\n"
