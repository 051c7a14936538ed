"""The hosts format: ``ADDRESS NAME [NAME...]``. An address that leads nowhere blocks each name and all below it.

The names that every hosts file defines for the machine itself are passed over without a word. A line with a name
alone is taken too, since some makers mix both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from safedns.blocklist.formats.entry import (
    IS_ADDRESS,
    NOT_A_SINK,
    Entry,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)

OWN_NAMES = frozenset({"localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0"})  # noqa: S104 - a word
"""Words that a hosts file holds for the machine itself; with them whatever starts with ``ip6-``."""

_NOWHERE = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "127.0.0.0/8",
            "192.0.2.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
            "::/127",
            "100::/64",
            "2001:db8::/32",
        ),
    )
)
"""This machine itself, what documents show, what is thrown away or was never given out (RFC 6890)."""

_KNOWN_SINKS = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1", "0"})  # noqa: S104 - an address to compare with


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries of kind ``below`` and refusals, in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        words = without_comment(line).split()
        if not words:
            continue
        first, names = words[0], words[1:]
        if first not in _KNOWN_SINKS:
            address = host_address(first)
            if address is None:
                names = words
            elif not names:
                yield refuse(number, line, IS_ADDRESS)
            elif not leads_nowhere(address):
                if not all(is_own_name(name) for name in names):
                    yield refuse(number, line, NOT_A_SINK)
                continue
        for name in names:
            if is_own_name(name):
                continue
            try:
                yield Entry(entry_name(name), "below")
            except NotTakenError as error:
                yield refuse(number, name, str(error))


def host_address(word: str) -> IPv4Address | IPv6Address | None:
    """The address that ``word`` is (a scope after ``%`` may follow), else ``None``."""
    try:
        return ip_address(word.partition("%")[0])
    except ValueError:
        return None


def leads_nowhere(address: IPv4Address | IPv6Address) -> bool:
    """Whether an answer with ``address`` blocks: nothing beyond the asking machine itself can be behind it."""
    return any(address in network for network in _NOWHERE)


def is_own_name(word: str) -> bool:
    """Whether ``word`` stands for the machine itself."""
    return word in OWN_NAMES or (word.startswith("ip6-") and "." not in word)
