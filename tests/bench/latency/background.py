"""The other work while answers are timed: lists that are compiled, a query log that is read; both again and again."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from tests.bench.compare.process import BenchError
from tests.bench.compare.site import Site
from tests.bench.compare.systems import safedns_command

_LOOK_EVERY = 0.05
"""Seconds after which a running command sees that it is not needed any more."""

_QUESTIONS = (
    "SELECT name, count(*) FROM query JOIN outcome ON outcome.id = outcome_id GROUP BY name ORDER BY 2 DESC LIMIT 50",
    "SELECT at_ms / 60000, count(*) FROM query GROUP BY 1",
)
"""Those of a page with statistics: the most popular names, and queries by the minute."""


class Home:
    """A running safedns that is reloaded and whose log is read, and lists that are compiled, as often as it goes."""

    def __init__(self, site: Site, lists: Site) -> None:
        """``site`` runs; ``lists`` has the same lists and does not.

        Lists of a running safedns would be compiled twice at the same time: by the command, and when it sees the files.
        """
        self._site = site
        self._lists = lists
        self._over = threading.Event()
        self._failure: Exception | None = None

    @contextlib.contextmanager
    def busy(self, *works: Callable[[], None]) -> Iterator[None]:
        """Do all of ``works``, which are methods of this, at once while the block lasts; raises ``BenchError``."""
        self._over.clear()
        threads = [threading.Thread(target=self._repeat, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        if self._failure is not None:
            raise BenchError(f"the work in the background failed: {self._failure}")

    def compile_lists(self) -> None:
        """One more name in every list; ``safedns lists update``, which reads and compiles them; ``safedns reload``."""
        for category in self._lists.lists:
            with (self._lists.folder / "config" / f"{category}.txt").open("a", encoding="utf-8") as file:
                file.write(f"one-more-{file.tell()}.com\n")
        self._run(safedns_command(self._lists, "lists", "update"))
        self._run([sys.executable, "-m", "safedns", "reload", "--state", str(self._site.folder / "state")])

    def read_log(self) -> None:
        """``safedns logs`` for the last thousand queries, and two questions to all of them."""
        self._run(safedns_command(self._site, "logs", "--json", "--limit", "1000"))
        file = self._site.folder / "state" / "querylog.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            for question in _QUESTIONS:
                database.execute(question).fetchall()

    def _repeat(self, work: Callable[[], None]) -> None:
        try:
            while not self._over.is_set():
                work()
        except (BenchError, OSError, sqlite3.Error) as error:
            self._failure = error

    def _run(self, command: Sequence[str]) -> None:
        """One command of safedns, ended early when the block is left."""
        if self._over.is_set():
            return
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as program:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    _, said = program.communicate(timeout=_LOOK_EVERY)
                    break
                if self._over.is_set():
                    program.terminate()
        if program.returncode and not self._over.is_set():
            last = (said.strip().splitlines() or ["nothing"])[-1]
            raise BenchError(f"safedns {command[3]} ended with {program.returncode} and said: {last}")
