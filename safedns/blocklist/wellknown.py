"""What fetched lists are measured by; what a parent writes is meant.

``well-known.txt``: names that everybody needs, with the categories whose lists may hold them. A list that suddenly
covers one of them is broken, or was broken into.

``vetoes.txt``: names with the categories that they do not belong to, though makers of lists think so. A fetched list of
such a category is taken without them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
    return MappingProxyType({name: words for _, name, words in _lines(path, categories)})


def load_vetoes(path: Path, categories: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Lines of a name and the categories that it does not belong to, as names by category; raises ``ListError``."""
    vetoes: dict[str, set[str]] = {}
    for number, name, words in _lines(path, categories):
        if not words:
            raise ListError(str(path), f"{name} has no category", number)
        for category in words:
            vetoes.setdefault(category, set()).add(name)
    return MappingProxyType({category: frozenset(names) for category, names in vetoes.items()})


def _lines(path: Path, categories: Collection[str]) -> Iterator[tuple[int, str, frozenset[str]]]:
    """Number, canonical name and categories of each line that says something."""
    seen: set[str] = set()
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
        if name in seen:
            raise ListError(str(path), f"{name} occurs twice", number)
        seen.add(name)
        yield number, name, frozenset(words[1:])


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
