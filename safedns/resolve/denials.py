"""Names that do not exist, as far as cached answers say so: what one question has brought to light for others.

    NXDOMAIN for A, or proven --note--> by name --find--> other types of the name (RFC 2308 section 5)
                    '-- proven by our own check -- find --> names below it (RFC 8020)

Not every NXDOMAIN is believed beyond its question. Servers are known to deny a name when asked for a type they have not
heard of (RFC 4074 section 4.2), never for an address; and who filters may close a name and not what is below it, but
cannot prove it. That an upstream calls it proven is not enough for the names below: a resolver on this machine denies
``lan`` from the public tree, with AD, while the router knows names there. An NXDOMAIN behind an alias is about where
that leads. Must not know answers' bytes or times.
"""

from __future__ import annotations

from collections.abc import Collection

from safedns.wire.answer import Answer
from safedns.wire.names import to_wire
from safedns.wire.query import CD_BIT
from safedns.wire.types import QType, RCode

_TAIL = 5
"""Octets behind the name in a cache key: type, class, flag bits and set of upstreams."""
_BEHIND_TYPE = 3
_TYPE_A = int(QType.A).to_bytes(2)
_NXDOMAIN = int(RCode.NXDOMAIN)  # a plain integer: looking up an enum member costs more than comparing it


class Denials:
    """Keys of the cached answers that deny a name, by name, class, flag bits and set of upstreams."""

    __slots__ = ("_apart", "_checked", "_names", "_proven")

    def __init__(self) -> None:
        self._names: dict[bytes, bytes] = {}
        self._proven: dict[bytes, bytes] = {}
        self._apart: frozenset[bytes] = frozenset()
        self._checked = False

    def configure(self, *, checked: bool, apart: Collection[str]) -> None:
        """``checked``: answers are checked by their signatures here, but for those to queries with CD.

        ``apart``: canonical domains that are taken as they come, with what is below: nothing said in them is proven,
        and what is said of a name above them does not hold in them.
        """
        self._checked = checked
        self._apart = frozenset(to_wire(domain) for domain in apart)
        self._proven.clear()

    def note(self, key: bytes, answer: Answer) -> None:
        """``answer`` was just stored under ``key``: it may deny the name, or show that it is there after all."""
        if answer.rcode != _NXDOMAIN and not self._names:
            return
        name = key[:-_TAIL] + key[-_BEHIND_TYPE:]
        if answer.rcode != _NXDOMAIN:
            if name in self._names:
                self._drop(name, self._names[name])
            return
        if answer.denied or answer.counts[0] or (self._checked and key[-1] & CD_BIT):
            return
        if answer.ad:
            self._names[name] = key
            if self._checked and not self._is_apart(key[:-_TAIL]):
                self._proven[name] = key
        elif key[-_TAIL:-_BEHIND_TYPE] == _TYPE_A and name not in self._proven:
            self._names[name] = key

    def forget(self, key: bytes) -> None:
        """What was stored under ``key`` is there no longer."""
        self._drop(key[:-_TAIL] + key[-_BEHIND_TYPE:], key)

    def clear(self) -> None:
        """Nothing is stored any more."""
        self._names.clear()
        self._proven.clear()

    def find(self, key: bytes) -> bytes | None:
        """Key of the answer that denies the name in ``key``, itself or a name above it; it may have expired."""
        if not self._names or (self._checked and key[-1] & CD_BIT):
            return None
        behind = key[-_BEHIND_TYPE:]
        if (found := self._names.get(key[:-_TAIL] + behind)) is not None or not self._proven:
            return found
        name = key[:-_TAIL]
        while name[0] and name not in self._apart:
            name = name[1 + name[0] :]
            if (found := self._proven.get(name + behind)) is not None:
                return found
        return None

    def _is_apart(self, name: bytes) -> bool:
        while name not in self._apart:
            if not name[0]:
                return False
            name = name[1 + name[0] :]
        return True

    def _drop(self, name: bytes, key: bytes) -> None:
        if self._names.get(name) == key:
            del self._names[name]
            self._proven.pop(name, None)
