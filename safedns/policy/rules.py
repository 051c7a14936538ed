"""The steps of the walk: one class a step, each asked in order until one decides.

    safety -> own names -> time -> safe search -> services -> categories -> default

A rule is made for one profile and one stretch of time, so it holds only what counts right then; ``check`` decides or
passes (``None``), ``describe`` says in words what ``check`` found. ``explain`` runs the very same objects. A rule
must not read a clock, and keeps nothing between two questions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.lists import Covering, Lists, SafeSearchTable
from safedns.policy.model import SwitchState
from safedns.wire.types import Ede

LEARNING = "learning"
"""The category that homework leaves open."""
MALWARE = "malware"
"""Blocked for everybody's security rather than by the family's wish; a client is told so (RFC 8914 section 4.16)."""


class Question(NamedTuple):
    """A name, with what several rules need to know of it: found out once."""

    name: str
    """Canonical."""
    key: str
    """``wire.names.key_of(name)``."""
    line: tuple[str, ...]
    """The name and its parents, the longest first."""
    covering: tuple[Covering, ...]
    """Entries of services and small lists that cover the name, the longest first."""


class Rule(Protocol):
    """One step of the walk."""

    @property
    def step(self) -> str:
        """Its name in an explanation."""
        ...

    def check(self, question: Question, /) -> Decision | None:
        """What happens to the name, or ``None``: ask the next rule."""
        ...

    def describe(self, question: Question, /) -> str:
        """What ``check`` finds, in words."""
        ...


class Setting(NamedTuple):
    """A service or category as it is right now."""

    state: SwitchState
    timed: bool = False
    """Whether a window has a say in it."""


class Hit(NamedTuple):
    """Why a name is in a category."""

    rule: str
    """The list, or the service of that category."""
    matched: str
    category: str


class CategoryMatcher:
    """Which of some categories a name is in: by their lists, and by the services that belong to them."""

    __slots__ = ("_mapped", "_places", "_services", "lists")

    def __init__(self, categories: Iterable[str], lists: Lists) -> None:
        names = tuple(dict.fromkeys(categories))
        artefacts = [artefact for category in names for artefact in lists.by_category.get(category, ())]
        places = tuple(enumerate(artefacts))
        indexed = lists.index.lists
        self._places = {artefact: place for place, artefact in places if artefact in indexed}
        self._mapped = tuple((place, artefact.match, artefact) for place, artefact in places if artefact not in indexed)
        self._services = {id_: item.category for id_, item in lists.services.items() if item.category in names}
        self.lists = len(artefacts)

    def first(self, question: Question, longer_than: int = 0) -> Hit | None:
        """The first list, else the first service, with an entry of more than ``longer_than`` characters for the name.

        Lists are in the order of their categories; of services the one with the longest entry is first.
        """
        place, hit = self._first_indexed(question, longer_than) if question.covering else (self.lists, None)
        for earlier, match, artefact in self._mapped:
            if earlier > place:
                break
            entry = match(question.name, question.key)
            if entry is not None and len(entry) > longer_than:
                return Hit(artefact.name, entry, artefact.category)
        return hit

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


class Safety:
    """Categories that nobody's own rules reach; only a site that the parent named, as long as the entry, is lifted."""

    __slots__ = ("_categories", "_matcher", "_named")
    step = "safety"

    def __init__(self, categories: tuple[str, ...], lists: Lists, named: Iterable[str]) -> None:
        self._categories = categories
        self._matcher = CategoryMatcher(categories, lists)
        self._named = frozenset(named)

    def check(self, question: Question) -> Decision | None:
        hit = self._matcher.first(question)
        if hit is not None and (lifted := _longest(self._named, question)) is not None:
            hit = self._matcher.first(question, len(lifted))
        if hit is None:
            return None
        ede = Ede.BLOCKED if hit.category == MALWARE else Ede.FILTERED
        return Decision(Action.BLOCK, Reason(ReasonKind.SAFETY, *hit), ede)

    def describe(self, question: Question) -> str:
        hit = self._matcher.first(question)
        if hit is None:
            number = self._matcher.lists
            return f"in none of {', '.join(self._categories)} ({number} list{'' if number == 1 else 's'})"
        decision = self.check(question)
        if decision is None:
            lifted = _longest(self._named, question)
            return f"{hit.matched} is on {hit.rule} ({hit.category}), but a parent allows {lifted}"
        reason = decision.reason
        return f"{reason.matched} is on {reason.rule} ({reason.category}); only allowing that very name lifts this"


