"""The answer cache in a file over a restart: ``STATE/cache/resolver-N``, one for each worker.

It holds names that a family has asked for, though not who asked or when. So it is written only where ``cache: {save:
on}`` says so, is readable by its owner alone, and lies there only while safedns is down: reading takes it away.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from safedns.blocklist.files import replacing
from safedns.clock import Clock
from safedns.resolve.cache import AnswerCache
from safedns.resolve.saved import LARGEST, Saved, pack, unpack
from safedns.settings.model import Settings

log = logging.getLogger(__name__)


class SavedCache:
    """The file of one worker."""

    def __init__(self, state: Path, worker: int, workers: int, clock: Clock) -> None:
        """``workers``: how many there are; files of others are left by a configuration that had more."""
        self._folder = state / "cache"
        self._worker = worker
        self._workers = workers
        self._clock = clock

    def save(self, cache: AnswerCache, settings: Settings) -> None:
        """Write what is fresh, if that is wanted; what is in the way costs a line in the log."""
        if not settings.cache.save:
            return
        mono = self._clock.monotonic()
        past = self._clock.wall() - mono
        fresh = (Saved(key, answer, stored + past) for key, answer, stored in cache.fresh(mono))
        data = pack(fresh, settings.upstreams)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(self._file(self._worker), mode=0o600) as file:
                file.write(data)
        except OSError as error:
            log.warning("the cache cannot be saved: %s", error)

    def take(self, settings: Settings) -> list[Saved]:
        """What was saved and is fresh; no file stays, whatever is in it and whether that is wanted now or not."""
        file = self._file(self._worker)
        try:
            with file.open("rb") as stream:
                data = stream.read(LARGEST + 1) if settings.cache.save else b""
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("the saved cache cannot be read: %s", error)
            return []
        finally:
            self._clean()
        if not data:
            return []
        try:
            return unpack(data, settings.upstreams, self._clock.wall())
        except ValueError as error:
            log.warning("%s is not used: %s; the cache begins empty", file, error)
            return []

    def restore(self, cache: AnswerCache, taken: list[Saved]) -> None:
        """Put back what was taken; the most recently used came first."""
        past = self._clock.wall() - self._clock.monotonic()
        for saved in reversed(taken):
            cache.put(saved.key, saved.answer, saved.stored - past)

    def _clean(self) -> None:
        """Remove our file, and as the first worker also those of workers that are no more."""
        gone = [self._file(self._worker)]
        if self._worker == 0:
            ours = {self._file(worker) for worker in range(self._workers)}
            gone += [file for file in self._folder.glob("*resolver-*") if file not in ours]
        for file in gone:
            with contextlib.suppress(OSError):
                file.unlink()

    def _file(self, worker: int) -> Path:
        return self._folder / f"resolver-{worker}"
