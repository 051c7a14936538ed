"""The command: what it needs."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.bench.profile.__main__ import main
from tests.bench.profile.measure import absent


def test_without_perf_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "linux-perf" in absent()


def test_without_dnsperf_it_says_what_to_install() -> None:
    result = CliRunner().invoke(main, ["--quick"], env={"PATH": ""})
    assert result.exit_code == 1
    assert "dnsperf is not installed" in result.output
