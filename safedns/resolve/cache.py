"""The answer cache: answers by question, never by who asked, bounded by number and by memory, least recently used out
first.

    put ---> fresh (until its TTL) ---> stale (``settings.stale`` seconds more, RFC 8767) ---> gone
                 |-- in its last tenth a popular answer is due, once: whoever gets it asks for it again
                 '-- one that denies a name answers other questions too (``denials``)

Time is an argument (monotonic seconds). Must not know policy: every answer is reviewed again when it is served.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from safedns.resolve.counting import Counters
from safedns.resolve.denials import Denials
from safedns.settings.model import CacheSettings
from safedns.wire.answer import FINDINGS, Answer
from safedns.wire.carry import carried
from safedns.wire.names import from_wire, to_wire
from safedns.wire.query import query_of
from safedns.wire.types import RCode

MAX_BODY = 4096
"""Octets; larger answers are rare and are asked again, so that full caches have a known size."""
_NXDOMAIN = int(RCode.NXDOMAIN)
_KEY_TAIL = 5
"""Octets behind the name in a key: type, class, flag bits."""
_ENTRY_BYTES = 850
_ITEM_BYTES = 90
_DENIAL_BYTES = 500
"""Memory of an entry beside its octets, of each TTL, target and address in it, and of what finds a denial by name:
measured, and rounded up."""


RENEWED_FROM = 10
"""Seconds; what lives shorter is not worth to be renewed early."""
_LAST_PART = 0.1
"""Of an answer's life: then a popular one is due."""
POPULAR = 3
"""Uses in an answer's life that make it popular; any number of finished replies in one second is one use."""


class Hit(NamedTuple):
    """A cached answer."""

    answer: Answer
    age: int
    """Seconds since it was stored: what its TTLs have to be lowered by."""
    stale: bool
    stored: float
    """Monotonic seconds when it was stored."""
    until: float
    """Monotonic seconds until which replies made of it need not ask again here."""
    uses: list[int]
    """How often it was used; whoever uses it without asking here counts himself."""
    due: bool = False
    """It is popular and about to end."""


class Entry:
    """What is kept of one question; times are monotonic seconds."""

    __slots__ = ("answer", "due", "expires", "size", "stored", "uses")

    def __init__(self, key: bytes, answer: Answer, stored: float, expires: float, due: float) -> None:
        self.answer = answer
        self.stored = stored
        self.expires = expires
        self.due = due
        """From when on it is renewed if it is popular; ``expires``, if never."""
        self.uses = [0]
        self.size = memory_of(key, answer)


def memory_of(key: bytes, answer: Answer) -> int:
    """About how many bytes of memory an answer takes that is kept under ``key``."""
    items = len(answer.ttls) + len(answer.targets) + len(answer.addresses)
    denial = _DENIAL_BYTES + len(key) if answer.rcode == _NXDOMAIN else 0
    return _ENTRY_BYTES + len(key) + len(answer.body) + _ITEM_BYTES * items + denial


