"""Networks of addresses as texts of bits, so that those which hold an address are prefixes of its text.

    192.0.2.0/24   4110000000000000000000010        198.51.100.7   4 and 32 bits
    2001:db8::/32  600100000000000010000110110111000

The same tries hold them as hold names, and one ``prefixes()`` call finds all, the widest first.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import marisa_trie


def network_key(network: IPv4Network | IPv6Network) -> str:
    """The version, then the bits of the prefix."""
    return _bits(network.network_address)[: network.prefixlen + 1]


def network_of_key(key: str) -> IPv4Network | IPv6Network:
    """Inverse of ``network_key``."""
    bits = key[1:]
    if key[0] == "4":
        return IPv4Network((int(bits.ljust(32, "0"), 2), len(bits)))
    return IPv6Network((int(bits.ljust(128, "0"), 2), len(bits)))


class Networks:
    """The networks of one list. Immutable."""

    __slots__ = ("_allowed", "_blocked")

    def __init__(self, blocked: marisa_trie.Trie | None, allowed: marisa_trie.Trie | None) -> None:
        """Tries of ``network_key``s; ``None`` for those that hold nothing."""
        self._blocked = blocked
        self._allowed = allowed

    def match(self, address: str) -> str | None:
        """The narrowest network that holds ``address``, as ``192.0.2.0/24``; ``None`` when none does, or when an
        exception that is at least as narrow holds it. ``address`` must be one.
        """
        if self._blocked is None:
            return None
        key = _bits(ip_address(address))
        covering = self._blocked.prefixes(key)
        if not covering:
            return None
        if self._allowed is not None:
            exceptions = self._allowed.prefixes(key)
            if exceptions and len(exceptions[-1]) >= len(covering[-1]):
                return None
        return str(network_of_key(covering[-1]))


def _bits(address: IPv4Address | IPv6Address) -> str:
    """An IPv4 address that an IPv6 one carries (RFC 4291 section 2.5.5.2) counts as itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return f"6{int(address):0128b}"
        address = address.ipv4_mapped
    return f"4{int(address):032b}"
