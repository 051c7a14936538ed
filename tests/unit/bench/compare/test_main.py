"""The command: what it refuses, and how it says so."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.bench.compare.__main__ import main


def test_without_dnsperf_it_says_what_to_install() -> None:
    result = CliRunner().invoke(main, ["--quick"], env={"PATH": ""})
    assert result.exit_code == 2
    assert "dnsperf is not installed" in result.output


@pytest.mark.parametrize(
    "arguments",
    [["--only", "bind"], ["--rounds", "0"], ["--names", "5"], ["--addresses", "900"], ["--workers", "0"]],
)
def test_what_makes_no_sense_is_bad_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


@pytest.mark.parametrize("text", ["", "two", "1,", "1000", "-1"])
def test_other_numbers_of_workers_are_bad_usage(text: str) -> None:
    result = CliRunner().invoke(main, ["--workers", text])
    assert result.exit_code == 2
    assert "as in 1,2,4" in result.output