class AnswerCache:
    """Bounded map from ``Query.cache_key`` to answers."""

    __slots__ = (
        "_counters",
        "_entries",
        "_evicted",
        "_expired",
        "_hits",
        "_misses",
        "_renewed",
        "_stale_hits",
        "denials",
        "memory",
        "settings",
    )

    def __init__(self, settings: CacheSettings, counters: Counters) -> None:
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        """The least recently used first."""
        self.denials = Denials()
        self.memory = 0
        """Bytes that the entries take, by ``memory_of``."""
        self.settings = settings
        self._counters = counters
        self._hits = counters.cell("cache", "hit")
        self._misses = counters.cell("cache", "miss")
        self._expired = counters.cell("cache", "expired")
        self._stale_hits = counters.cell("cache", "stale")
        self._evicted = counters.cell("cache", "evicted")
        self._renewed = counters.cell("cache", "renewed")

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, now: float) -> Hit | None:
        """The fresh answer, if there is one."""
        entry = self._entries.get(key)
        if entry is None:
            # Only then: where this very question has had an answer of its own, that speaks against a denial.
            if (denier := self.denials.find(key)) is not None and (hit := self._denied(key, denier, now)) is not None:
                return hit
            self._misses[0] += 1
            return None
        if now >= entry.expires:
            self._expired[0] += 1
            return None
        self._entries.move_to_end(key)
        self._hits[0] += 1
        uses = entry.uses
        uses[0] += 1
        until = entry.due
        due = now >= until and uses[0] >= POPULAR
        if due:
            entry.due = entry.expires  # once: an upstream that is slow or gives no more time is not asked on and on
        return Hit(entry.answer, int(now - entry.stored), False, entry.stored, until, uses, due)

    def _denied(self, key: bytes, denier: bytes, now: float) -> Hit | None:
        """What the answer under ``denier`` says to the question ``key``, of whose name it says that there is none."""
        entry = self._entries[denier]
        if now >= entry.expires:
            return None
        self._entries.move_to_end(denier)
        self._hits[0] += 1
        answer = entry.answer
        if denier[:-_KEY_TAIL] != key[:-_KEY_TAIL]:
            answer = carried(answer, denier[:-1], query_of(key))
        return Hit(answer, int(now - entry.stored), False, entry.stored, entry.expires, [0])

    def stale(self, key: bytes, now: float) -> Hit | None:
        """An expired answer that may still serve; the caller gives it a TTL of 30 s (RFC 8767 section 5)."""
        entry = self._entries.get(key)
        if entry is None or not entry.expires <= now < entry.expires + self.settings.stale:
            return None
        return Hit(entry.answer, int(now - entry.stored), True, entry.stored, now, entry.uses)

    def served_stale(self) -> None:
        """Count one answer that was served after its time."""
        self._stale_hits[0] += 1

    def renewing(self) -> None:
        """Count one popular answer that is asked for before its end."""
        self._renewed[0] += 1

    def put(self, key: bytes, answer: Answer, now: float) -> None:
        """Keep ``answer`` for its TTL within the bounds.

        One that may not be cached takes the place of an older one all the same, so that the older is not called up when
        the upstream fails; unless it is a failure itself, which says nothing about the name.
        """
        ttl = answer.ttl
        if ttl <= 0 or len(answer.body) > MAX_BODY:
            if answer.rcode in FINDINGS or answer.denied:
                self.forget(key)
            return
        early = _LAST_PART * ttl if self.settings.prefetch and ttl >= RENEWED_FROM else 0.0
        self.forget(key)
        entry = self._entries[key] = Entry(key, answer, now, now + ttl, now + ttl - early)
        self.memory += entry.size
        self.denials.note(key, answer)
        self._shrink()

    def forget(self, key: bytes) -> None:
        """Drop what is kept under ``key``, if anything."""
        if (entry := self._entries.pop(key, None)) is not None:
            self.memory -= entry.size
            self.denials.forget(key)

    def configure(self, settings: CacheSettings) -> None:
        """Take new bounds at once; what fits stays."""
        self.settings = settings
        self._shrink()

    def flush(self, name: str = ".") -> int:
        """Forget the canonical ``name`` and what is below it; says how many answers that were."""
        before = len(self._entries)
        if name == ".":
            self._entries.clear()
            self.denials.clear()
            self.memory = 0
            return before
        tail = to_wire(name)
        below = "." + name
        for key in [key for key in self._entries if key.endswith(tail, 0, -_KEY_TAIL)]:
            owner, _ = from_wire(key, 0)  # the bytes of the tail may also stand inside a label
            if owner == name or owner.endswith(below):
                self.forget(key)
        return before - len(self._entries)

    def fresh(self, now: float) -> Iterator[tuple[bytes, Answer, float]]:
        """Key, answer and moment of storing of what has not expired, the most recently used first."""
        for key, entry in reversed(self._entries.items()):
            if now < entry.expires:
                yield key, entry.answer, entry.stored

    def oldest(self, now: float) -> int | None:
        """Seconds since the first of all answers was stored; ``None`` where there is none."""
        stored = min((entry.stored for entry in self._entries.values()), default=None)
        return None if stored is None else int(now - stored)

    def gauges(self) -> None:
        """Set the gauges from the present state."""
        self._counters.gauges["cache_entries",] = len(self._entries)
        self._counters.gauges["cache_bytes",] = self.memory

    def _shrink(self) -> None:
        while len(self._entries) > self.settings.entries or self.memory > self.settings.memory:
            self.forget(next(iter(self._entries)))
            self._evicted[0] += 1
