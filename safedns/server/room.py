"""How many connections a listening socket has, whose they are, and who gives one up when there is no room.

One rule for every kind of connection, TCP or QUIC. Must not touch a connection but by the call that ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from safedns.record.counters import Cell
from safedns.server.terms import Terms


class Limits(NamedTuple):
    """What one server grants its clients."""

    idle: float = 10.0
    """Seconds without a whole query after which a connection is closed (RFC 7766 section 6.2.3 leaves the number to
    us), and in which a client must take its answers."""
    connections: int = 512
    per_peer: int = 128
    """Connections of one address, but those of proxies and trusted forwarders: a school or a flat may have only one."""
    outstanding: int = 64
    """Unanswered queries on one connection before reading pauses."""
    greeting: float = 5.0
    """Seconds for everything before the first query: a proxy's header and the handshake."""


class Place:
    """One connection's."""

    __slots__ = ("address", "evict")

    def __init__(self, address: str) -> None:
        self.address = address
        """Where it comes from: its client's, once a proxy has told."""
        self.evict: Callable[[], object] = _nothing
        """What ends the connection, when its place is needed; whoever takes a place sets it at once."""


def _nothing() -> None: ...


class Room:
    """The places of one listening socket."""

    def __init__(self, limits: Limits, terms: Terms, refused: Cell | None = None) -> None:
        """``refused`` counts connections that were turned away."""
        self._limits = limits
        self._terms = terms
        self._refused = refused if refused is not None else [0]
        self._places: dict[Place, None] = {}
        """The oldest first."""
        self._held: Counter[str] = Counter()
        """Places by address."""

    def __len__(self) -> int:
        return len(self._places)

    def take(self, address: str) -> Place | None:
        """A place for a connection from ``address``, for which another may be let go; ``None`` where it gets none."""
        full = len(self) >= self._limits.connections
        if not self._may_hold_more(address) or (full and not self._makes_room(address)):
            self._refused[0] += 1
            return None
        place = Place(address)
        self._places[place] = None
        self._held[address] += 1
        return place

    def leave(self, place: Place) -> None:
        """Give a place up; does nothing where it was taken away."""
        if place in self._places:
            del self._places[place]
            self._count_out(place.address)

    def move(self, place: Place, address: str) -> bool:
        """A proxy has told whose connection it is; ``False`` where that client holds enough."""
        if address != place.address and not self._may_hold_more(address):
            self._refused[0] += 1
            return False
        if place in self._places:
            self._count_out(place.address)
            self._held[address] += 1
        place.address = address
        return True

    def _count_out(self, address: str) -> None:
        self._held[address] -= 1
        if not self._held[address]:
            del self._held[address]

    def _may_hold_more(self, address: str) -> bool:
        return self._held[address] < self._limits.per_peer or self._terms.speaks_for_others(address)

    def _makes_room(self, address: str) -> bool:
        """Let the oldest connection of whichever device holds most go, for one that would still hold fewer."""
        device_at = self._terms.device_at
        devices = {place: device_at(place.address) for place in self._places}
        held = Counter(devices.values())
        greediest, most = held.most_common(1)[0] if held else ("", 0)
        if most <= held[device_at(address)] + 1:
            return False
        chosen = next(place for place, device in devices.items() if device == greediest)
        self.leave(chosen)
        chosen.evict()
        return True
