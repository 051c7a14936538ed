"""The routers that this machine itself sends its traffic to, read from the kernel's route tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from safedns.lan.tables import GATEWAY, TABLES, lines


def default_gateways(tables: Path = TABLES) -> frozenset[str]:
    """Addresses, as ``recvfrom`` writes them; empty where there is no way out, or nothing can be read."""
    return frozenset((*_ipv4(lines(tables / "route")), *_ipv6(lines(tables / "ipv6_route"))))


def _ipv4(rows: list[list[str]]) -> Iterator[str]:
    """Interface, destination, gateway, flags ...: numbers in the machine's own byte order."""
    for fields in rows[1:]:
        if len(fields) > 3 and fields[1] == "00000000" and int(fields[3], 16) & GATEWAY:
            yield str(IPv4Address(int(fields[2], 16).to_bytes(4, sys.byteorder)))


def _ipv6(rows: list[list[str]]) -> Iterator[str]:
    """Destination, its length, source, its length, next hop, metric, ..., flags, interface."""
    for fields in rows:
        if len(fields) > 9 and fields[1] == "00" and int(fields[8], 16) & GATEWAY:
            address = IPv6Address(bytes.fromhex(fields[4]))
            yield f"{address}%{fields[9]}" if address.is_link_local else str(address)
