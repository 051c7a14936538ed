"""The command: what it refuses, and how it says so."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from tests.bench.compare.__main__ import main, worker_counts


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


def test_numbers_of_workers_are_read_once_each() -> None:
    assert worker_counts("1,2,4,2") == (1, 2, 4)


@pytest.mark.parametrize("text", ["", "two", "1,", "1000", "-1"])
def test_other_numbers_of_workers_are_bad_usage(text: str) -> None:
    with pytest.raises(click.BadParameter, match="as in 1,2,4"):
        worker_counts(text)