class OwnNames:
    """The profile's ``allow`` and ``block``: the longest name decides, and on a tie ``allow``."""

    __slots__ = ("_actions",)
    step = "own names"

    def __init__(self, allow: Iterable[str], block: Iterable[str]) -> None:
        self._actions = dict.fromkeys(block, False) | dict.fromkeys(allow, True)

    def check(self, question: Question) -> Decision | None:
        entry = _longest(self._actions, question)
        if entry is None:
            return None
        if self._actions[entry]:
            return Decision(Action.ALLOW, Reason(ReasonKind.ALLOW_LIST, "allow", entry))
        return Decision(Action.BLOCK, Reason(ReasonKind.BLOCK_LIST, "block", entry))

    def describe(self, question: Question) -> str:
        decision = self.check(question)
        if decision is None:
            return "neither allowed nor blocked by name"
        return f"{decision.reason.matched} is in the profile's {decision.reason.rule}"


class TimeClosed:
    """Bedtime, homework, or a clock that cannot be believed: all but ``always`` and, for homework, learning."""

    __slots__ = ("_always", "_decision", "_learning", "step")

    def __init__(
        self,
        kind: Literal[ReasonKind.BEDTIME, ReasonKind.HOMEWORK, ReasonKind.CLOCK],
        always: Iterable[str],
        learning: CategoryMatcher | None = None,
    ) -> None:
        self.step = str(kind)
        self._always = frozenset(always)
        self._learning = learning
        self._decision = Decision(Action.BLOCK, Reason(kind, str(kind)))

    def check(self, question: Question) -> Decision | None:
        if self._always and _longest(self._always, question) is not None:
            return None
        if self._learning is not None and self._learning.first(question) is not None:
            return None
        return self._decision

    def describe(self, question: Question) -> str:
        open_ = _longest(self._always, question)
        if open_ is not None:
            return f"now, but {open_} is in always"
        hit = None if self._learning is None else self._learning.first(question)
        if hit is not None:
            return f"now, but {hit.matched} is for learning ({hit.rule})"
        if self._decision.reason.kind is ReasonKind.CLOCK:
            return "this machine's clock is wrong, so only what is in always is open"
        return "now: only what is in always is open" + (", and learning" if self._learning is not None else "")


class TimeOpen:
    """Neither bedtime nor homework; here so that an explanation can say so."""

    __slots__ = ()
    step = "time"

    def check(self, _question: Question) -> None:
        """Never decides."""

    def describe(self, _question: Question) -> str:
        return "neither bedtime nor homework now"


class SafeSearch:
    """Search engines go to their safe mode; those without one are blocked. Steps aside for what is blocked anyway.

    It stands before services, so that ``google: on`` still means safe Google; but a later rule that blocks the name
    must win, or an allow-only preset would open every search engine. So it asks ``later`` first.
    """

    __slots__ = ("_blocked", "_later", "_rewrites")
    step = "safe search"

    def __init__(self, table: SafeSearchTable, later: tuple[Rule, ...]) -> None:
        self._rewrites = {
            name: _rewrite(Reason(ReasonKind.SAFE_SEARCH, engine, name), spec.targets["on"])
            for engine, spec in table.engines.items()
            if "on" in spec.targets
            for name in spec.names
        }
        self._blocked = frozenset(table.blocked)
        self._later = later

    def check(self, question: Question) -> Decision | None:
        decision = self._rewrites.get(question.name)
        if decision is None:
            entry = _longest(self._blocked, question)
            if entry is None:
                return None
            decision = Decision(Action.BLOCK, Reason(ReasonKind.SAFE_SEARCH, "no safe mode", entry))
        for rule in self._later:
            verdict = rule.check(question)
            if verdict is not None:
                return None if verdict.blocked else decision
        return decision

    def describe(self, question: Question) -> str:
        decision = self.check(question)
        if decision is None:
            engine = question.name in self._rewrites or _longest(self._blocked, question) is not None
            return "a search engine that is blocked anyway" if engine else "no search engine"
        if decision.blocked:
            return f"{decision.reason.matched} is a search engine without a safe mode"
        return f"{decision.reason.rule} is answered by its safe mode, {decision.target}"


