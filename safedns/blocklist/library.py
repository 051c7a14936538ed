"""Every list and service that policy may look into, opened: what one snapshot of the lists is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.bundled import bundled
from safedns.blocklist.catalog import Category, SafeSearch, load_categories, load_safe_search
from safedns.blocklist.index import NameIndex
from safedns.blocklist.services import Service, load_service, service_files
from safedns.blocklist.wellknown import load_well_known
from safedns.errors import ListError
from safedns.wire.names import key_of, parents

SMALL_LIST = 20_000
"""Most entries of a list that goes into the index: there a name costs each process 120 bytes, in a mapped trie five
that all share. All lists of the catalogue up to this size take 30 MB, a usual household's 2 MB.
"""


class Hit(NamedTuple):
    """A list or service that has something to say about a name."""

    kind: Literal["list", "spared", "service", "shared"]
    """``spared``: the list would block the name, but for an exception of its own or of the household. ``shared``: the
    service needs the name but shares it with others, so it is not blocked with the service."""
    id: str
    category: str
    matched: str
    """The canonical entry that covers the name, or the pattern that matches it; of a list that spares the name, its
    exception."""


@dataclass(frozen=True, slots=True)
class Library:
    """The opened lists, the services and our own tables. Immutable; a reload opens another."""

    artefacts: tuple[Artefact, ...]
    """By name."""
    by_category: Mapping[str, tuple[Artefact, ...]]
    services: Mapping[str, Service]
    index: NameIndex
    """Of the services and the small lists."""
    safe_search: SafeSearch
    background: frozenset[str]
    """Names that devices ask by themselves, each covering what is below it."""
    categories: Mapping[str, Category]
    problems: tuple[str, ...]
    """What could not be opened and is left out, one line each."""

    def search(self, name: str) -> list[Hit]:
        """Every list and then every service that covers the canonical ``name``, or needs it."""
        return [*self._lists(name), *self._services(name)]

    def _lists(self, name: str) -> Iterator[Hit]:
        key = key_of(name)
        for artefact in self.artefacts:
            if (matched := artefact.match(name, key)) is not None:
                yield Hit("list", artefact.name, artefact.category, matched)
            elif exception := artefact.spares(name, key):
                yield Hit("spared", artefact.name, artefact.category, exception)

    def _services(self, name: str) -> Iterator[Hit]:
        found: dict[str, Hit] = {}
        for matched, holders in self.index.covering(parents(name)):
            for service in holders.services:
                found.setdefault(service, Hit("service", service, self.services[service].category, matched))
        yield from found.values()
        for id_, spec in self.services.items():
            shared = next((parent for parent in parents(name) if parent in spec.shared), None)
            if shared is not None and id_ not in found:
                yield Hit("shared", id_, spec.category, shared)


def lists_folder(state: Path) -> Path:
    """Where the artefacts lie under the state folder."""
    return state / "lists"


def open_library(
    state: Path,
    *,
    extra_service_folders: Iterable[Path] = (),
    only: Collection[str] | None = None,
    data: Path | None = None,
    small: int = SMALL_LIST,
    exceptions: Iterable[str] = (),
) -> Library:
    """Open what is compiled under ``state`` (``only`` these lists, where given) and the tables in ``data`` (our own).

    ``exceptions``: canonical names that no closing list blocks, each with what is below it, unless an entry is longer.
    Plain lists of at most ``small`` entries go into the index: what is found where is the same, only faster.

    A list or a user's service that cannot be used is left out and told in ``problems``; ``ListError`` only when our own
    tables are missing or wrong.
    """
    data = bundled("blocklists") if data is None else data
    problems: list[str] = []
    spared = frozenset(exceptions)
    artefacts = _open_artefacts(lists_folder(state), only, spared, problems)
    by_category: dict[str, tuple[Artefact, ...]] = {}
    for artefact in artefacts:
        by_category[artefact.category] = (*by_category.get(artefact.category, ()), artefact)
    services = _open_services((data / "services", *extra_service_folders), problems)
    return Library(
        artefacts=artefacts,
        by_category=MappingProxyType(by_category),
        services=services,
        index=NameIndex(
            services.values(), [each for each in artefacts if each.plain and each.header.entries <= small], spared
        ),
        safe_search=load_safe_search(data / "safesearch.yaml"),
        background=frozenset(load_well_known(data / "background.txt", ())),
        categories=load_categories(data / "categories.yaml"),
        problems=tuple(problems),
    )


def _open_artefacts(
    folder: Path, only: Collection[str] | None, exceptions: Collection[str], problems: list[str]
) -> tuple[Artefact, ...]:
    compiled = {path.stem for end in ("json", "previous") for path in folder.glob(f"*.{end}")}
    names = sorted(compiled if only is None else compiled.intersection(only))
    if only is not None:
        problems += [f"{name}: is not compiled yet" for name in sorted(set(only) - set(names))]
    artefacts = []
    for name in names:
        try:
            artefacts.append(open_artefact(folder, name, exceptions=exceptions))
        except ListError as error:
            problems.append(str(error))
            with suppress(ListError):
                artefacts.append(open_artefact(folder, name, previous=True, exceptions=exceptions))
                problems[-1] += "; the version before serves"
    return tuple(artefacts)


def _open_services(folders: Iterable[Path], problems: list[str]) -> Mapping[str, Service]:
    services: dict[str, Service] = {}
    for path in service_files(folders):
        try:
            services[path.stem] = load_service(path)
        except ListError as error:
            problems.append(str(error))
    return MappingProxyType(services)
