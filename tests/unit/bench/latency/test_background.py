"""The other work: repeated while it is wanted, ended when it is not, and never failing unseen."""

from __future__ import annotations

import threading
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
    with Home(SITE).busy(work):
        assert thrice.wait(10)
    assert threading.active_count() == before


def test_work_that_fails_makes_the_measurement_fail() -> None:
    def work() -> None:
        raise OSError("disk full")

    with pytest.raises(BenchError, match="disk full"), Home(SITE).busy(work):
        pass


def test_each_compilation_finds_one_more_name_in_every_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path, 1, 2, 3, {"adult": ("bad.com",)}, ("127.0.0.1",), "somebody")
    (tmp_path / "config").mkdir()
    file = tmp_path / "config" / "adult.txt"
    file.write_text("bad.com\n")
    monkeypatch.setattr("tests.bench.latency.background.safedns_command", lambda *_: ["true"])
    home = Home(site)
    home.compile_lists()
    home.compile_lists()
    assert len(set(file.read_text().split())) == 3


def test_a_command_that_ends_badly_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.latency.background.safedns_command", lambda *_: ["ls", "/nowhere/at/all"])
    with pytest.raises(BenchError, match=r"safedns logs .* ended with"):
        Home(SITE).read_log()
