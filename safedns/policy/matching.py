"""What a name belongs to: a category, a service, something that a parent named. Looked up, never decided.

``Matchers`` makes each matcher once: the profiles of a school ask few different things, and a matcher costs memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.lists import Covering, Lists
from safedns.policy.live import Target
from safedns.wire.types import Ede


class Question(NamedTuple):
    """A name, with what several rules need to know of it: found out once."""

    name: str
    """Canonical."""
    key: str
    """``wire.names.key_of(name)``; empty where the large lists are not to be asked."""
    line: tuple[str, ...]
    """The name and its parents, the longest first."""
    covering: tuple[Covering, ...]
    """Entries of services and small lists that cover the name, the longest first."""
    qtype: int | None = None
    """The type of records asked for; ``None`` for any."""


class Hit(NamedTuple):
    """Why a name belongs to something."""

    rule: str
    """The list, the service, or the name that a parent wrote."""
    matched: str
    category: str

    @property
    def words(self) -> str:
        """``roblox.com is on roblox (games)``; for a name that a parent wrote, only that."""
        if self.rule == self.matched:
            return f"{self.matched} is named"
        return f"{self.matched} is on {self.rule}" + (f" ({self.category})" if self.category else "")


def longest(entries: Collection[str], question: Question) -> str | None:
    """The longest of ``entries`` that covers the name."""
    for parent in question.line:
        if parent in entries:
            return parent
    return None


def _reach(entry: str, question: Question) -> int:
    """How many characters of the name an entry speaks for: a pattern, which is no end of the name, for all."""
    return len(entry) if entry in question.line else len(question.name)


class CategoryMatcher:
    """Which of some categories a name is in: by their lists, and by the services that belong to them."""

    __slots__ = ("_artefacts", "_mapped", "_networks", "_places", "_services", "lists")

    def __init__(self, categories: Iterable[str], lists: Lists) -> None:
        names = tuple(dict.fromkeys(categories))
        artefacts = [artefact for category in names for artefact in lists.by_category.get(category, ())]
        self._networks = tuple(artefact for artefact in artefacts if artefact.holds_networks)
        places = tuple(enumerate(artefacts))
        indexed = lists.index.lists
        self._places = {artefact: place for place, artefact in places if artefact in indexed}
        self._mapped = tuple((place, artefact.match, artefact) for place, artefact in places if artefact not in indexed)
        self._services = {id_: item.category for id_, item in lists.services.items() if item.category in names}
        self._artefacts = tuple(artefacts)
        self.lists = len(artefacts)

    def spared(self, question: Question) -> tuple[Hit, ...]:
        """The lists that would hold the name, but for the exception that is told as what matched. To be shown."""
        name, key, qtype = question.name, question.key, question.qtype
        found = ((artefact, artefact.spares(name, key, qtype)) for artefact in self._artefacts)
        return tuple(Hit(artefact.name, exception, artefact.category) for artefact, exception in found if exception)

    def first(self, question: Question, longer_than: int = 0) -> Hit | None:
        """The first list, else the first service, with an entry for more than ``longer_than`` characters of the name.

        Lists are in the order of their categories; of services the one with the longest entry is first.
        """
        place, hit = self._first_indexed(question, longer_than) if question.covering else (self.lists, None)
        for earlier, match, artefact in self._mapped if question.key else ():
            if earlier > place:
                break
            entry = match(question.name, question.key, question.qtype)
            if entry is not None and (not longer_than or _reach(entry, question) > longer_than):
                return Hit(artefact.name, entry, artefact.category)
        return hit

    def first_network(self, address: str) -> Hit | None:
        """The first list with a network that holds ``address``."""
        for artefact in self._networks:
            if (network := artefact.match_address(address)) is not None:
                return Hit(artefact.name, network, artefact.category)
        return None

    def _first_indexed(self, question: Question, longer_than: int) -> tuple[int, Hit | None]:
        """``first`` of what the index holds, and its place among the lists: services come behind all of them."""
        best, hit = self.lists, None
        for entry, (services, lists) in question.covering:
            if len(entry) <= longer_than:
                break
            for artefact in lists:
                place = self._places.get(artefact, best)
                if place < best:
                    best, hit = place, Hit(artefact.name, entry, artefact.category)
            if hit is None:
                for service in services:
                    if service in self._services:
                        hit = Hit(service, entry, self._services[service])
                        break
        return best, hit


class TargetMatcher:
    """Which of some targets a name belongs to: names first, then services, categories, and ``internet`` for any name.

    Of services only those count that hold the longest entry for the name: what is YouTube's is not Google's too.
    """

    __slots__ = ("_categories", "_internet", "_names", "_services")

    def __init__(self, targets: Iterable[Target], lists: Lists, categories: CategoryMatcher | None) -> None:
        """``categories``: of those among the targets; ``None`` for none."""
        by_kind = {kind: [target.value for target in targets if target.kind == kind] for kind in ("name", "service")}
        self._names = frozenset(by_kind["name"])
        self._services = {
            id_: lists.services[id_].category if id_ in lists.services else "" for id_ in by_kind["service"]
        }
        self._categories = categories
        self._internet = any(target.kind == "internet" for target in targets)

    def first(self, question: Question) -> Hit | None:
        """Why the name belongs to a target, or ``None``."""
        if self._names and (entry := longest(self._names, question)) is not None:
            return Hit(entry, entry, "")
        if self._services and (hit := self._service(question)) is not None:
            return hit
        if self._categories is not None and (hit := self._categories.first(question)) is not None:
            return hit
        return Hit("internet", "", "") if self._internet else None

    def _service(self, question: Question) -> Hit | None:
        for entry, (services, _) in question.covering:
            if services:
                for service in services:
                    if service in self._services:
                        return Hit(service, entry, self._services[service])
                return None
        return None


class Matchers:
    """Every matcher over one set of lists, made when it is first asked for and shared from then on."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self.unsafe = frozenset(lists.safe_search.blocked)
        """Names of search engines without a safe mode."""
        self._categories: dict[tuple[str, ...], CategoryMatcher] = {}
        self._targets: dict[tuple[Target, ...], TargetMatcher] = {}
        self._modes: dict[tuple[str, str], Mapping[str, Decision]] = {}
        self._safe_search: dict[frozenset[str], Mapping[str, Decision]] = {}
        self.engines = frozenset(id_ for id_, engine in lists.safe_search.engines.items() if "on" in engine.targets)
        """Ids of the search engines that have a safe mode."""

    def categories(self, names: Iterable[str]) -> CategoryMatcher:
        """For these categories, in this order."""
        wanted = tuple(names)
        if wanted not in self._categories:
            self._categories[wanted] = CategoryMatcher(wanted, self.lists)
        return self._categories[wanted]

    def targets(self, targets: tuple[Target, ...]) -> TargetMatcher:
        """For any of these."""
        if targets not in self._targets:
            categories = tuple(target.value for target in targets if target.kind == "category")
            matcher = self.categories(categories) if categories else None
            self._targets[targets] = TargetMatcher(targets, self.lists, matcher)
        return self._targets[targets]

    def safe_search(self, engines: frozenset[str]) -> Mapping[str, Decision]:
        """Each name of these search engines with the decision that answers by its safe mode."""
        if engines not in self._safe_search:
            table = self.lists.safe_search.engines
            self._safe_search[engines] = {
                name: _rewrite(Reason(ReasonKind.SAFE_SEARCH, engine, name), table[engine].targets["on"])
                for engine in engines
                for name in table[engine].names
            }
        return self._safe_search[engines]

    def modes(self, service: str, mode: str) -> Mapping[str, Decision]:
        """Each name of ``service`` that has the restricted ``mode``, with the decision that answers by it."""
        engine = self.lists.safe_search.engines.get(service)
        if engine is None or mode not in engine.targets:
            return {}
        if (service, mode) not in self._modes:
            known = self.lists.services.get(service)
            category = known.category if known is not None else ""
            self._modes[service, mode] = {
                name: _rewrite(Reason(ReasonKind.SERVICE, service, name, category), engine.targets[mode])
                for name in engine.names
            }
        return self._modes[service, mode]


def _rewrite(reason: Reason, target: str) -> Decision:
    return Decision(Action.REWRITE, reason, Ede.FORGED_ANSWER, target)
