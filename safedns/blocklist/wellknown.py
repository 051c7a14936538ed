"""``well-known.txt``: names that everybody needs, with the categories whose lists may hold them.

A list that suddenly covers one of them is broken, or was broken into. Only fetched lists are measured by it: what a
parent writes is meant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from safedns.blocklist.artefact import OPENING, Artefact
from safedns.blocklist.contents import Contents
from safedns.errors import ListError
from safedns.wire.names import key_of, parse_name

WellKnown = Mapping[str, frozenset[str]]
"""Canonical name -> the categories whose lists may block it."""


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
    """Names that ``contents``, a new version of a list of ``category``, blocks, should not, and ``serving`` did not.

    A list that opens is expected to hold what everybody needs.
    """
    if category in OPENING:
        return []
    return [
        name
        for name, its_own in known.items()
        if category not in its_own
        and contents.match(name, key := key_of(name)) is not None
        and (serving is None or serving.match(name, key) is None)
    ]
