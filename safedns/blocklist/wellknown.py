"""``well-known.txt``: names that everybody needs, with the categories whose lists may hold them.

A list that suddenly covers one of them is broken, or was broken into. Only fetched lists are measured by it: what a
parent writes is meant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from safedns.blocklist.artefact import Artefact
from safedns.blocklist.compile import Contents
from safedns.errors import ListError
from safedns.wire.names import key_of, parse_name

WellKnown = Mapping[str, frozenset[str]]
"""Canonical name -> the categories whose lists may block it."""

_OPENING = frozenset({"learning", "kids"})
"""Categories of what stays open when the rest is closed: such a list is expected to hold what everybody needs."""


def load_well_known(path: Path, categories: Collection[str]) -> WellKnown:
    """Lines of a name and the categories that may block it, ``#`` for comments; raises ``ListError``."""
    names: dict[str, frozenset[str]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(str(path), f"cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if unknown := [word for word in words[1:] if word not in categories]:
            raise ListError(str(path), f"{unknown[0]} is in no categories.yaml", number)
        try:
            name = parse_name(words[0])
        except ValueError as error:
            raise ListError(str(path), str(error), number) from error
        if name in names:
            raise ListError(str(path), f"{name} occurs twice", number)
        names[name] = frozenset(words[1:])
    return MappingProxyType(names)


def newly_blocked(known: WellKnown, category: str, contents: Contents, serving: Artefact | None) -> list[str]:
    """Names that ``contents``, a new version of a list of ``category``, blocks, should not, and ``serving`` did not."""
    if category in _OPENING:
        return []
    return [
        name
        for name, its_own in known.items()
        if category not in its_own
        and _blocks(contents, key := key_of(name))
        and (serving is None or serving.match(name, key) is None)
    ]


def _blocks(contents: Contents, key: str) -> bool:
    blocking = [len(covering) for covering in _covering(key) if covering in contents.below]
    if key in contents.exact:
        blocking.append(len(key))
    if not blocking:
        return False
    return not any(len(covering) >= max(blocking) for covering in _covering(key) if covering in contents.allow)


def _covering(key: str) -> Iterator[str]:
    """``com.``, ``com.example.``, ``com.example.www.``: the keys of the name and of all above it."""
    end = 0
    while end := key.find(".", end) + 1:
        yield key[:end]
