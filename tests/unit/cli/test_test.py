"""``safedns test``: expectations of the family put to its rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.cli.main import main

SETTINGS = "timezone: Asia/Ho_Chi_Minh\nupstreams: {servers: [9.9.9.9]}\nlists: {use: none}\n"
FAMILY = """
children:
  binh:
    name: Bình
    preset: plain
    devices: ["192.168.1.32"]
    bedtime: "21:00-06:30"
    services: {tiktok: off, youtube: moderate}
groups:
  guests: {preset: plain}
unknown: guests
"""

WRONG_REASON = "expected blocked because bedtime, but it is blocked (service: tiktok is off)"

Run = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "presets").mkdir()
    (tmp_path / "safedns.yaml").write_text(SETTINGS)
    (tmp_path / "family.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "presets" / "plain.yaml").write_text("title: Plain\n")
    return tmp_path


@pytest.fixture
def run(config: Path) -> Run:
    folders = ["--config", str(config), "--state", str(config / "state")]
    return lambda *words: CliRunner().invoke(main, ["test", *words, *folders])


def said(result: Result) -> list[str]:
    """Messages, but for the one that no list is compiled in these tests."""
    return [line for line in result.stderr.splitlines() if not line.startswith("warning: not every list")]


def expect(config: Path, *lines: str, file: str = "expectations.yaml") -> Path:
    (config / file).write_text("".join(f"- {line}\n" for line in lines), encoding="utf-8")
    return config / file


@pytest.mark.parametrize(
    "line",
    [
        "{who: binh, at: 2026-11-23 21:30, ask: example.com, expect: blocked, because: bedtime}",
        "{who: Bình, at: 2026-11-23 20:59, ask: example.com, expect: allowed, because: default}",
        "{who: 192.168.1.32, at: 2026-11-23 12:00, ask: www.tiktok.com, expect: blocked, because: tiktok}",
        "{who: binh, at: 2026-11-23 12:00, ask: www.tiktok.com, expect: blocked, because: tiktok.com}",
        "{who: binh, at: 2026-11-23 12:00, ask: www.tiktok.com, expect: blocked, because: social}",
        "{who: binh, at: 2026-11-23 12:00, ask: www.youtube.com, expect: rewritten, because: service}",
        "{who: binh, at: 2026-11-23 12:00, ask: www.youtube.com AAAA, expect: allowed}",
        "{who: guests, ask: tiktok.com, expect: allowed}",
        "{who: guests, ask: printer.local, expect: allowed, because: local}",
    ],
)
def test_what_holds_is_counted(run: Run, config: Path, line: str) -> None:
    expect(config, line)
    result = run()
    assert (result.exit_code, result.stdout, said(result)) == (0, "", ["1 as expected, 0 not"])


def test_what_does_not_hold_is_told_with_its_line_and_what_decides_instead(run: Run, config: Path) -> None:
    file = expect(
        config,
        "{who: binh, at: 2026-11-23 12:00, ask: tiktok.com, expect: blocked}",
        "{who: binh, at: 2026-11-23 12:00, ask: tiktok.com, expect: blocked, because: bedtime}",
        "{who: binh, at: 2026-11-23 21:30, ask: example.com AAAA, expect: allowed}",
        "{who: binh, at: 2026-11-23 12:00, ask: example.com, expect: rewritten}",
    )
    result = run()
    assert result.exit_code == 1
    asks = "Bình asks for"
    assert [line.removeprefix(f"{file}:") for line in result.stdout.splitlines()] == [
        f"2: {asks} tiktok.com at 2026-11-23 12:00: {WRONG_REASON}",
        f"3: {asks} example.com AAAA at 2026-11-23 21:30: expected allowed, but it is blocked (bedtime)",
        f"4: {asks} example.com at 2026-11-23 12:00: expected rewritten, but it is allowed (default: plain)",
    ]
    assert said(result) == ["1 as expected, 3 not"]


def test_programs_get_one_object(run: Run, config: Path) -> None:
    file = expect(config, "{who: binh, at: 2026-11-23 12:00, ask: tiktok.com, expect: allowed}")
    result = run("--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["passed"], told["failed"]) == (0, 1)
    (failure,) = told["failures"]
    assert (failure["file"], failure["line"], failure["at"]) == (str(file), 1, "2026-11-23T12:00:00+07:00")
    assert (failure["got"]["outcome"], failure["got"]["reason"]["rule"]) == ("blocked", "tiktok")


def test_several_files_are_one_test(run: Run, config: Path) -> None:
    good = expect(config, "{who: guests, ask: tiktok.com, expect: allowed}", file="one.yaml")
    bad = expect(config, "{who: guests, ask: tiktok.com, expect: blocked}", file="two.yaml")
    result = run(str(good), str(bad))
    assert (result.exit_code, said(result)) == (1, ["1 as expected, 1 not"])


def test_a_file_that_cannot_be_read_is_told_line_by_line(run: Run, config: Path) -> None:
    file = expect(
        config,
        "{who: binh, at: tomorrow, ask: tiktok.com, expect: blocked}",
        "{who: binh, at: 2026-02-30 12:00, ask: tiktok.com AAA, expect: closed}",
        "{who: binh, ask: tiktok.com, expect: blocked, becuase: bedtime}",
    )
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    day = "expected a day and a time such as 2026-11-23 21:30"
    known = "expected `allowed`, `blocked` or `rewritten` (did you mean `blocked`?)"
    types = "expected e.g. A, AAAA, HTTPS or TYPE731"
    assert [line.removeprefix(f"{file}:") for line in result.stderr.splitlines()] == [
        f"1:19: expectations[1].at: `tomorrow` is not a moment; {day}",
        f"2:19: expectations[2].at: there is no moment `2026-02-30 12:00`; {day}",
        f"2:42: expectations[2].ask: 'AAA' is not a record type; {types}",
        f"2:66: expectations[2].expect: `closed` is not known here; {known}",
        "3:49: expectations[3].becuase: `becuase` is not a key here; did you mean `because`?",
    ]


def test_somebody_who_is_not_known_is_a_slip(run: Run, config: Path) -> None:
    file = expect(config, "{who: bihn, ask: tiktok.com, expect: blocked}")
    result = run()
    assert result.exit_code == 2
    assert said(result) == [
        f"{file}:1:9: expectations[1].who: `bihn` is no child, group, device or address; did you mean `binh`?"
    ]


def test_without_a_file_one_line_says_so(run: Run, config: Path) -> None:
    result = run()
    assert result.exit_code == 2
    assert said(result) == [f"{config / 'expectations.yaml'}: there is no such file"]


def test_the_example_household_does_what_is_expected_of_it(tmp_path: Path) -> None:
    config = Path(__file__).parents[3] / "config"
    folders = ["--config", str(config), "--state", str(tmp_path)]
    CliRunner().invoke(main, ["lists", "update", "starter-adult", "starter-kids", *folders])
    result = CliRunner().invoke(main, ["test", *folders])
    assert (result.exit_code, result.stdout) == (0, ""), result.stdout
