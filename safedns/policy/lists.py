"""What the decision core needs to know of blocklists and services: shapes only, so that tests can bring small fakes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol


class Artefact(Protocol):
    """One compiled blocklist."""

    @property
    def name(self) -> str: ...

    @property
    def category(self) -> str: ...

    def match(self, name: str, key: str, qtype: int | None = None, /) -> str | None:
        """The longest entry that covers the canonical ``name`` (``key``: its reversed form), canonical; or ``None``.

        ``qtype``: the type of records asked for; ``None`` for any. An entry that is neither the name nor a parent of it
        is a pattern, as its maker wrote it, and counts as long as the name.
        """
        ...

    def spares(self, name: str, key: str, qtype: int | None = None, /) -> str | None:
        """The exception that lets the name through although an entry covers it; or ``None``. To be shown."""
        ...

    @property
    def holds_networks(self) -> bool:
        """Whether it blocks addresses at all."""
        ...

    def match_address(self, address: str) -> str | None:
        """The narrowest network of the list that holds ``address``; ``None`` when none does."""
        ...


class Service(Protocol):
    """An online service that a parent can turn on or off by its id."""

    @property
    def title(self) -> str: ...

    @property
    def category(self) -> str: ...


Covering = tuple[str, tuple[tuple[str, ...], tuple[Artefact, ...]]]
"""An entry that covers a name, with the ids of the services and the lists that hold it."""


class NameIndex(Protocol):
    """Which services and which small lists hold a name."""

    @property
    def lists(self) -> Collection[Artefact]:
        """Whose entries are all in the index: asking it is asking them."""
        ...

    def covering(self, line: Iterable[str], /) -> tuple[Covering, ...]:
        """Each entry that covers a name, the longest first; ``line``: the name and then its parents."""
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


class Category(Protocol):
    """A kind of content."""

    @property
    def title(self) -> Mapping[str, str]:
        """By language."""
        ...


class Lists(Protocol):
    """Everything that is known about names: ``blocklist.library.Library``, or a fake."""

    @property
    def by_category(self) -> Mapping[str, tuple[Artefact, ...]]: ...

    @property
    def services(self) -> Mapping[str, Service]: ...

    @property
    def categories(self) -> Mapping[str, Category]: ...

    @property
    def index(self) -> NameIndex: ...

    @property
    def safe_search(self) -> SafeSearchTable: ...

    @property
    def background(self) -> Collection[str]:
        """Names that devices ask by themselves, each covering what is below it: no minute of use, no way to play."""
        ...
