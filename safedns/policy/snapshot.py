"""The policy as the hot path uses it: who is asking, may they have this name now, and may they have its answer.

    evidence --identify--> Device(profile) --decide(name, now)--> Decision
                                           --review(names in the answer, now)--> Block | None

Immutable: a reload compiles another and swaps one attribute. Reads no clock: ``now`` is an argument, epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from math import inf
from typing import Literal, NamedTuple

from safedns.policy.clients import Clients, Evidence
from safedns.policy.courses import Course
from safedns.policy.decision import Decision, ReasonKind
from safedns.policy.explain import Explanation, explain_walk
from safedns.policy.limits import Quota
from safedns.policy.live import Target, Used
from safedns.policy.lookalike import skeleton
from safedns.policy.matching import Matchers, Question
from safedns.policy.model import LogLevel
from safedns.policy.now import now_line
from safedns.policy.timeline import State, Walk
from safedns.settings.model import BlockReply
from safedns.wire.names import key_of, parents

_OPENED = (ReasonKind.OVERRIDE, ReasonKind.ALLOW_LIST, ReasonKind.SERVICE)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A child or group, as far as anybody outside the policy needs it. Compared and hashed by identity."""

    id: str
    name: str
    kind: Literal["child", "group"]
    preset: str
    """In force when the snapshot was made; empty for none."""
    log: LogLevel
    index: int
    """Its place among the profiles of the policy."""
    zone: tzinfo
    """Whose clocks its rules go by."""
    reply: BlockReply | None
    """What a blocked device is told; ``None`` = what the household's settings say."""
    remember: int | None
    """Seconds that a device may remember an answer at most; ``None`` = as long as the answer says."""
    metered: bool
    """Whether it has limits, so that names may count for one."""
    guarded: bool
    """Whether rules close more for it than malware: then no answer may spare a device a question."""
    upstreams: str = ""
    """The set of upstreams that is asked for it; empty for the usual ones."""


class Device(NamedTuple):
    """A network client and whose it is."""

    name: str
    """The claim that named it, as the policy writes it; empty for a device that nobody has claimed."""
    profile: Profile


