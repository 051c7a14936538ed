"""Whose device is it: what is known of whoever asks -> one value. The narrowest and steadiest evidence wins.

    word it is called by > hardware address > address > interface id > host name > range or network > unknown

The first of these that anybody has claimed decides. Over IPv6 the IPv4 address of the same hardware counts behind the
address and the interface id, and a range that this is in behind all others. Where evidence comes from, and whether it
may be believed, is settled before (``peers``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
IPAddress = IPv4Address | IPv6Address


_IPV6 = 6
_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_INTERFACE_ID = (1 << 64) - 1
"""The half of an IPv6 address that a device gives itself; the network gives the other."""


class Evidence(NamedTuple):
    """What is known of whoever asks; empty where nothing is."""

    address: str = ""
    word: str = ""
    """What the device calls itself over an encrypted transport, or a trusted router calls it."""
    mac: str = ""
    """``aa:bb:cc:dd:ee:01``."""
    host: str = ""
    """Its DHCP host name."""
    ipv4: str = ""
    """Of a device that asks over IPv6: the address at which its hardware was met, where that is a single one."""


class Span(NamedTuple):
    """Consecutive addresses of one family, both ends included."""

    version: int
    first: int
    last: int


class Clients(Generic[T]):
    """Immutable table of claims; ``find`` answers for anybody."""

    __slots__ = ("_exact", "_interfaces", "_macs", "_names", "_spans", "_unknown")

    def __init__(self, claims: Iterable[tuple[str, T]], unknown: T) -> None:
        """``claims``: (canonical text of a device, whose); the first of two equal ones counts."""
        self._unknown = unknown
        self._macs: dict[str, T] = {}
        self._names: dict[str, T] = {}
        self._exact: dict[tuple[int, int], T] = {}
        self._interfaces: dict[int, T] = {}
        spans: list[tuple[Span, T]] = []
        for text, owner in claims:
            span = parse_span(text)
            if span is None:
                interface = interface_id(text)
                if interface:
                    self._interfaces.setdefault(interface, owner)
                elif is_mac(text):
                    self._macs.setdefault(text, owner)
                else:
                    self._names.setdefault(text, owner)
            elif span.first == span.last:
                self._exact.setdefault((span.version, span.first), owner)
            else:
                spans.append((span, owner))
        self._spans = tuple(sorted(spans, key=lambda claim: claim[0].last - claim[0].first))

    def find(self, seen: Evidence) -> T:
        """Whose device it is, or the unknown one; an address may have a ``%scope``, an IPv4-mapped one is IPv4."""
        return next((owner for owner in self._by_weight(seen) if owner is not None), self._unknown)

    def _by_weight(self, seen: Evidence) -> Iterator[T | None]:
        yield self._names.get(seen.word)
        yield self._macs.get(seen.mac)
        yield self._known_at(seen.address)
        yield self._known_at(seen.ipv4)
        yield self._names.get(seen.host)
        yield self._narrowest(seen.address)
        yield self._narrowest(seen.ipv4)

    def _known_at(self, address: str) -> T | None:
        plain = parse_address(address)
        if plain is None:
            return None
        owner = self._exact.get((plain.version, int(plain)))
        if owner is None and plain.version == _IPV6:
            owner = self._interfaces.get(int(plain) & _INTERFACE_ID)
        return owner

    def _narrowest(self, address: str) -> T | None:
        plain = parse_address(address)
        if plain is None:
            return None
        for span, owner in self._spans:
            if span.version == plain.version and span.first <= int(plain) <= span.last:
                return owner
        return None


def is_mac(text: str) -> bool:
    """Whether ``text`` is a hardware address in canonical form."""
    return _MAC.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Whether a claim (canonical) can be an id: one label of a host name, as DNS over TLS and HTTPS can tell it."""
    return _ID.fullmatch(text) is not None and parse_span(text) is None


def parse_address(text: str) -> IPAddress | None:
    """An address without its scope, IPv4-mapped ones as IPv4; ``None`` for anything else."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def interface_id(text: str) -> int:
    """The low 64 bits that ``::a:b:c:d`` claims under every prefix; 0 for anything else."""
    address = parse_address(text)
    return int(address) if isinstance(address, IPv6Address) and 1 < int(address) <= _INTERFACE_ID else 0


def parse_span(text: str) -> Span | None:
    """``192.168.1.9``, ``192.168.1.0/24`` or ``192.168.1.10-192.168.1.19``; ``None`` for anything else."""
    if "/" in text:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return None
        return Span(network.version, int(network.network_address), int(network.broadcast_address))
    if interface_id(text):
        return None
    first_text, _, last_text = text.partition("-")
    first, last = parse_address(first_text.strip()), parse_address((last_text or first_text).strip())
    if first is None or last is None or first.version != last.version:
        return None
    return Span(first.version, int(first), int(last))
