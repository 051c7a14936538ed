"""Which names are filtered, and what is asked: reads the real lists where present, invents names where not."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.realdata import real_data

CATEGORIES = ("adult", "gambling", "games", "social")
"""The filtered names are dealt into these, as a household has several lists."""

HOT_NAMES = 1000
"""How many different names the repeating workloads ask for, the favourites most often."""

PRIMED = 8
"""How often each worker is asked for each name beforehand, on the average; one in three thousand is left out."""

_NAME = re.compile(r"(?=.{4,200}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LIST_PATTERNS = ("hostsvn/*.domains.txt", "ut1/*.domains.txt")
_POPULAR = "popular/tranco10k.json"


class Names(NamedTuple):
    """What the systems filter and what they let through; no allowed name lies below a blocked one."""

    blocked: tuple[str, ...]
    allowed: tuple[str, ...]
    origin: str
    """For the report: where the blocked names are from."""


class Workload(NamedTuple):
    """Queries of one kind, asked in this order."""

    name: str
    queries: tuple[str, ...]
    expected: str
    """The RCODE that a filtering system answers with."""
    primed: bool = False
    """Every name is asked once before the measurement, so that caches are warm."""
    full_speed: bool = False
    """As fast as answers come, instead of at a fixed rate."""


def is_name(text: str) -> bool:
    """Whether ``text`` is a plain lower-case host name of two or more labels, and not an IPv4 address."""
    return _NAME.fullmatch(text) is not None


def below(name: str, blocked: Collection[str]) -> bool:
    """Whether ``name`` or a name above it is in ``blocked``."""
    start = 0
    while start >= 0:
        if name[start:] in blocked:
            return True
        dot = name.find(".", start)
        start = dot + 1 if dot >= 0 else -1
    return False


def generated(count: int, suffix: str) -> Iterator[str]:
    """``count`` different names, spread over two hundred parents as real lists are."""
    return (f"site{number}.zone{number % 200}-{suffix}.com" for number in range(count))


def household(count: int, listed: Iterable[str], popular: Iterable[str]) -> Names:
    """``count`` blocked names, as far as possible from ``listed``, and the ``popular`` ones that those leave."""
    real = sorted({name for name in listed if is_name(name)})
    random.Random(1).shuffle(real)
    chosen = real[:count]
    chosen.extend(generated(count - len(chosen), "blocked"))
    blocked = frozenset(chosen)
    allowed = sorted({name for name in popular if is_name(name) and not below(name, blocked)})
    random.Random(3).shuffle(allowed)
    if len(allowed) < HOT_NAMES:
        allowed.extend(generated(HOT_NAMES - len(allowed), "allowed"))
    from_lists = min(len(real), count)
    return Names(tuple(chosen), tuple(allowed), f"{from_lists} from real lists, {count - from_lists} generated")


def load(count: int) -> Names:
    """A household with ``count`` blocked names; from the real lists where they lie beside the checkout."""
    try:
        folder = real_data()
    except pytest.skip.Exception:
        return household(count, (), ())
    files = [path for pattern in _LIST_PATTERNS for path in sorted((folder / "lists").glob(pattern))]
    return household(count, _lines(files), _popular(folder / _POPULAR))


def dealt(blocked: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """``blocked`` in one list a category, of about equal size."""
    return {category: tuple(blocked[place :: len(CATEGORIES)]) for place, category in enumerate(CATEGORIES)}


def workloads(names: Names, queries: int, *, full_speed: bool) -> tuple[Workload, ...]:
    """The workloads in the order of the table, ``queries`` queries each."""
    cached = Workload("cached", _favourites(names.allowed[:HOT_NAMES], queries), "NOERROR", primed=True)
    blocked = Workload("blocked", _favourites(names.blocked[:HOT_NAMES], queries), "NXDOMAIN", primed=True)
    fresh_blocked = Workload("blocked, first time", _cycled(names.blocked[HOT_NAMES:], queries), "NXDOMAIN")
    missing = (f"w{number}.{names.allowed[number % len(names.allowed)]}" for number in range(queries))
    miss = Workload("miss", tuple(missing), "NOERROR")
    if not full_speed:
        return cached, blocked, fresh_blocked, miss
    fast = tuple(work._replace(name=f"{work.name}, full speed", full_speed=True) for work in (cached, blocked))
    return cached, blocked, fresh_blocked, miss, *fast


def primer(work: Workload, workers: int) -> tuple[str, ...]:
    """Queries after which the caches know every name of ``work``: where workers have caches of their own, each of them.

    Nobody chooses the worker, so that with several of them each name is asked often, mixed with the others.
    """
    names = list(dict.fromkeys(work.queries))
    if workers == 1:
        return tuple(names)
    often = names * (workers * PRIMED)
    random.Random(4).shuffle(often)
    return tuple(often)


def _favourites(names: Sequence[str], count: int) -> tuple[str, ...]:
    """``count`` draws from ``names``, the earlier ones more often (Zipf); the same draws in every run."""
    weights = [1 / place for place in range(1, len(names) + 1)]
    return tuple(random.Random(2).choices(names, weights, k=count))


def _cycled(names: Sequence[str], count: int) -> tuple[str, ...]:
    return tuple(names[place % len(names)] for place in range(count))


def _lines(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            yield line.strip().lower()


def _popular(file: Path) -> list[str]:
    if not file.exists():
        return []
    document = json.loads(file.read_text(encoding="utf-8"))
    return [str(name) for name in document["list"]]