class Services:
    """Services that were turned on or off: the longest entry decides, and on the same entry ``on``.

    In a restricted mode the names that have one are rewritten, and the others of the service are on.
    """

    __slots__ = ("_rewrites", "_services", "_settings")
    step = "services"

    def __init__(self, settings: Mapping[str, Setting], lists: Lists) -> None:
        self._settings = settings
        self._services = lists.services
        self._rewrites = {
            name: _rewrite(self._reason(ReasonKind.SERVICE, service, name), engine.targets[mode])
            for service, (mode, _) in settings.items()
            if (engine := lists.safe_search.engines.get(service)) is not None and mode in engine.targets
            for name in engine.names
        }

    def check(self, question: Question) -> Decision | None:
        if question.name in self._rewrites:
            return self._rewrites[question.name]
        settings = self._settings
        for entry, (services, _) in question.covering:
            off = ""
            for service in services:
                if service in settings:
                    if settings[service].state != "off":
                        return Decision(Action.ALLOW, self._reason(ReasonKind.SERVICE, service, entry))
                    off = off or service
            if off:
                kind = ReasonKind.WINDOW if settings[off].timed else ReasonKind.SERVICE
                return Decision(Action.BLOCK, self._reason(kind, off, entry))
        return None

    def describe(self, question: Question) -> str:
        decision = self.check(question)
        if decision is None:
            return "no service that is set"
        _, service, entry, _ = decision.reason
        if decision.target:
            return f"{service} is {self._settings[service].state}: answered by {decision.target}"
        return f"{entry} belongs to {service}, which is {_setting_words(self._settings[service])}"

    def _reason(self, kind: ReasonKind, service: str, entry: str) -> Reason:
        known = self._services.get(service)
        return Reason(kind, service, entry, known.category if known is not None else "")


class Categories:
    """Categories that are off block. Those that are on open a name only where the default is to deny."""

    __slots__ = ("_off", "_on", "_settings")
    step = "categories"

    def __init__(self, settings: Mapping[str, Setting], lists: Lists, *, deny: bool) -> None:
        self._settings = settings
        self._off = CategoryMatcher((name for name, setting in settings.items() if setting.state == "off"), lists)
        opening = (name for name, setting in settings.items() if setting.state != "off")
        self._on = CategoryMatcher(opening, lists) if deny else None

    def check(self, question: Question) -> Decision | None:
        hit = self._off.first(question)
        if hit is not None:
            kind = ReasonKind.WINDOW if self._settings[hit.category].timed else ReasonKind.CATEGORY
            return Decision(Action.BLOCK, Reason(kind, *hit))
        if self._on is not None and (hit := self._on.first(question)) is not None:
            return Decision(Action.ALLOW, Reason(ReasonKind.CATEGORY, *hit))
        return None

    def describe(self, question: Question) -> str:
        decision = self.check(question)
        if decision is None:
            return "in no category that is off" + ("" if self._on is None else ", and in none that is on")
        reason = decision.reason
        words = _setting_words(self._settings[reason.category])
        return f"{reason.matched} is on {reason.rule} ({reason.category}), and {reason.category} is {words}"


class Default:
    """The preset's last word on a name that no rule mentions."""

    __slots__ = ("decision",)
    step = "default"

    def __init__(self, preset: str, *, deny: bool) -> None:
        self.decision = Decision(Action.BLOCK if deny else Action.ALLOW, Reason(ReasonKind.DEFAULT, preset))

    def check(self, _question: Question) -> Decision:
        return self.decision

    def describe(self, _question: Question) -> str:
        preset = f"preset {self.decision.reason.rule}" if self.decision.reason.rule else "no preset"
        if self.decision.blocked:
            return f"{preset}: what no rule opens is closed"
        return f"{preset}: what no rule closes is open"


def _longest(entries: Collection[str], question: Question) -> str | None:
    """The longest of ``entries`` that covers the name."""
    for parent in question.line:
        if parent in entries:
            return parent
    return None


def _rewrite(reason: Reason, target: str) -> Decision:
    return Decision(Action.REWRITE, reason, Ede.FORGED_ANSWER, target)


def _setting_words(setting: Setting) -> str:
    return f"{setting.state} at this time" if setting.timed else setting.state
