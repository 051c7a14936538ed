"""Keeps a ``Directory`` up to date beside the queries: neighbours and prefixes of the kernel, DHCP lease files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from safedns.clock import Clock
from safedns.lan.directory import Directory
from safedns.lan.lease_files import LeaseFiles
from safedns.lan.neighbours import NeighbourWatch
from safedns.lan.prefixes import home_prefixes
from safedns.tasks import spawn

_LOOK = 2.0
"""Seconds between looks at lease files, and at the prefixes of the provider."""


class Whereabouts:
    """Follows from the constructor to ``close``."""

    def __init__(self, lan: Directory, clock: Clock) -> None:
        self._lan = lan
        self._clock = clock
        self._files = LeaseFiles(())
        self._watch = NeighbourWatch(lan.learn)
        lan.use_prefixes(home_prefixes())
        self._task = spawn(self._follow(), "follow leases and prefixes")

    async def use(self, files: Sequence[Path]) -> None:
        """Follow these lease files from now on; what they say is known on return."""
        if self._files.files != tuple(files):
            self._files = LeaseFiles(files)
            self._lan.use_leases(())
            await self._look()

    def close(self) -> None:
        """Follow no more."""
        self._task.cancel()
        self._watch.close()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            self._lan.use_prefixes(await asyncio.to_thread(home_prefixes))
            await self._look()

    async def _look(self) -> None:
        files = self._files
        leases = await asyncio.to_thread(files.look, self._clock.wall())
        if leases is not None and files is self._files:
            self._lan.use_leases(leases)
