"""The words that a policy may use: which categories and services there are. Reads data folders, knows no rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.bundled import bundled
from safedns.blocklist.catalog import load_categories, load_safe_search
from safedns.blocklist.services import load_service, service_files
from safedns.errors import ListError, Problem
from safedns.policy.live import Target
from safedns.policy.words_names import site
from safedns.yamlfile.messages import unknown_word


class Vocabulary(NamedTuple):
    """Ids that ``services``, ``categories``, ``limits`` and ``windows`` may name."""

    categories: frozenset[str]
    services: frozenset[str]
    engines: frozenset[str] = frozenset()
    """Search engines that have a safe mode, for ``safe_search``."""

    def target(self, word: str) -> Target:
        """What ``internet``, a category, a service or a site means; ``ValueError`` for anything else."""
        if word == "internet":
            return Target("internet")
        if word in self.categories or word in self.services:
            return Target("category" if word in self.categories else "service", word)
        if "." in word:
            return Target("name", site(word))
        known = sorted(("internet", *self.categories, *self.services))
        raise ValueError(unknown_word(word, known, "is not a category, a service or a site"))


def vocabulary(config: Path) -> Vocabulary:
    """What our own data and the ``services`` folder of the configuration know; raises ``ListError``."""
    categories = load_categories(bundled("blocklists", "categories.yaml"))
    services = service_files((bundled("blocklists", "services"), own_services(config)))
    search = load_safe_search(bundled("blocklists", "safesearch.yaml")).engines
    engines = frozenset(id_ for id_, engine in search.items() if "on" in engine.targets)
    return Vocabulary(frozenset(categories), frozenset(path.stem for path in services), engines)


def own_services(config: Path) -> Path:
    """The folder where a family describes services of its own."""
    return config / "services"


def service_problems(config: Path) -> Iterator[Problem]:
    """What is wrong with the family's own service files."""
    for path in service_files((own_services(config),)):
        try:
            load_service(path)
        except ListError as error:
            message = str(error).removeprefix(f"{error.source}: ")
            yield Problem(error.source, 0, 0, "", message)
