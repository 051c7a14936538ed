"""The one exit of the path: makes the event, bumps the counters, encodes the reply, and memorises it. Nothing else
records. Must not decide: it is told what was decided and which answer goes out.
"""

from __future__ import annotations

from math import inf
from typing import Protocol

from safedns.asked import Asked, Found
from safedns.clock import Clock
from safedns.failures import FailureLog
from safedns.memo import MEMO_PACKET, AgeingReply, FixedReply, entries_each, ttl_cap
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.limits import METERED
from safedns.policy.snapshot import Profile, Snapshot
from safedns.record.counters import Cell, Counters
from safedns.record.event import Outcome
from safedns.told import Told
from safedns.wire.names import HEADER_SIZE
from safedns.wire.reply import build_reply, error_reply, reply_ttls, udp_limit
from safedns.wire.types import Ede, RCode

STALE_TTL = 30
"""What a stale answer is told to live (RFC 8767 section 4)."""

_TC = 0x02
_NOBODY = "none"
"""Profile label of queries that were never identified."""
_METERED = ("cache", "stale", "upstream")
"""Only what a device could use counts as use."""
_MEMORABLE = ("policy", "local", "cache")
"""A fresh answer from an upstream is memorised at its second use: many names are asked once only."""


class Events(Protocol):
    """Where events go: the sending end of the recorder's pipe."""

    pending: list[tuple[object, ...]]


class Exit:
    """Everything that leaves the path under one snapshot passes through here."""

    def __init__(
        self,
        clock: Clock,
        counters: Counters,
        events: Events,
        failures: FailureLog,
        snapshot: Snapshot,
        told: Told,
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._events = events
        self._failures = failures
        self._snapshot = snapshot
        self._memo_entries = entries_each(len(snapshot.profiles))
        self._told = told

    def refuse(self, packet: bytes, kind: ReasonKind, protocol: str, rcode: int, *, ede: Ede | None = None) -> bytes:
        """The error reply to a query that was never decided."""
        self.count(_NOBODY, Action.REFUSE, kind, protocol)
        words = self._told.words(Reason(kind))
        return error_reply(packet, rcode, ede=None if ede is None else (int(ede), words))

    def fail(self, packet: bytes, protocol: str, error: Exception) -> bytes | None:
        """SERVFAIL for a query that met a mistake of ours, which is logged; ``None`` if it is too short to answer."""
        self._failures.report(error)
        if len(packet) < HEADER_SIZE:
            return None
        return self.refuse(packet, ReasonKind.FAILURE, protocol, RCode.SERVFAIL)

    def count(self, profile: str, action: Action, kind: ReasonKind, protocol: str) -> None:
        """A query that ends without an event: malformed, not admitted, too many, failed."""
        self._counters.cell("queries", profile, action, kind, protocol)[0] += 1

    def finish(
        self, asked: Asked, decision: Decision, found: Found, wall: float, mono: float, until: float = inf
    ) -> bytes:
        """The reply, after it has been counted, recorded and perhaps memorised.

        ``until``: monotonic seconds when ``decision`` is over, apart from when the profile's rules change.
        """
        query, peer, answer = asked.query, asked.peer, found.answer
        edge = self._snapshot.next_edge(peer.profile, wall) - wall + mono
        if until < edge:
            edge = until
        meters = self._meters(asked, found, wall)
        most = _longest(peer.profile, found, metered=bool(meters))
        cap = ttl_cap(edge, mono, most)
        age = 0 if found.stored is None else int(mono - found.stored)
        limit = udp_limit(query) if asked.protocol == "udp" else 65_535
        reply = build_reply(query, answer, age=age, ttl_cap=cap, size_limit=limit, ede=found.ede)
        reason = decision.reason
        outcome = Outcome(
            peer.profile.id,
            query.name,
            query.qtype,
            decision.action,
            reason.kind,
            reason.rule,
            reason.matched,
            reason.category,
            answer.rcode,
            found.source,
            found.upstream,
            asked.protocol,
            peer.profile.log,
            meters,
        )
        cell = self._counters.cell("queries", outcome.profile, outcome.action, outcome.reason, outcome.protocol)
        cell[0] += 1
        if peer.logged or meters:
            micros = int((self._clock.monotonic() - asked.start) * 1e6)
            self._events.pending.append((wall, peer.address, peer.device, micros, outcome))
        memorable = found.source in _MEMORABLE and not found.personal and len(asked.packet) <= MEMO_PACKET
        if asked.protocol == "udp" and memorable and not reply[2] & _TC:
            self._memorise(asked, found, outcome, cell, reply, edge, most, mono)
        return reply

    def _meters(self, asked: Asked, found: Found, wall: float) -> tuple[tuple[str, str], ...]:
        """What limits of the profile the answer counts for; a block reply is no use of anything."""
        profile = asked.peer.profile
        if not profile.metered or found.source not in _METERED:
            return ()
        targets = self._snapshot.meters(profile, asked.query.name, asked.query.key, wall)
        return tuple((target.kind, target.value) for target in targets)

    def _memorise(
        self,
        asked: Asked,
        found: Found,
        outcome: Outcome,
        cell: Cell,
        reply: bytes,
        edge: float,
        most: float,
        mono: float,
    ) -> None:
        ttls = reply_ttls(asked.query, found.answer)
        memo = asked.peer.memo
        if len(memo) >= self._memo_entries:
            memo.clear()
        if found.stored is None:
            longest = max((ttl for _, ttl in ttls), default=0)
            if edge - longest > mono:
                memo[asked.packet[2:]] = FixedReply(reply, edge - longest, outcome, cell)
        elif found.hit is not None and (end := min(edge, found.hit.until, found.stored + found.answer.ttl)) > mono:
            memo[asked.packet[2:]] = AgeingReply(
                reply,
                ttls,
                stored=found.stored,
                edge=edge,
                most=most,
                expires=end,
                outcome=outcome,
                cell=cell,
                uses=found.hit.uses,
            )


def end_of(found: Found, mono: float) -> float:
    """Monotonic seconds when an answer is over, and with it what was decided because of it; a stale one is already."""
    if found.stored is None or found.source == "stale":
        return mono
    return found.stored + found.answer.ttl


def _longest(profile: Profile, found: Found, *, metered: bool) -> float:
    """Seconds that the profile's devices may remember what was found, apart from when its rules change."""
    most: float = STALE_TTL if found.source == "stale" else METERED if metered else inf
    if profile.remember is not None and found.source != "policy":
        return min(most, profile.remember)
    return most
