"""Whose device is it: addresses, networks and ranges -> one value each. The narrowest claim wins.

Names among the claims are what a device may tell over encrypted DNS. Hardware addresses are passed over: they need the
neighbour table, which is not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
IPAddress = IPv4Address | IPv6Address


_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Span(NamedTuple):
    """Consecutive addresses of one family, both ends included."""

    version: int
    first: int
    last: int


class Clients(Generic[T]):
    """Immutable table of claims; ``find`` answers for any address, ``named`` for what a device calls itself."""

    __slots__ = ("_exact", "_named", "_spans", "_unknown")

    def __init__(self, claims: Iterable[tuple[str, T]], unknown: T) -> None:
        """``claims``: (address, ``network/len``, ``first-last`` or id; whose); the first of two equal ones counts."""
        self._unknown = unknown
        self._exact: dict[tuple[int, int], T] = {}
        self._named: dict[str, T] = {}
        spans: list[tuple[Span, T]] = []
        for text, owner in claims:
            span = parse_span(text)
            if span is None:
                if is_id(text):
                    self._named.setdefault(text, owner)
            elif span.first == span.last:
                self._exact.setdefault((span.version, span.first), owner)
            else:
                spans.append((span, owner))
        self._spans = tuple(sorted(spans, key=lambda claim: claim[0].last - claim[0].first))

    def find(self, address: str) -> T:
        """The owner of ``address`` (IPv6 with or without ``%scope``, IPv4-mapped as IPv4), or the unknown one."""
        plain = parse_address(address)
        if plain is None:
            return self._unknown
        version, number = plain.version, int(plain)
        exact = self._exact.get((version, number))
        if exact is not None:
            return exact
        for span, owner in self._spans:
            if span.version == version and span.first <= number <= span.last:
                return owner
        return self._unknown

    def named(self, id_: str) -> T | None:
        """The owner of an id; ``None`` when nobody has claimed it."""
        return self._named.get(id_)


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


def parse_span(text: str) -> Span | None:
    """``192.168.1.9``, ``192.168.1.0/24`` or ``192.168.1.10-192.168.1.19``; ``None`` for anything else."""
    if "/" in text:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return None
        return Span(network.version, int(network.network_address), int(network.broadcast_address))
    first_text, _, last_text = text.partition("-")
    first, last = parse_address(first_text.strip()), parse_address((last_text or first_text).strip())
    if first is None or last is None or first.version != last.version:
        return None
    return Span(first.version, int(first), int(last))
