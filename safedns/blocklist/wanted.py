"""Which lists the configuration asks for: our starter lists, chosen public lists, the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from safedns.blocklist.catalog import Catalogue
from safedns.blocklist.fetch import is_remote
from safedns.blocklist.formats import FORMATS, KNOWN
from safedns.blocklist.header import LIST_NAME
from safedns.errors import ConfigError, Problem
from safedns.settings.model import ExtraList, ListSettings

STARTER = "starter-"
"""Names of starter lists begin with it; no other list's may."""

_FILE = "safedns.yaml"
_HOST_FIRST = re.compile(r"(?!\.)[\w-]+(\.[\w-]+)*\.[a-z]{2,}/\S+", re.ASCII | re.IGNORECASE)
"""What looks like an address that lacks its beginning: ``example.org/list.txt``."""
_HOUR = 3600


class Wanted(NamedTuple):
    """One list that is to be loaded."""

    name: str
    category: str
    format: str | None
    """``None`` = by content."""
    file: Path | None
    """Where it lies on this machine; ``None`` for one that is fetched."""
    sources: tuple[str, ...] = ()
    """Addresses, the first that gives a good list wins; empty for a file."""
    own: bool = False
    """Whether the user typed where it is, and may have meant a place in the home."""
    refresh: int = 86_400
    """Seconds after which it is fetched again."""
    part: str = ""
    """Which list of an archive, or which marked lines of a v2fly list; empty for all."""
    vetoes: frozenset[str] = frozenset()
    """Names that it must not block: what it is fetched for they are not."""


def wanted_lists(lists: ListSettings, catalogue: Catalogue, config_folder: Path) -> tuple[Wanted, ...]:
    """Every list that is to be loaded: starter, public, own; raises ``ConfigError`` for what ``check_lists`` finds."""
    if problems := check_lists(lists, catalogue):
        raise ConfigError(problems)
    chosen = [entry for entry in catalogue.lists.values() if entry.recommended]
    if lists.use != "recommended":
        chosen = [catalogue.lists[name] for name in dict.fromkeys(lists.use)]
    public = (
        Wanted(
            e.name,
            e.category,
            e.format,
            None,
            (e.source, *e.mirrors),
            refresh=e.refresh_hours * _HOUR or lists.refresh,
            part=e.part,
            vetoes=catalogue.vetoes.get(e.category, frozenset()),
        )
        for e in chosen
    )
    starters = (Wanted(STARTER + path.stem, path.stem, "domains", path) for path in catalogue.starters)
    return (*starters, *public, *(_own(extra, lists, catalogue, config_folder) for extra in lists.extra))


def check_lists(lists: ListSettings, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What is wrong with ``lists`` in ``safedns.yaml`` that only the catalogue can tell; without positions."""
    problems: list[Problem] = []
    if lists.use != "recommended":
        for name in lists.use:
            if name not in catalogue.lists:
                message = f"there is no list {name!r} in the catalogue{_suggestion(name, catalogue.lists)}"
                problems.append(Problem(_FILE, 0, 0, "lists.use", message))
    seen = set(catalogue.lists)
    for index, extra in enumerate(lists.extra):
        for key, message in _check_own(extra, catalogue, seen):
            problems.append(Problem(_FILE, 0, 0, f"lists.extra[{index}].{key}", message))
        seen.add(extra.name)
    return tuple(problems)


def doubts(lists: ListSettings, config_folder: Path) -> tuple[Problem, ...]:
    """What looks wrong with the files of own lists but may come right by itself; without positions."""
    problems = []
    for index, extra in enumerate(lists.extra):
        if not is_remote(extra.source) and (message := _doubt(extra.source, config_folder)):
            problems.append(Problem(_FILE, 0, 0, f"lists.extra[{index}].source", message))
    return tuple(problems)


def _doubt(source: str, config_folder: Path) -> str:
    path = config_folder / (_local_path(source) or source)
    if path.is_file():
        return ""
    if path.is_dir():
        return f"{path} is a folder; expected a file"
    hint = f"; did you mean https://{source}?" if _HOST_FIRST.fullmatch(source) else ""
    return f"there is no file {path}{hint}"


def _check_own(extra: ExtraList, catalogue: Catalogue, taken: set[str]) -> Iterator[tuple[str, str]]:
    if LIST_NAME.fullmatch(extra.name) is None or extra.name.startswith(STARTER):
        yield (
            "name",
            f"{extra.name!r} cannot name a list; expected lower-case letters, digits, - and _, not {STARTER}...",
        )
    elif extra.name in taken:
        yield "name", f"another list is called {extra.name!r}; choose a name of its own"
    if extra.category not in catalogue.categories:
        hint = _suggestion(extra.category, catalogue.categories)
        yield "category", f"there is no category {extra.category!r}{hint}"
    if extra.format is not None and extra.format not in FORMATS:
        yield "format", f"{extra.format!r} is unknown; expected one of {KNOWN}"
    if "://" in extra.source and not is_remote(extra.source) and _local_path(extra.source) is None:
        yield "source", f"{extra.source!r} cannot be fetched; expected https://, http:// or a file"


def _own(extra: ExtraList, lists: ListSettings, catalogue: Catalogue, config_folder: Path) -> Wanted:
    item = Wanted(extra.name, extra.category, extra.format, None, own=True, part=extra.part)
    if is_remote(extra.source):
        return item._replace(
            sources=(extra.source, *extra.mirrors),
            refresh=extra.refresh or lists.refresh,
            vetoes=catalogue.vetoes.get(extra.category, frozenset()),
        )
    return item._replace(file=config_folder / (_local_path(extra.source) or extra.source))


def _local_path(source: str) -> str | None:
    """The path in ``file:lists/mine.txt`` or ``file:///srv/mine.txt``; ``None`` for anything else (RFC 8089)."""
    scheme, _, rest = source.partition(":")
    if scheme.lower() != "file":
        return None
    if rest.startswith("//"):
        host, slash, path = rest.removeprefix("//").partition("/")
        return unquote(slash + path) if host.lower() in ("", "localhost") and path else None
    return unquote(rest) or None


def _suggestion(word: str, known: Iterable[str]) -> str:
    words = list(known)
    close = get_close_matches(word, words, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(words)}"
