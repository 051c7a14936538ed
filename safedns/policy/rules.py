"""The steps of the walk: one class a step, each asked in order until one decides.

    overrides -> safety -> own names -> time -> limits -> safe search -> services -> categories -> default

Overrides, time and limits are in ``rules_now`` and ``rules_time``; the others are here.

A rule is made for one profile and one stretch of time, so it holds only what counts right then; ``check`` decides or
passes (``None``), ``describe`` says in words what ``check`` found. ``explain`` runs the very same objects. A rule
must not read a clock, and keeps nothing between two questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.matching import CategoryMatcher, Hit, Matchers, Question, longest
from safedns.policy.model import SwitchState
from safedns.wire.types import Ede

MALWARE = "malware"
"""Blocked for everybody's security rather than by the family's wish; a client is told so (RFC 8914 section 4.16)."""
_RESTRICTED = ("moderate", "strict")
"""States of a service in which some of its names are answered by others."""


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


Settings = tuple[tuple[str, Setting], ...]
"""Services or categories by id, in the order of the policy."""


class Safety:
    """Categories that nobody's own rules reach; only a site that the parent named, as long as the entry, is lifted."""

    __slots__ = ("_categories", "_matcher", "_named")
    step = "safety"

    def __init__(self, categories: tuple[str, ...], matchers: Matchers, named: Iterable[str]) -> None:
        self._categories = categories
        self._matcher = matchers.categories(categories)
        self._named = frozenset(named)

    def check(self, question: Question) -> Decision | None:
        hit = self._matcher.first(question)
        if hit is not None and (lifted := longest(self._named, question)) is not None:
            hit = self._matcher.first(question, len(lifted))
        return None if hit is None else self._block(hit)

    def check_address(self, address: str, name: str) -> Decision | None:
        """What happens to an answer with ``address`` for ``name``; who named that very name means it wherever it is."""
        hit = self._matcher.first_network(address)
        return None if hit is None or name in self._named else self._block(hit)

    def _block(self, hit: Hit) -> Decision:
        ede = Ede.BLOCKED if hit.category == MALWARE else Ede.FILTERED
        return Decision(Action.BLOCK, Reason(ReasonKind.SAFETY, *hit), ede)

    def describe(self, question: Question) -> str:
        hit = self._matcher.first(question)
        if hit is None:
            number = self._matcher.lists
            where = f"in none of {', '.join(self._categories)} ({number} list{'' if number == 1 else 's'})"
            return where + _spared_words(self._matcher, question)
        decision = self.check(question)
        if decision is None:
            lifted = longest(self._named, question)
            return f"{hit.words}, but a parent allows {lifted}"
        reason = decision.reason
        return f"{reason.matched} is on {reason.rule} ({reason.category}); only allowing that very name lifts this"


class OwnNames:
    """The profile's ``allow`` and ``block``: the longest name decides, and on a tie ``allow``."""

    __slots__ = ("_actions",)
    step = "own names"

    def __init__(self, allow: Iterable[str], block: Iterable[str]) -> None:
        self._actions = dict.fromkeys(block, False) | dict.fromkeys(allow, True)

    def check(self, question: Question) -> Decision | None:
        entry = longest(self._actions, question)
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


class SafeSearch:
    """Search engines go to their safe mode; those without one are blocked. Steps aside for what is blocked anyway.

    It stands before services, so that ``google: on`` still means safe Google; but a later rule that blocks the name
    must win, or an allow-only preset would open every search engine. So it asks ``later`` first.
    """

    __slots__ = ("_blocked", "_engines", "_later", "_rewrites", "targets")
    step = "safe search"

    def __init__(
        self, matchers: Matchers, later: tuple[Rule, ...], engines: tuple[tuple[str, bool], ...], *, others: bool = True
    ) -> None:
        """``engines``: ids, and whether in the safe mode; ``others``: whether those that are not named are, too.

        Engines without a safe mode are ``others``.
        """
        said = dict(engines)
        safe = frozenset(id_ for id_ in matchers.engines if said.get(id_, others))
        self.targets = frozenset(matchers.lists.safe_search.engines[id_].targets["on"] for id_ in safe)
        """The names that answer instead."""
        self._engines = matchers.safe_search(matchers.engines)
        self._rewrites = matchers.safe_search(safe)
        self._blocked = matchers.unsafe if others else frozenset()
        self._later = later

    def check(self, question: Question) -> Decision | None:
        decision = self._rewrites.get(question.name)
        if decision is None:
            entry = longest(self._blocked, question)
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
            if question.name in self._rewrites or longest(self._blocked, question) is not None:
                return "a search engine that is blocked anyway"
            known = self._engines.get(question.name)
            return f"{known.reason.rule} is left as it is" if known is not None else "no search engine"
        if decision.blocked:
            return f"{decision.reason.matched} is a search engine without a safe mode"
        return f"{decision.reason.rule} is answered by its safe mode, {decision.target}"


