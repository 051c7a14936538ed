"""The quick stage: one household of ``tests/house.py`` in this process. Only clock, sockets and upstreams are fake."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest.mock import patch

import dns.rdatatype
from click.testing import CliRunner

from safedns.blocklist.library import lists_folder
from safedns.cli.main import main
from safedns.clock import SystemClock
from safedns.errors import ConfigError
from safedns.record.counters import Counters
from safedns.record.schema import QUERY_LOG
from safedns.record.writer import LogWriter
from tests.house import House
from tests.scenarios.expect import Counted
from tests.scenarios.scenario import MAIN, Scenario, Step


class InProcess:
    """Plays in virtual time."""

    def __init__(self, scenario: Scenario, folder: Path, compiled: Path) -> None:
        """``compiled``: lists that need not be compiled again."""
        self._loop = asyncio.Runner()
        self._house = House(folder, table=scenario.upstream, now=scenario.now, starter_lists=True)
        shutil.copytree(compiled, lists_folder(self._house.state))
        self._counted: Counted = Counter()
        self.places = {f"<{MAIN}>": "127.0.0.9:53"}
        for number, (name, table) in enumerate(scenario.other_upstreams.items(), 10):
            self.places[f"<{name}>"] = f"127.0.0.{number}:53"
            self._house.tables[f"127.0.0.{number}:53"] = dict(table)

    def __enter__(self) -> InProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.close()

    def start(self, files: Mapping[str, str]) -> None:
        self._house.write(files)
        self._house.load()

    def exchange(self, packets: Sequence[bytes], client: str, protocol: str, replies: int) -> list[bytes]:
        del replies  # whatever is coming has come when this returns
        received = self._loop.run(self._house.packets(packets, client, protocol))
        self._house.count_minutes()
        return received

    def counters(self, queries: int) -> Counted:
        del queries  # counted at once
        self._counted.update(self._house.counters.drain())
        return Counter(self._counted)

    def asked(self) -> list[str]:
        names = {place: name for name, place in self.places.items()}
        return [
            f"{asked.name} {dns.rdatatype.to_text(dns.rdatatype.RdataType(asked.qtype))} {names[asked.upstream]}"
            .removesuffix(f" <{MAIN}>")
            for asked in self._house.asked
        ]  # fmt: skip

    def answer_by(self, upstream: str, table: Mapping[str, list[str]]) -> None:
        known = self._house.table if upstream == MAIN else self._house.tables[self.places[f"<{upstream}>"]]
        known.clear()
        known.update(table)

    def save(self, files: Mapping[str, str]) -> str:
        self._house.write(files)
        try:
            self._loop.run(self._load())
        except ConfigError as error:
            return str(error)
        return ""

    async def _load(self) -> None:
        self._house.load()

    def move_clock(self, step: Step) -> None:
        if step.clock is not None:
            assert self._house.instant(step.clock) > self._house.clock.wall(), f"{step.clock} is over already"
            self._house.at(step.clock)
            self._house.renew()
        elif step.wait is not None:
            self.wait(step.wait)
        elif step.set_clock is not None:
            self._house.set_clock(step.set_clock)

    def wait(self, seconds: int) -> None:
        self._house.clock.advance(seconds)
        self._house.renew()

    def command(self, words: Sequence[str]) -> tuple[int, str]:
        with patch.object(SystemClock, "wall", staticmethod(self._house.clock.wall)):
            done = CliRunner().invoke(main, [*words, *self._folders()], catch_exceptions=False)
        self._house.look()  # as the daemon, were there one, is told to
        return done.exit_code, done.output

    def restart(self) -> None:
        self._loop.run(self._restart())

    async def _restart(self) -> None:
        self._house.restart()

    def log(self) -> list[dict[str, Any]]:
        writer = LogWriter(self._house.state / QUERY_LOG.name, self._house.clock, Counters())
        writer.add([(*event[:4], tuple(event[4])) for event in self._house.events.pending])
        writer.close()
        shown = CliRunner().invoke(main, ["logs", "--json", "--limit", "0", *self._folders()], catch_exceptions=False)
        return [json.loads(line) for line in shown.stdout.splitlines()]

    def _folders(self) -> tuple[str, ...]:
        return "--config", str(self._house.config), "--state", str(self._house.state)
