"""The sockets that queries arrive on: for each service one per local address, port and resolver.

    dns -> udp, tcp          tls -> tls (TCP)          https -> https (TCP)          quic -> quic (UDP)

A wildcard address is opened as one socket per local address, so that a reply leaves from the address that was asked.
The supervisor keeps every socket open: what arrives while a resolver is being restarted waits in the kernel.
QUIC has one socket however many resolvers there are: the kernel would hand packets of one connection to several.
"""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from safedns.errors import SafednsError
from safedns.supervisor.activation import Bound
from safedns.supervisor.addresses import addresses_of_cards, local_addresses

log = logging.getLogger(__name__)

_WILDCARDS = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}  # noqa: S104 - recognised, never bound
_RECEIVE_BUFFER = 4 << 20  # bytes; what a burst, or a resolver's restart, may pile up (the kernel may grant less)
_BACKLOG = 128
_PROTOCOLS = {"dns": ("udp", "tcp"), "tls": ("tls",), "https": ("https",), "quic": ("quic",)}
_DATAGRAMS = frozenset(("udp", "quic"))

Wanted = tuple[str, str, int]
"""Service, address, port."""


class Place(NamedTuple):
    """Where one socket listens."""

    protocol: str
    """udp | tcp | tls | https | quic."""
    host: str
    port: int

    @property
    def kind(self) -> socket.SocketKind:
        """Which type of socket it is."""
        return socket.SOCK_DGRAM if self.protocol in _DATAGRAMS else socket.SOCK_STREAM

    def __str__(self) -> str:
        return f"{self.protocol}://[{self.host}]:{self.port}" if ":" in self.host else "{}://{}:{}".format(*self)


class Listeners:
    """All listening sockets of all resolvers."""

    def __init__(self, handed_over: Bound | None = None) -> None:
        """``handed_over``: what need not be bound any more."""
        self._sockets: dict[tuple[int, Place], socket.socket] = {}
        self._refused: set[Place] = set()
        self._handed_over = handed_over or {}
        self._unused = set(self._handed_over)

    def sync(self, wanted: Iterable[Wanted], workers: int) -> bool:
        """Open what is missing, then close what is not wanted any more; ``True`` if anything changed.

        An address named outright that cannot be bound raises ``SafednsError``, and nothing has changed; one that this
        machine does not have (yet), or found through a wildcard, is logged and tried again at the next change, unless
        it leaves nothing to listen on.
        """
        places = expand(wanted)
        opened: dict[tuple[int, Place], socket.socket] = {}
        refused: dict[Place, OSError] = {}
        try:
            for place, named in places.items():
                try:
                    opened |= self._missing(place, workers)
                except OSError as error:
                    refused[place] = error
                    if named and error.errno != errno.EADDRNOTAVAIL:
                        raise _refusal(place, error) from error
            if refused and not opened and not self._sockets:
                raise _refusal(*next(iter(refused.items())))
        except SafednsError:
            _close(opened)
            raise
        self._tell(refused)
        self._tell_unused()
        gone = self._sockets.keys() - {(worker, place) for place in places for worker in _owners(place, workers)}
        _close({key: self._sockets.pop(key) for key in gone})
        self._sockets |= opened
        return bool(gone or opened)

    def of(self, worker: int) -> dict[Place, socket.socket]:
        """One resolver's sockets."""
        return {place: sock for (owner, place), sock in self._sockets.items() if owner == worker}

    def places(self) -> tuple[Place, ...]:
        """Everything listened on, sorted; where the home's devices can ask comes before bridges between containers."""
        near = addresses_of_cards()
        return tuple(sorted({place for _, place in self._sockets}, key=lambda place: (place.host not in near, place)))

    def close(self) -> None:
        _close(self._sockets)
        self._sockets.clear()
        _close(self._handed_over)

    def _missing(self, place: Place, workers: int) -> dict[tuple[int, Place], socket.socket]:
        """The sockets of ``place`` that are not open yet, bound."""
        owners = _owners(place, workers)
        missing = [(worker, place) for worker in owners if (worker, place) not in self._sockets]
        bound = self._handed_over.get((place.kind, place.host, place.port))
        if bound is not None:
            self._unused.discard((place.kind, place.host, place.port))
            return {key: bound.dup() for key in missing}
        if len(missing) == len(owners):
            _bound(place, shared=False).close()  # shared ports would let a second server slip in unnoticed
        opened: dict[tuple[int, Place], socket.socket] = {}
        try:
            for key in missing:
                opened[key] = _bound(place, shared=True)
        except OSError:
            _close(opened)
            raise
        return opened

    def _tell(self, refused: Mapping[Place, OSError]) -> None:
        """Log what could not be bound, each once for as long as it lasts."""
        for place in sorted(refused.keys() - self._refused):
            log.warning("cannot listen on %s: %s", place, refused[place].strerror)
        self._refused = set(refused)

    def _tell_unused(self) -> None:
        for _, host, port in sorted(self._unused):
            log.warning(
                "systemd handed over %s port %d, which `listen` does not name; nobody answers there", host, port
            )
        self._unused = set()


def _refusal(place: Place, error: OSError) -> SafednsError:
    if error.errno == errno.EADDRINUSE:
        advice = "is another DNS server running? see docs/operations.md"
    elif error.errno in (errno.EACCES, errno.EPERM):
        advice = "this user may not use the port; see docs/operations.md"
    else:
        advice = "expected an address of this machine; see `listen` in safedns.yaml"
    return SafednsError(f"cannot listen on {place}: {error.strerror}; {advice}")


def _close(sockets: Mapping[Any, socket.socket]) -> None:
    for sock in sockets.values():
        sock.close()


def expand(wanted: Iterable[Wanted]) -> dict[Place, bool]:
    """The places of services, wildcards resolved to local addresses; the value says "named outright"."""
    places: dict[Place, bool] = {}
    for service, host, port in wanted:
        family = _WILDCARDS.get(host)
        hosts = (host,) if family is None else local_addresses(family)
        for each in hosts:
            for protocol in _PROTOCOLS[service]:
                place = Place(protocol, each, port)
                places[place] = places.get(place, False) or family is None
    return places


def _owners(place: Place, workers: int) -> range:
    """The resolvers that have a socket there."""
    return range(1 if place.protocol == "quic" else workers)


def _bound(place: Place, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    kind = place.kind
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
