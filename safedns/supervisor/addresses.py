"""This machine's own addresses, and word when they change.

The kernel's route socket says only *that* something changed; what there is now is read by the ``ifaddr`` library.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import ifaddr

_INTERFACES = Path("/sys/class/net")
_GROUPS = 0x1 | 0x10 | 0x100  # RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR
_SETTLE = 0.2  # seconds; an interface that comes up says so several times


def local_addresses(family: socket.AddressFamily) -> tuple[str, ...]:
    """Every local address of ``family``, sorted; link-local IPv6 ones with their ``%scope``."""
    return tuple(sorted({text for adapter in ifaddr.get_adapters() for text in _addresses(adapter, family)}))


def addresses_of_cards(interfaces: Path = _INTERFACES) -> frozenset[str]:
    """Those at which others can ask: of interfaces that are a network card or stand on one, as a home's bridge does.
    A bridge between containers does not."""
    cards = [adapter for adapter in ifaddr.get_adapters() if _has_card(interfaces / str(adapter.name))]
    families = (socket.AF_INET, socket.AF_INET6)
    return frozenset(text for adapter in cards for family in families for text in _addresses(adapter, family))


def _has_card(interface: Path) -> bool:
    return (interface / "device").exists() or any(_has_card(lower) for lower in interface.glob("lower_*"))


def _addresses(adapter: ifaddr.Adapter, family: socket.AddressFamily) -> Iterator[str]:
    for entry in adapter.ips:
        if isinstance(entry.ip, str):
            if family == socket.AF_INET:
                yield entry.ip
        elif family == socket.AF_INET6:
            address, _, scope = entry.ip
            yield f"{address}%{scope}" if scope else address


class AddressWatch:
    """Calls ``changed`` a moment after local addresses came or went."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        self._sock.bind((0, _GROUPS))
        self._loop.add_reader(self._sock, self._on_word)

    def close(self) -> None:
        self._loop.remove_reader(self._sock)
        self._sock.close()
        if self._timer is not None:
            self._timer.cancel()

    def _on_word(self) -> None:
        with contextlib.suppress(OSError):  # nothing left to read, or too much came at once: either way, look
            while self._sock.recv(65_536):
                pass
        if self._timer is None:
            self._timer = self._loop.call_later(_SETTLE, self._settled)

    def _settled(self) -> None:
        self._timer = None
        self._changed()