class RestrictedModes:
    """Services in a restricted mode: those of their names that have one are answered by another name."""

    __slots__ = ("_rewrites", "_settings", "targets")
    step = "services"

    def __init__(self, settings: Settings, matchers: Matchers) -> None:
        self._settings = dict(settings)
        self._rewrites: dict[str, Decision] = {}
        for service, (mode, _) in settings:
            if mode in _RESTRICTED:
                self._rewrites |= matchers.modes(service, mode)
        self.targets = frozenset(decision.target for decision in self._rewrites.values())
        """The names that answer instead."""

    def check(self, question: Question) -> Decision | None:
        return self._rewrites.get(question.name)

    def describe(self, question: Question) -> str:
        decision = self._rewrites.get(question.name)
        if decision is None:
            return "not of a service in a restricted mode"
        service = decision.reason.rule
        return f"{service} is {self._settings[service].state}: answered by {decision.target}"


class Services:
    """Services that were turned on or off: the longest entry decides, and on the same entry ``on``.

    In a restricted mode the names that have one are rewritten, and the others of the service are on.
    """

    __slots__ = ("_modes", "_services", "_settings")
    step = "services"

    def __init__(self, settings: Settings, modes: RestrictedModes, matchers: Matchers) -> None:
        self._settings = dict(settings)
        self._services = matchers.lists.services
        self._modes = modes

    def check(self, question: Question) -> Decision | None:
        if (rewrite := self._modes.check(question)) is not None:
            return rewrite
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
        if decision.target:
            return self._modes.describe(question)
        _, service, entry, _ = decision.reason
        return f"{entry} belongs to {service}, which is {_setting_words(self._settings[service])}"

    def _reason(self, kind: ReasonKind, service: str, entry: str) -> Reason:
        known = self._services.get(service)
        return Reason(kind, service, entry, known.category if known is not None else "")


class Categories:
    """Categories that are off block. Those that are on open a name only where the default is to deny."""

    __slots__ = ("_off", "_on", "_settings")
    step = "categories"

    def __init__(self, settings: Settings, matchers: Matchers, *, deny: bool) -> None:
        self._settings = dict(settings)
        self._off = matchers.categories(name for name, setting in settings if setting.state == "off")
        opening = (name for name, setting in settings if setting.state != "off")
        self._on = matchers.categories(opening) if deny else None

    def check(self, question: Question) -> Decision | None:
        hit = self._off.first(question)
        if hit is not None:
            return self._block(hit)
        if self._on is not None and (hit := self._on.first(question)) is not None:
            return Decision(Action.ALLOW, Reason(ReasonKind.CATEGORY, *hit))
        return None

    def check_address(self, address: str, _name: str) -> Decision | None:
        """What happens to an answer with ``address``."""
        hit = self._off.first_network(address)
        return None if hit is None else self._block(hit)

    def _block(self, hit: Hit) -> Decision:
        kind = ReasonKind.WINDOW if self._settings[hit.category].timed else ReasonKind.CATEGORY
        return Decision(Action.BLOCK, Reason(kind, *hit))

    def describe(self, question: Question) -> str:
        decision = self.check(question)
        if decision is None:
            where = "in no category that is off" + ("" if self._on is None else ", and in none that is on")
            return where + _spared_words(self._off, question)
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


def _spared_words(matcher: CategoryMatcher, question: Question) -> str:
    return "".join(f"; {hit.rule} ({hit.category}) excepts {hit.matched}" for hit in matcher.spared(question))


def _setting_words(setting: Setting) -> str:
    return f"{setting.state} at this time" if setting.timed else setting.state
