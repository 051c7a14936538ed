"""What the decision core needs to know of blocklists and services: shapes only, so that tests can bring small fakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class Artefact(Protocol):
    """One compiled blocklist."""

    @property
    def name(self) -> str: ...

    @property
    def category(self) -> str: ...

    def match(self, name: str, key: str) -> str | None:
        """The longest entry that covers the canonical ``name`` (``key``: its reversed form), canonical; or ``None``."""
        ...


class Service(Protocol):
    """An online service that a parent can turn on or off by its id."""

    @property
    def title(self) -> str: ...

    @property
    def category(self) -> str: ...


class ServiceIndex(Protocol):
    """Which services a name belongs to."""

    def covering(self, name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """``(entry, service ids)`` of each entry that covers ``name``, the longest first."""
        ...


class Engine(Protocol):
    """A search engine (or YouTube) with host names that only give safe results."""

    @property
    def targets(self) -> Mapping[str, str]:
        """Mode (``on``; for YouTube ``moderate`` and ``strict``) -> the name that answers instead."""
        ...

    @property
    def names(self) -> Collection[str]:
        """Each meant exactly."""
        ...


class SafeSearchTable(Protocol):
    """Engines with a safe mode by id, and names of engines without one."""

    @property
    def engines(self) -> Mapping[str, Engine]: ...

    @property
    def blocked(self) -> Collection[str]: ...


class Lists(Protocol):
    """Everything that is known about names: ``blocklist.library.Library``, or a fake."""

    @property
    def by_category(self) -> Mapping[str, tuple[Artefact, ...]]: ...

    @property
    def services(self) -> Mapping[str, Service]: ...

    @property
    def index(self) -> ServiceIndex: ...

    @property
    def safe_search(self) -> SafeSearchTable: ...
