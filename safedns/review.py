"""May this answer pass, and in which form? Asked of every answer, fresh or cached, for whoever is about to get it.

    answer -> closed by the upstream itself? -> leads home? -> names and addresses by the profile's rules -> passes
                                                                             '-> without hints, where rules close things

Nothing is kept: the same cached answer may pass for one profile and not for another.
"""

from __future__ import annotations

from safedns.asked import Asked, Found
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.snapshot import Snapshot
from safedns.resolve.local import LocalNames
from safedns.resolve.rewrite import rewritten_answer
from safedns.told import Told
from safedns.wire.answer import Answer, failed_answer
from safedns.wire.services import without_hints
from safedns.wire.types import Ede, RCode

_FAILURES = frozenset(
    map(int, (RCode.FORMERR, RCode.SERVFAIL, RCode.NOTIMP, RCode.REFUSED, RCode.BADVERS, RCode.BADCOOKIE))
)
"""What an upstream says of our question and not of the name: nothing is wrong with the client's."""


class Review:
    """Judges answers under one snapshot."""

    def __init__(self, snapshot: Snapshot, local: LocalNames, told: Told) -> None:
        self._snapshot = snapshot
        self._local = local
        self._told = told

    def objection(self, asked: Asked, decision: Decision, answer: Answer, wall: float) -> Decision | None:
        """The block that an answer to a query that was allowed or rewritten (``decision``) earns; ``None`` = none."""
        if (answer.denied or answer.home) and not self._local.may_lead_home(decision.target or asked.query.name):
            if answer.denied:
                return Decision(Action.BLOCK, Reason(ReasonKind.UPSTREAM), answer.denied)
            return Decision(Action.BLOCK, Reason(ReasonKind.HOME_ADDRESS, matched=answer.home[0]), Ede.BLOCKED)
        profile = asked.peer.profile
        if answer.targets:
            qtype = asked.query.qtype
            objection = self._snapshot.review(profile, answer.targets, wall, asked=decision, qtype=qtype)
            if objection is not None:
                return objection
        if answer.addresses:
            name = asked.query.name
            return self._snapshot.review_addresses(profile, name, answer.addresses, wall, asked=decision)
        return None

    def form(self, asked: Asked, decision: Decision, found: Found) -> Found:
        """What was found, as this client may have it; it must have passed."""
        answer = found.answer
        if found.source == "stale":
            code = Ede.STALE_NXDOMAIN if answer.rcode == RCode.NXDOMAIN else Ede.STALE_ANSWER
            found = found._replace(stored=None, ede=(int(code), ""))
        if decision.target:
            answer = rewritten_answer(asked.query, decision.target, answer)
            return found._replace(answer=answer, ede=self._told.error(decision, asked.query))
        if answer.rcode in _FAILURES:
            ede = int(Ede.NO_REACHABLE_AUTHORITY), "every upstream failed"
            return found._replace(answer=failed_answer(asked.query), ede=ede)
        if answer.services and asked.peer.profile.guarded:
            return found._replace(answer=without_hints(asked.query, answer))
        return found