class Snapshot:
    """Everything a policy means around one instant."""

    __slots__ = (
        "_clients",
        "_courses",
        "_covering",
        "_judges_addresses",
        "_matchers",
        "_used",
        "epoch",
        "expires",
        "profiles",
        "zone",
    )

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        clients: Clients[Device],
        courses: Sequence[Course],
        used: Mapping[str, Mapping[tuple[Target, date], Used]],
        matchers: Matchers,
        *,
        zone: tzinfo,
        expires: float,
        epoch: int,
    ) -> None:
        """``courses`` are in the order of ``Profile.index``; ``used`` is by profile id."""
        self.profiles = profiles
        """By id, in the order of the policy."""
        self.zone = zone
        """The household's time zone."""
        self.expires = expires
        """Until when time is known, epoch seconds: compile anew well before. Later, children's time rules block."""
        self.epoch = epoch
        self._clients = clients
        self._courses = tuple(courses)
        self._used = used
        self._matchers = matchers
        self._covering = matchers.lists.index.covering
        self._judges_addresses = any(
            artefact.holds_networks for artefacts in matchers.lists.by_category.values() for artefact in artefacts
        )

    @property
    def targets(self) -> frozenset[tuple[str, str]]:
        """Names that answer instead of others, for anybody at any time that is known, with the set of upstreams."""
        walks = {
            (walk, profile.upstreams)
            for profile in self.profiles.values()
            for walk in self._courses[profile.index].timeline.walks
        }
        return frozenset((target, upstreams) for walk, upstreams in walks for target in walk.targets)

    def identify(self, seen: Evidence) -> Device:
        """Whose device it is: the narrowest claim, or the profile for unknown devices."""
        return self._clients.find(seen)

    def decide(self, profile: Profile, name: str, key: str, qtype: int, now: float) -> Decision:
        """What happens to a query for the canonical ``name`` (``key``: ``key_of(name)``).


        The same for every qtype but where a list has entries for some types only.
        """
        walk = self._courses[profile.index].timeline.at(now)
        decision = walk.decide(self._question(name, key, qtype))
        return self._unless_look_alike(name, walk, decision) if "xn--" in name else decision

    def review(
        self, profile: Profile, names: Sequence[str], now: float, *, asked: Decision, qtype: int | None = None
    ) -> Decision | None:
        """The first block that the names an answer leads to (CNAME, SVCB targets) earn; ``None`` = the answer is fine.

        By overrides (but for a pause), safety, own names, services and categories; neither time, limits nor the default
        judge a name nobody asked for. If a parent opened the name that was ``asked`` for, itself or its service,
        services and categories have no say in what it is made of.
        """
        trusted = asked.reason.kind in _OPENED
        walk = self._courses[profile.index].timeline.at(now)
        for name in names:
            objection = walk.object_to(self._question(name, key_of(name), qtype), trusted=trusted)
            if objection is not None:
                return objection
        return None

    def review_addresses(
        self, profile: Profile, name: str, addresses: Sequence[str], now: float, *, asked: Decision
    ) -> Decision | None:
        """As ``review``, for the addresses that an answer for the canonical ``name`` holds: by lists of networks."""
        if not self._judges_addresses:
            return None
        trusted = asked.reason.kind in _OPENED
        walk = self._courses[profile.index].timeline.at(now)
        for address in addresses:
            objection = walk.object_to_address(address, name, trusted=trusted)
            if objection is not None:
                return objection
        return None

    def next_edge(self, profile: Profile, now: float) -> float:
        """When this profile's rules change next (epoch seconds); infinite when no change is known."""
        edges = self._courses[profile.index].timeline.edges
        position = bisect_right(edges, now)
        return edges[position] if position < len(edges) and edges[position] < self.expires else inf

    def meters(self, profile: Profile, name: str, key: str, now: float) -> tuple[Target, ...]:
        """The limits of ``profile`` that the canonical ``name`` (``key``: ``key_of(name)``) counts for, by target.

        None for names that devices ask by themselves, and for what a parent granted for now.
        """
        if not profile.metered:
            return ()
        course, question = self._courses[profile.index], self._question(name, key, None)
        for kind, target in course.timeline.at(now).state.overrides:
            if kind == "grant" and self._matchers.targets((target,)).first(question) is not None:
                return ()
        return course.meter.targets(question)

    def decides_like(self, other: Snapshot) -> bool:
        """Whether both, made by one compiler, decide the same, so that only minutes have been used in between."""
        return self._courses == other._courses

    def limits(self, profile: Profile, now: float) -> tuple[Quota, ...]:
        """The limits of ``profile`` that hold on the day of ``now``, in the order of the policy."""
        day = datetime.fromtimestamp(now, profile.zone).date()
        layer, used = self._courses[profile.index].layer(now), self._used.get(profile.id, {})
        return tuple(
            Quota(limit.target, layer.allowances[limit.target, day], *used.get((limit.target, day), Used()))
            for limit in layer.rules.limits
            if (limit.target, day) in layer.allowances
        )

    def explain(self, profile: Profile, name: str, key: str, qtype: int, now: float) -> Explanation:
        """The walk of ``decide`` in words, and until when its outcome stays so."""
        question = self._question(name, key, qtype)
        if "xn--" not in name:
            return explain_walk(self._courses[profile.index].timeline, question, now, self.expires)

        def verdict(walk: Walk) -> Decision:
            return self._unless_look_alike(name, walk, walk.decide(question))

        return explain_walk(self._courses[profile.index].timeline, question, now, self.expires, verdict)

    def category_titles(self, language: str) -> Mapping[str, str]:
        """Category id -> what it is called; empty in English, where ids are words."""
        if language == "en":
            return {}
        return {id_: item.title[language] for id_, item in self._matchers.lists.categories.items()}

    def state(self, profile: Profile, now: float) -> State:
        """All that time, limits and a parent's overrides decide for ``profile`` at ``now``."""
        return self._courses[profile.index].timeline.at(now).state

    def now_line(self, profile: Profile, now: float) -> str:
        """What applies now, in one line for a parent."""
        course, services = self._courses[profile.index], self._matchers.lists.services
        line = now_line(course, services, self.limits(profile, now), now, self.expires)
        return f"{profile.name}: {line}"

    def _unless_look_alike(self, name: str, walk: Walk, decision: Decision) -> Decision:
        """``decision`` about an international ``name``, or a block if it passes for an ASCII name that is closed.

        Closed by own names or as part of a service; large lists are not asked. Who opened the name itself meant it.
        """
        likeness = None if decision.blocked or decision.reason.kind in _OPENED else skeleton(name)
        if likeness is None:
            return decision
        line = tuple(parents(likeness))
        covering = tuple((entry, (services, ())) for entry, (services, _) in self._covering(line) if services)
        objection = walk.object_to(Question(likeness, "", line, covering), trusted=False)
        if objection is None:
            return decision
        return objection._replace(reason=objection.reason._replace(kind=ReasonKind.LOOK_ALIKE))

    def _question(self, name: str, key: str, qtype: int | None) -> Question:
        line = tuple(parents(name))
        return Question(name, key, line, self._covering(line), qtype)
