"""The provider's IPv6 networks that this home has for itself, read from the kernel's tables: they change as he likes.

Taken for the home's: a whole /64 of this machine's own on an interface whose IPv4 networks are all private, as every
one at home has. A rented server's interface has a public address too, or none but a way to its gateway, and may share
its /64 with strangers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from safedns.lan.tables import GATEWAY, HOST, TABLES, lines

_GLOBAL = IPv6Network("2000::/3")
_PRIVATE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
_LINK_LOCAL = IPv4Network("169.254.0.0/16")
_LENGTH = 64


def home_prefixes(tables: Path = TABLES) -> tuple[IPv6Network, ...]:
    """Sorted; empty where there are none, or nothing can be read."""
    private = frozenset(_private_interfaces(lines(tables / "route")))
    return tuple(sorted(set(_prefixes(lines(tables / "if_inet6"), private))))


def _private_interfaces(rows: list[list[str]]) -> Iterator[str]:
    """Interface, destination, gateway, flags ...: numbers in the machine's own byte order."""
    networks: dict[str, list[IPv4Address]] = {}
    for fields in rows[1:]:
        if len(fields) > 3 and not int(fields[3], 16) & (GATEWAY | HOST):
            networks.setdefault(fields[0], []).append(IPv4Address(int(fields[1], 16).to_bytes(4, sys.byteorder)))
    for interface, found in networks.items():
        private = [network for network in found if any(network in each for each in _PRIVATE)]
        if private and all(network in _LINK_LOCAL for network in found if network not in private):
            yield interface


def _prefixes(rows: list[list[str]], interfaces: frozenset[str]) -> Iterator[IPv6Network]:
    """Address, number of the interface, length of the prefix, scope, flags, interface."""
    for fields in rows:
        if len(fields) > 5 and int(fields[2], 16) == _LENGTH and fields[5] in interfaces:
            address = IPv6Address(bytes.fromhex(fields[0]))
            if address in _GLOBAL:
                yield IPv6Network((address, _LENGTH), strict=False)
