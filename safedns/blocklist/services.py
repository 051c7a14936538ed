"""Services (YouTube, Zalo, Roblox ...): the names each lives on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.document import read_mapping
from safedns.errors import ListError


class Service(NamedTuple):
    """One service, from ``services/ID.yaml``."""

    id: str
    title: str
    category: str
    homepage: str
    icon: str
    names: tuple[str, ...]
    """Canonical; each covers what is below it."""
    shared: tuple[str, ...]
    """Names it needs but shares with others (a CDN): blocking them would break those, so they are not matched."""


def load_services(*folders: Path) -> Mapping[str, Service]:
    """Every service of the folders by id; a later folder replaces a service of an earlier one. Raises ``ListError``."""
    return {path.stem: load_service(path) for path in service_files(folders)}


def service_files(folders: Iterable[Path]) -> list[Path]:
    """The service files of the folders, in order; a folder that does not exist holds none."""
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def load_service(path: Path) -> Service:
    """The service that a file describes; its id is the file's name. Raises ``ListError``."""
    fields = read_mapping(path)
    fields.only("title", "category", "homepage", "icon", "names", "shared")
    names = fields.names("names")
    if not names:
        raise ListError(str(path), "names: expected at least one domain name")
    return Service(
        id=path.stem,
        title=fields.text("title"),
        category=fields.text("category"),
        homepage=fields.text("homepage", ""),
        icon=fields.text("icon", ""),
        names=names,
        shared=fields.names("shared"),
    )
