"""THE path a query takes. Everything a query meets is called from here, in order; ``finish`` is the one exit.

    packet, peer -> memo? ----------------------------------------------------------+-> record -> reply
                 -> decode -> local name? ------------------------------------------+
                 -> decide -+- block -----------------------------------------------+
                            +- allow or rewrite -> cache hit -> review -------------+
                            '- .. miss .. upstream answers .. decide again, review -'

``answer_now`` is synchronous and serves everything but misses; a miss comes back as a ``Miss`` for ``answer_later``.
Must not: open sockets, touch files, know a transport. Whatever goes wrong in here becomes SERVFAIL, counted and
logged: never an unfiltered answer, never an exception for the socket reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import inf

from safedns.asked import Asked, Deliver, Found, Miss
from safedns.blocking import Blocking
from safedns.clock import Clock
from safedns.errors import UpstreamError, WireError
from safedns.failures import FailureLog
from safedns.finish import Events, Exit, end_of
from safedns.lan.directory import Directory
from safedns.peers import Peer, Peers
from safedns.policy.decision import Action, Decision, ReasonKind
from safedns.policy.snapshot import Snapshot
from safedns.record.buckets import Latencies
from safedns.record.counters import Counters
from safedns.resolve.local import LocalNames, is_why
from safedns.resolve.resolver import Resolved, Resolver, asked_of
from safedns.resolve.rewrite import rewrite_lookup
from safedns.review import Review
from safedns.settings.model import Settings
from safedns.share import fetch
from safedns.told import Told
from safedns.why import LOCAL, why_answer
from safedns.wire.answer import failed_answer
from safedns.wire.query import Ignored, decode_query
from safedns.wire.types import Ede, QType, RCode

_ADDRESSES = (QType.A, QType.AAAA)


class Pipeline:
    """Answers queries under one policy at a time; ``install`` swaps the policy between two queries."""

    def __init__(
        self, *, clock: Clock, resolver: Resolver, counters: Counters, events: Events, lan: Directory, memo: bool = True
    ) -> None:
        """``memo=False`` walks the whole path for every query: for comparison, the replies are the same."""
        self._clock = clock
        self._resolver = resolver
        self._counters = counters
        self._events = events
        self._lan = lan
        self._failures = FailureLog(clock)
        self._hosts: list[str] = []
        self._memo_protocol = "udp" if memo else ""
        self._latencies = Latencies(counters)
        self._memo_hits = counters.cell("memo", "hit")
        self._memo_misses = counters.cell("memo", "miss")

    def install(self, settings: Settings, snapshot: Snapshot, local: LocalNames) -> None:
        """Answer by this policy from the next query on; every memo and peer is forgotten."""
        self._settings = settings
        self._snapshot = snapshot
        self._local = local
        self._told = Told(settings.language, settings.contact, snapshot.category_titles(settings.language))
        self._exit = Exit(self._clock, self._counters, self._events, self._failures, snapshot, self._told)
        self._review = Review(snapshot, local, self._told)
        self._blocking = Blocking(settings, self._hosts)
        self.forget()

    def listening(self, hosts: Iterable[str]) -> None:
        """This machine now answers on these addresses."""
        self._hosts[:] = hosts

    def forget(self) -> None:
        """Throw memos away, as after a jump of the wall clock."""
        self.peers = Peers(self._settings, self._snapshot, self._lan)

    def answer_now(self, packet: bytes, sender: str, protocol: str, wall: float, mono: float) -> bytes | Miss | None:
        """The reply, a ``Miss`` to be awaited, or ``None`` for no reply. ``wall``, ``mono``: when it was read."""
        try:
            peer = self.peers.by_address.get(sender) or self.peers.meet(sender, packet, mono)
            peer.tokens -= 1
            if peer.tokens < 0 and not peer.refill(mono):
                self._exit.count(peer.profile.id, Action.DROP, ReasonKind.CLIENT, protocol)
                return None
            if protocol == self._memo_protocol:
                entry = peer.memo.get(packet[2:])
                if entry is not None and mono < entry.expires and peer.admitted:
                    if mono >= entry.fresh_until:
                        entry.restamp(mono)
                    entry.cell[0] += 1
                    self._memo_hits[0] += 1
                    if peer.logged or entry.outcome.meters:
                        micros = int((self._clock.monotonic() - mono) * 1e6)
                        self._events.pending.append((wall, peer.address, peer.device, micros, entry.outcome))
                    return packet[:2] + entry.tail
                self._memo_misses[0] += 1
            return self._walk(packet, peer, protocol, wall, mono)
        except Exception as error:  # noqa: BLE001 - the edge of the path: nothing may pass unfiltered or kill the reader
            return self._exit.fail(packet, protocol, error)

    def batch_done(self, queries: int, start: float) -> None:
        """Count the latency of ``queries`` answered at once since ``start`` (monotonic seconds)."""
        self._latencies.add(int((self._clock.monotonic() - start) * 1e6), queries)

    def answer_later(self, miss: Miss, deliver: Deliver) -> None:
        """Fetch what a miss needs; ``deliver`` gets the reply, now or later, exactly once."""
        try:
            fetch(self._resolver, miss, partial(self._resolved, miss, deliver))
        except Exception as error:  # noqa: BLE001 - as above
            deliver(self._exit.fail(miss.asked.packet, miss.asked.protocol, error))

    def _resolved(self, miss: Miss, deliver: Deliver, outcome: Resolved | UpstreamError) -> None:
        asked = miss.asked
        try:
            reply: bytes | None = self._settle(miss, outcome)
        except Exception as error:  # noqa: BLE001 - as above
            reply = self._exit.fail(asked.packet, asked.protocol, error)
        self._latencies.add(int((self._clock.monotonic() - asked.start) * 1e6))
        deliver(reply)

    def _settle(self, miss: Miss, outcome: Resolved | UpstreamError) -> bytes:
        """The reply to a miss by the policy of now, for it may have changed while an upstream was asked."""
        asked = miss.asked
        if isinstance(outcome, UpstreamError):
            return self._unresolved(asked, miss.decision, outcome.ede, str(outcome))
        wall, mono = self._clock.wall(), self._clock.monotonic()
        decision, sender = miss.decision, asked.peer.sender
        peer = self.peers.by_address.get(sender) or self.peers.meet(sender, asked.packet, mono)
        if peer is not asked.peer or wall >= miss.until:  # another snapshot has other peers
            asked = asked._replace(peer=peer)
            decision = self._decide(asked, wall)
            asked_elsewhere = peer.profile.upstreams != miss.asked.peer.profile.upstreams
            if (asked_elsewhere or decision.target != miss.decision.target) and not decision.blocked:
                return self._unresolved(asked, decision, Ede.NOT_READY, "the rules have just changed; ask again")
        found = Found(outcome.answer, "stale" if outcome.stale else "upstream", outcome.upstream, mono)
        return self._answer(asked, decision, found, wall, mono)

    def _walk(self, packet: bytes, peer: Peer, protocol: str, wall: float, mono: float) -> bytes | Miss | None:
        try:
            query = decode_query(packet)
        except Ignored:
            self._exit.count(peer.profile.id, Action.DROP, ReasonKind.MALFORMED, protocol)
            return None
        except WireError as error:
            return self._exit.refuse(packet, ReasonKind.MALFORMED, protocol, error.rcode)
        if not peer.admitted:
            return self._exit.refuse(packet, ReasonKind.CLIENT, protocol, RCode.REFUSED, ede=Ede.PROHIBITED)
        asked = Asked(packet, query, peer, protocol, mono)
        if (local := self._local.answer(query)) is not None:
            if is_why(query):
                local = why_answer(query, peer.profile, self._snapshot, self._local, wall, self._settings.language)
            return self._exit.finish(asked, LOCAL, Found(local, "local"), wall, mono)
        decision = self._decide(asked, wall)
        if decision.blocked:
            return self._block(asked, decision, wall, mono)
        if not decision.target:
            lookup = query
        elif query.qtype in _ADDRESSES:
            lookup = rewrite_lookup(decision.target, query.qtype)
        else:
            return self._block(asked, decision, wall, mono)  # no HTTPS record may lead round a safe target
        lookup = asked_of(lookup, peer.upstreams) if peer.upstreams else lookup
        hit = self._resolver.cached(lookup)
        if hit is None:
            return Miss(asked, lookup, decision, self._snapshot.next_edge(peer.profile, wall))
        return self._answer(asked, decision, Found(hit.answer, "cache", "", hit.stored, hit=hit), wall, mono)

    def _decide(self, asked: Asked, wall: float) -> Decision:
        query = asked.query
        return self._snapshot.decide(asked.peer.profile, query.name, query.key, query.qtype, wall)

    def _answer(self, asked: Asked, decision: Decision, found: Found, wall: float, mono: float) -> bytes:
        """Hand over what was found, cached or fresh, unless it leads where this profile may not go."""
        if decision.blocked:
            return self._block(asked, decision, wall, mono)
        if (objection := self._review.objection(asked, decision, found.answer, wall)) is not None:
            return self._block(asked, objection, wall, mono, until=end_of(found, mono))
        if decision.target and found.answer.rcode != RCode.NOERROR:
            text = f"the safe name {decision.target} cannot be resolved"
            return self._unresolved(asked, decision, Ede.NO_REACHABLE_AUTHORITY, text)
        return self._exit.finish(asked, decision, self._review.form(asked, decision, found), wall, mono)

    def _block(self, asked: Asked, decision: Decision, wall: float, mono: float, until: float = inf) -> bytes:
        found = self._blocking.found(asked, decision, self._told.error(decision, asked.query))
        return self._exit.finish(asked, decision, found, wall, mono, until)

    def _unresolved(self, asked: Asked, decision: Decision, code: int, text: str) -> bytes:
        found = Found(failed_answer(asked.query), "none", ede=(int(code), text))
        return self._exit.finish(asked, decision, found, self._clock.wall(), self._clock.monotonic())
