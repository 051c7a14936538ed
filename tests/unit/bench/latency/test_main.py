"""The command: what it refuses, and how it says so."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.bench.latency.__main__ import main


def test_without_dnsperf_it_says_what_to_install() -> None:
    result = CliRunner().invoke(main, ["--quick"], env={"PATH": ""})
    assert result.exit_code == 1
    assert "dnsperf is not installed" in result.output


@pytest.mark.parametrize("arguments", [["--with", "bind"], ["--rates", "0"], ["--rates", "1e3"], ["--seconds", "900"]])
def test_what_makes_no_sense_is_bad_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2
