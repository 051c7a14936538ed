"""Is a new version of a list one to trust without a look? It is compared with what serves, and with what people use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from safedns.blocklist.artefact import Artefact
from safedns.blocklist.catalog import Catalogue
from safedns.blocklist.contents import Contents
from safedns.blocklist.formats.domains import parse as parse_domains
from safedns.blocklist.formats.entry import Entry
from safedns.blocklist.lines import Lines
from safedns.blocklist.services import load_services
from safedns.blocklist.wellknown import WellKnown, newly_blocked

_SHOWN = 5
MANY = 25
"""So many names that people use every day no honest list of something harmful has by mistake: real ones have twelve."""

EVERYDAY = frozenset(
    {
        "ai-chat",
        "forums",
        "games",
        "kids",
        "learning",
        "messaging",
        "music",
        "news",
        "payments",
        "search",
        "shopping",
        "social",
        "video",
    }
)
"""Categories of what people use every day: their lists overlap, those of anything else should hold none of it."""


def everyday_names(catalogue: Catalogue) -> Mapping[str, frozenset[str]]:
    """The names of our services and starter lists that are in ``EVERYDAY`` categories alone, with those categories."""
    categories: dict[str, set[str]] = {}
    for service in load_services(catalogue.services).values():
        for name in service.names:
            categories.setdefault(name, set()).add(service.category)
    for path in catalogue.starters:
        for item in parse_domains(Lines(path)):
            if isinstance(item, Entry):
                categories.setdefault(item.name, set()).add(path.stem)
    return {name: frozenset(of) for name, of in categories.items() if of <= EVERYDAY}


class Judge(NamedTuple):
    """What versions are measured by."""

    well_known: WellKnown
    popular: Mapping[str, frozenset[str]]
    """Names of ``EVERYDAY`` categories, with those that each is in."""

    def objection(self, category: str, contents: Contents, serving: Artefact | None) -> str:
        """Why a new version of a list of ``category`` needs a parent's consent; empty when it does not."""
        now = contents.entries
        if serving is not None and now * 2 <= serving.header.entries:
            return f"the new version has shrunk from {serving.header.entries} to {now} names"
        if names := newly_blocked(self.well_known, category, contents, serving):
            told = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
            return f"the new version would block {told}, which a list of {category} should not"
        if category in EVERYDAY:
            return ""
        names = newly_blocked(self.popular, category, contents, serving)
        if len(names) > MANY:
            told = ", ".join(names[:_SHOWN])
            return f"the new version would block {len(names)} names that many people use, such as {told}"
        return ""
