"""The other work: repeated while it is wanted, ended when it is not, and never failing unseen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.compare.process import BenchError
from tests.bench.compare.site import Site
from tests.bench.latency.background import Home

SITE = Site(Path("/nowhere"), 1, 2, 3, {"adult": ("bad.com",)}, ("127.0.0.1",), "somebody")


def test_work_is_repeated_until_the_block_is_left() -> None:
    thrice = threading.Event()
    begun: list[None] = []

    def work() -> None:
        begun.append(None)
        if len(begun) == 3:
            thrice.set()

    before = threading.active_count()
    with Home(SITE, SITE).busy(work):
        assert thrice.wait(10)
    assert threading.active_count() == before


def test_work_that_fails_makes_the_measurement_fail() -> None:
    def work() -> None:
        raise OSError("disk full")

    with pytest.raises(BenchError, match="disk full"), Home(SITE, SITE).busy(work):
        pass


def doing(program: list[str]) -> Callable[..., list[str]]:
    """Instead of commands of safedns."""
    return lambda *_: program


def test_each_compilation_finds_one_more_name_in_every_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    file = tmp_path / "config" / "adult.txt"
    file.write_text("bad.com\n")
    home = Home(SITE, replace(SITE, folder=tmp_path))
    monkeypatch.setattr(home, "_run", lambda _: None)
    home.compile_lists()
    home.compile_lists()
    assert len(set(file.read_text().split())) == 3


def test_a_command_that_ends_badly_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no room')", "logs"]
    monkeypatch.setattr("tests.bench.latency.background.safedns_command", doing(command))
    with pytest.raises(BenchError, match="safedns logs ended with 1 and said: no room"):
        Home(SITE, SITE).read_log()


def test_a_command_is_ended_with_the_block() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)", "logs"]
    home = Home(SITE, SITE)
    before = threading.active_count()
    with home.busy(lambda: home._run(command)):
        pass
    assert threading.active_count() == before
