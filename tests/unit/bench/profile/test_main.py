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


def test_it_wants_to_be_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/perf")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert absent() == "perf looks into the kernel for root only; run it as root"
