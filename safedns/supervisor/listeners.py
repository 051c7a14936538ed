"""The sockets that queries arrive on: one UDP and one TCP socket per local address, port and resolver.

A wildcard address is opened as one socket per local address, so that a reply leaves from the address that was asked.
The supervisor keeps every socket open: what arrives while a resolver is being restarted waits in the kernel.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from typing import NamedTuple

from safedns.errors import SafednsError
from safedns.supervisor.addresses import local_addresses

log = logging.getLogger(__name__)

_WILDCARDS = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}  # noqa: S104 - recognised, never bound
_RECEIVE_BUFFER = 4 << 20  # bytes; what a burst, or a resolver's restart, may pile up (the kernel may grant less)
_BACKLOG = 128


class Place(NamedTuple):
    """Where one socket listens."""

    protocol: str
    """udp | tcp."""
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.protocol}://[{self.host}]:{self.port}" if ":" in self.host else "{}://{}:{}".format(*self)


class Listeners:
    """All listening sockets of all resolvers."""

    def __init__(self) -> None:
        self._sockets: dict[tuple[int, Place], socket.socket] = {}
        self._refused: set[Place] = set()

    def sync(self, endpoints: Iterable[tuple[str, int]], workers: int) -> bool:
        """Open what is missing, close what is not wanted any more; ``True`` if anything changed.

        An address named outright that cannot be bound raises ``SafednsError``; one found through a wildcard is
        logged and tried again at the next change.
        """
        wanted = expand(endpoints)
        before = set(self._sockets)
        for key in before - {(worker, place) for worker in range(workers) for place in wanted}:
            self._sockets.pop(key).close()
        for place, named in wanted.items():
            if all((worker, place) in self._sockets for worker in range(workers)):
                continue
            try:
                self._open(place, workers)
            except OSError as error:
                self._refuse(place, error, named=named)
        return before != set(self._sockets)

    def of(self, worker: int) -> dict[Place, socket.socket]:
        """One resolver's sockets."""
        return {place: sock for (owner, place), sock in self._sockets.items() if owner == worker}

    def places(self) -> tuple[Place, ...]:
        """Everything listened on, sorted."""
        return tuple(sorted({place for _, place in self._sockets}))

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def _open(self, place: Place, workers: int) -> None:
        if not any(known == place for _, known in self._sockets):
            _bound(place, shared=False).close()  # shared ports would let a second server slip in unnoticed
        for worker in range(workers):
            if (worker, place) not in self._sockets:
                self._sockets[worker, place] = _bound(place, shared=True)
        self._refused.discard(place)

    def _refuse(self, place: Place, error: OSError, *, named: bool) -> None:
        if named and not self._sockets_at(place.port):
            raise SafednsError(
                f"cannot listen on {place}: {error.strerror}; is another DNS server running, or may this user not "
                "use the port? see docs/operations.md"
            ) from error
        if place not in self._refused:
            self._refused.add(place)
            log.warning("cannot listen on %s: %s", place, error.strerror)

    def _sockets_at(self, port: int) -> bool:
        return any(place.port == port for _, place in self._sockets)


def expand(endpoints: Iterable[tuple[str, int]]) -> dict[Place, bool]:
    """Places for ``(host, port)`` pairs, wildcards resolved to local addresses; the value says "named outright"."""
    places: dict[Place, bool] = {}
    for host, port in endpoints:
        family = _WILDCARDS.get(host)
        hosts = (host,) if family is None else local_addresses(family)
        for each in hosts:
            for protocol in ("udp", "tcp"):
                place = Place(protocol, each, port)
                places[place] = places.get(place, False) or family is None
    return places


def _bound(place: Place, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    kind = socket.SOCK_DGRAM if place.protocol == "udp" else socket.SOCK_STREAM
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        host, _, scope = place.host.partition("%")
        sock.bind((host, place.port, 0, int(scope or 0)) if family == socket.AF_INET6 else (host, place.port))
        if shared and kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
