"""When each list is fetched again. Pure; knows no clock."""

from __future__ import annotations

from pathlib import Path

from safedns.blocklist.catalog import Catalogue
from safedns.blocklist.downloads import Downloads
from safedns.blocklist.header import read_header
from safedns.blocklist.library import lists_folder
from safedns.blocklist.wanted import Wanted, wanted_lists
from safedns.errors import ListError
from safedns.settings.model import ListSettings

RETRY = 3600
"""Seconds after which a list that failed is due again."""


def due(state: Path, lists: ListSettings, catalogue: Catalogue, config_folder: Path, *, now: float) -> tuple[str, ...]:
    """Names of the lists that are to be fetched now."""
    wanted = wanted_lists(lists, catalogue, config_folder)
    return tuple(item.name for item in wanted if due_in(state, item, now=now) == 0)


def due_in(state: Path, item: Wanted, *, now: float) -> float | None:
    """Seconds until a list is to be fetched; ``None`` for one that lies on this machine.

    That is ``refresh`` after it was last confirmed, at once where there is nothing to use or something else is wanted
    than what was fetched, but not within ``RETRY`` after the last try.
    """
    if item.file is not None:
        return None
    meta = Downloads(state).meta(item.name)
    if meta.part != item.part or (meta.source and meta.source not in item.sources):
        return 0
    wait = _left(meta.tried, min(RETRY, item.refresh), now)
    return max(wait, _left(meta.checked, item.refresh, now)) if _usable(state, item.name) else wait


def _left(since: float, length: float, now: float) -> float:
    """Seconds until ``length`` have passed; a time in the future comes from a clock that was wrong: it is long ago."""
    return max(0.0, since + length - now) if since <= now else 0.0


def _usable(state: Path, name: str) -> bool:
    try:
        read_header(lists_folder(state), name)
    except ListError:
        return False
    return True
