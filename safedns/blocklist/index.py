"""Services and small lists in one dictionary: one look-up a parent of a name finds everything that holds it.

    static.news.example -> static.news.example   -
                        -> news.example          services (znews), lists (starter-news)
                        -> example               -

A trie of its own for each list is right for large ones, but a query would wait for the memory of dozens of tries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from safedns.blocklist.artefact import Artefact
from safedns.blocklist.services import Service


class Holders(NamedTuple):
    """Everything that has one entry."""

    services: tuple[str, ...]
    """Their ids."""
    lists: tuple[Artefact, ...]

    def opening(self) -> Holders:
        """Without the lists that close what they hold."""
        return Holders(self.services, tuple(each for each in self.lists if each.opens))


class NameIndex:
    """From a name to the services and the small lists that hold it. Immutable."""

    __slots__ = ("_exceptions", "_holders", "lists")

    def __init__(
        self, services: Iterable[Service], lists: Sequence[Artefact] = (), exceptions: Collection[str] = ()
    ) -> None:
        """``lists`` must be ``plain``; ``exceptions`` as for ``Artefact``."""
        self.lists = frozenset(lists)
        """Need not be asked one by one: their entries are all in here."""
        holders: dict[str, Holders] = {}
        shared: dict[Holders, Holders] = {}  # names by the thousand have equal holders: one value serves them all

        def add(names: Iterable[str], holder: Holders) -> None:
            for name in names:
                known = holders.get(name)
                if known is None:
                    holders[name] = holder
                else:
                    both = Holders(known.services + holder.services, known.lists + holder.lists)
                    holders[name] = shared.setdefault(both, both)

        for service in services:
            add(service.names, Holders((service.id,), ()))
        for artefact in lists:
            add(artefact.names(), Holders((), (artefact,)))
        self._holders = holders
        self._exceptions = exceptions

    def covering(self, line: Iterable[str]) -> tuple[tuple[str, Holders], ...]:
        """Each entry that covers a name, longest first, with its holders; ``line``: the name and then its parents."""
        found: tuple[tuple[str, Holders], ...] = ()
        holders, exceptions, lifted = self._holders, self._exceptions, False
        for parent in line:
            if exceptions and parent in exceptions:
                lifted = True
            if parent in holders:
                found += ((parent, holders[parent].opening() if lifted else holders[parent]),)
        return found
