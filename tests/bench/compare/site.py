"""Where one system runs during a round, and with what. Plain values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CACHE_ENTRIES = 20_000
"""Answers that every system may keep, where that can be said."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where one system runs during a round."""

    folder: Path
    port: int
    metrics_port: int
    upstream_port: int
    lists: Mapping[str, tuple[str, ...]]
    """Category -> blocked names."""
    clients: tuple[str, ...]
    """Addresses that ask."""
    user: str
    """The account that runs the benchmark."""
    workers: int = 1
    """Threads or processes that answer."""

    @property
    def blocked(self) -> Iterator[str]:
        """Every blocked name."""
        return itertools.chain.from_iterable(self.lists.values())
