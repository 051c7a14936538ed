"""What we know about lists: categories, public lists that can be fetched, and search engines' safe modes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from safedns.blocklist.bundled import bundled
from safedns.blocklist.document import Fields, read_mapping, read_sequence
from safedns.blocklist.formats import FORMATS, KNOWN
from safedns.blocklist.header import LIST_NAME
from safedns.blocklist.wellknown import WellKnown, load_vetoes, load_well_known
from safedns.errors import ListError

LANGUAGES = ("en", "vi")


class Category(NamedTuple):
    """A kind of content that lists are sorted into."""

    id: str
    title: Mapping[str, str]
    """By language."""
    about: Mapping[str, str]
    safety: bool
    """Blocked for children before any rule of their own, unless the preset says otherwise."""


class CatalogueList(NamedTuple):
    """A public list: what it is, where it comes from, whose it is."""

    name: str
    title: str
    category: str
    format: str
    source: str
    mirrors: tuple[str, ...]
    licence: str
    maker: str
    homepage: str
    language: str
    entries: int
    """About how many names."""
    recommended: bool
    """Fetched unless the user chooses otherwise."""
    overblocks: str
    """What it is known to block too much; empty where nothing is known."""
    source_category: str
    """The maker's own word for the category; empty where it is the same."""
    refresh_hours: int
    """After how many hours it is fetched again; 0 = as the household says."""
    part: str
    """Which list of an archive, or which marked lines of a v2fly list; empty for all."""


class Catalogue(NamedTuple):
    """All categories and all public lists, by id and name, in the order of the files; and our own lists."""

    categories: Mapping[str, Category]
    lists: Mapping[str, CatalogueList]
    starters: tuple[Path, ...]
    """Our own small lists, ``starter/CATEGORY.txt``: what filters before anything was ever fetched."""
    well_known: WellKnown
    """What a fetched list must not block by accident."""
    services: Path
    """The folder of the services that we know."""
    vetoes: Mapping[str, frozenset[str]]
    """By category the names that lists of it tend to hold, and that do not belong there."""


class SafeSearchEngine(NamedTuple):
    """A search engine that has a host name which only gives safe results."""

    id: str
    targets: Mapping[str, str]
    """Mode (``on``; for YouTube ``moderate`` and ``strict``) -> canonical name that answers instead."""
    names: tuple[str, ...]
    """Canonical, each meant exactly: ``maps.google.com`` is no search page."""


class SafeSearch(NamedTuple):
    """What safe search does with which names."""

    engines: Mapping[str, SafeSearchEngine]
    blocked: tuple[str, ...]
    """Search sites without a safe mode; each covers what is below it."""


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """All that ``Catalogue`` holds, from the files of ``folder``, by default our own; raises ``ListError``."""
    folder = bundled("blocklists") if folder is None else folder
    categories = load_categories(folder / "categories.yaml")
    lists: dict[str, CatalogueList] = {}
    for fields in read_sequence(folder / "catalogue.yaml"):
        entry = _catalogue_list(fields)
        if entry.name in lists:
            raise fields.error("name", f"{entry.name} occurs twice")
        if entry.category not in categories:
            raise fields.error("category", f"{entry.category} is in no categories.yaml")
        lists[entry.name] = entry
    starters = tuple(sorted((folder / "starter").glob("*.txt")))
    for path in starters:
        if path.stem not in categories:
            raise ListError(str(path), f"{path.stem} is in no categories.yaml")
    well_known = load_well_known(folder / "well-known.txt", categories)
    vetoes = load_vetoes(folder / "vetoes.txt", categories)
    return Catalogue(categories, MappingProxyType(lists), starters, well_known, folder / "services", vetoes)


def load_categories(path: Path) -> Mapping[str, Category]:
    """The categories by id; raises ``ListError``."""
    return MappingProxyType({name: _category(name, fields) for name, fields in read_mapping(path).each()})


def load_safe_search(path: Path) -> SafeSearch:
    """``safesearch.yaml``; raises ``ListError``."""
    top = read_mapping(path)
    top.only("engines", "blocked")
    engines = {name: _engine(name, fields) for name, fields in top.inner("engines").each()}
    return SafeSearch(MappingProxyType(engines), top.names("blocked"))


def _category(name: str, fields: Fields) -> Category:
    fields.only("title", "about", "safety")
    title, about = (
        MappingProxyType({language: fields.inner(key).text(language) for language in LANGUAGES})
        for key in ("title", "about")
    )
    return Category(name, title, about, fields.flag("safety", default=False))


def _catalogue_list(fields: Fields) -> CatalogueList:
    fields.only(*CatalogueList._fields)
    entry = CatalogueList(
        name=fields.text("name"),
        title=fields.text("title"),
        category=fields.text("category"),
        format=fields.text("format"),
        source=fields.text("source"),
        mirrors=fields.texts("mirrors"),
        licence=fields.text("licence"),
        maker=fields.text("maker"),
        homepage=fields.text("homepage"),
        language=fields.text("language", ""),
        entries=fields.number("entries", 0),
        recommended=fields.flag("recommended", default=False),
        overblocks=fields.text("overblocks", ""),
        source_category=fields.text("source_category", ""),
        refresh_hours=fields.number("refresh_hours", 0),
        part=fields.text("part", ""),
    )
    if LIST_NAME.fullmatch(entry.name) is None:
        raise fields.error("name", f"{entry.name!r} is no list name; expected lower-case letters, digits, - and _")
    if entry.format not in FORMATS:
        raise fields.error("format", f"{entry.format!r} is unknown; expected one of {KNOWN}")
    for source in (entry.source, *entry.mirrors):
        if not source.startswith("https://"):
            raise fields.error("source", f"{source!r} is no https:// address")
    return entry


def _engine(name: str, fields: Fields) -> SafeSearchEngine:
    fields.only("target", "moderate", "strict", "names")
    modes = {"on": "target", "moderate": "moderate", "strict": "strict"}
    targets = {mode: target for mode, key in modes.items() if (target := fields.name(key)) is not None}
    if not targets:
        raise fields.error("target", "expected a domain name here, or under moderate and strict")
    return SafeSearchEngine(name, MappingProxyType(targets), fields.names("names"))
