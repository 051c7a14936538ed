"""A small household for the commands by which parents decide, at one moment on a Friday evening in Hanoi."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safedns.app.live import state_file
from safedns.blocklist.compile import compile_list
from safedns.blocklist.library import lists_folder
from safedns.cli.main import main
from safedns.clock import SystemClock
from safedns.record.schema import STATE, open_writer
from safedns.record.state import BonusRow, OverrideRow, StateReader
from tests.unit.policy.families import at

NOW = at("2026-11-27 19:10")

SETTINGS = """
timezone: Asia/Ho_Chi_Minh
upstreams: {servers: [9.9.9.9]}
lists: {use: none, extra: [{name: bad, category: malware, source: bad.txt}]}
"""
FAMILY = """
children:
  an: {name: An, preset: plain, log: summary, limits: {internet: 1h}}
  binh:
    name: Bình
    preset: plain
    bedtime: {every day: "21:00-06:30"}
    services: {tiktok: off}
    limits: {games: {fri: 30m, sat: 90m}, roblox: {sat: 20m}}
groups:
  guests: {preset: plain}
unknown: guests
"""
PLAIN = """
title: Plain
default: allow
safety: [malware]
log: full
"""


class Home:
    """Runs commands; the file that they write can be looked into, and minutes of use written into it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config, self.state = folder / "config", folder / "state"
        self._monkeypatch = monkeypatch
        (self.config / "presets").mkdir(parents=True)
        (self.config / "safedns.yaml").write_text(SETTINGS, encoding="utf-8")
        (self.config / "family.yaml").write_text(FAMILY, encoding="utf-8")
        (self.config / "presets" / "plain.yaml").write_text(PLAIN, encoding="utf-8")
        (self.config / "bad.txt").write_text("evil.example\n", encoding="utf-8")
        self.compile_list()
        monkeypatch.setenv("SUDO_USER", "mai")
        self.at(NOW)

    def compile_list(self) -> None:
        """Take over what is in ``bad.txt``."""
        file, folder = self.config / "bad.txt", lists_folder(self.state)
        compile_list(file, name="bad", category="malware", folder=folder, now=0, format="domains")

    def at(self, now: float) -> None:
        """Let it be another time."""
        self._monkeypatch.setattr(SystemClock, "wall", staticmethod(lambda: now))

    def run(self, *words: str) -> Result:
        """``safedns WORDS``."""
        return CliRunner().invoke(main, [*words, "--config", str(self.config), "--state", str(self.state)])

    def said(self, *words: str) -> str:
        """What a command that does its work prints."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *words: str) -> str:
        """The last line of what a command says that makes no sense; nothing is written then."""
        before = (self.overrides(), self.bonuses())
        result = self.run(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert (self.overrides(), self.bonuses()) == before
        return result.stderr.splitlines()[-1].removeprefix("Error: ")

    def overrides(self) -> list[OverrideRow]:
        with StateReader(state_file(self.state)) as state:
            return state.overrides()

    def bonuses(self) -> list[BonusRow]:
        with StateReader(state_file(self.state)) as state:
            return state.bonuses()

    def use(
        self, profile: str, kind: str, target: str, start: str, end: str, names: dict[str, list[str]] | None = None
    ) -> None:
        """Minutes from ``start`` to before ``end`` count; ``names``: what was asked at which clock."""
        with closing(open_writer(STATE, state_file(self.state))) as db:
            first, last = int(at(start) // 60), int(at(end) // 60) - 1
            db.execute("INSERT INTO usage VALUES (?, ?, ?, ?, ?)", (profile, kind, target, first, last))
            for clock, asked in (names or {}).items():
                minute = int(at(f"{start[:10]} {clock}") // 60)
                rows: list[tuple[Any, ...]] = [(profile, kind, target, minute, name) for name in asked]
                db.executemany("INSERT INTO usage_name VALUES (?, ?, ?, ?, ?)", rows)
