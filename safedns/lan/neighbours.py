"""The kernel's neighbour table: read once, or followed as it changes. Which address is which device, as it met them.

Must not decide whose a device is. Without a route socket (a sandbox) nothing is known, and that is said once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address, ip_address

from safedns.lan import netlink
from safedns.lan.netlink import Neighbour

log = logging.getLogger(__name__)

_RECEIVE = 65_536
_TABLE_WITHIN = 1.0
"""Seconds that the kernel has to begin with its table, which it does at once."""
_KERNEL = 0

Learn = Callable[[str, str], None]
"""Takes an address, as ``recvfrom`` writes it, and its hardware address."""


def neighbours_now() -> tuple[tuple[str, str], ...]:
    """Every address with its hardware address; empty where the kernel does not tell."""
    try:
        with _route_socket(0) as sock:
            return tuple(_table(sock))
    except OSError:
        return ()


class NeighbourWatch:
    """Calls ``learn`` for every neighbour there is, before the constructor returns, and for each as it changes."""

    def __init__(self, learn: Learn) -> None:
        self._learn = learn
        self._loop = asyncio.get_running_loop()
        self._sock: socket.socket | None = None
        try:
            self._sock = _route_socket(netlink.GROUP)
            for address, mac in _table(self._sock):
                learn(address, mac)
        except OSError as error:
            self.close()
            log.warning("the kernel does not tell which devices it meets (%s): no hardware address is known", error)
            return
        self._sock.setblocking(False)
        self._loop.add_reader(self._sock, self._on_word)

    def close(self) -> None:
        """Follow no more."""
        if self._sock is not None:
            self._loop.remove_reader(self._sock)
            self._sock.close()
            self._sock = None

    def _on_word(self) -> None:
        assert self._sock is not None  # noqa: S101 - it is read only while it is open
        try:
            data, sender = self._sock.recvfrom(_RECEIVE)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno == errno.ENOBUFS:  # too much came at once, and some of it is lost: read all of it again
                with contextlib.suppress(OSError):
                    self._sock.send(netlink.table_request())
            return
        if sender[0] == _KERNEL:
            for neighbour in netlink.read(data).neighbours:
                self._learn(_as_received(neighbour), neighbour.mac)


def _route_socket(groups: int) -> socket.socket:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        sock.bind((0, groups))
    except OSError:
        sock.close()
        raise
    return sock


def _table(sock: socket.socket) -> Iterator[tuple[str, str]]:
    sock.settimeout(_TABLE_WITHIN)
    sock.send(netlink.table_request())
    done = False
    while not done:
        data, sender = sock.recvfrom(_RECEIVE)
        if sender[0] == _KERNEL:
            neighbours, done = netlink.read(data)
            for neighbour in neighbours:
                yield _as_received(neighbour), neighbour.mac


def _as_received(neighbour: Neighbour) -> str:
    """The address as a datagram from it shows it: link-local ones, which each interface has for itself, with it."""
    address = ip_address(neighbour.address)
    if isinstance(address, IPv6Address) and address.is_link_local:
        with contextlib.suppress(OSError):
            return f"{neighbour.address}%{socket.if_indextoname(neighbour.interface)}"
    return neighbour.address
