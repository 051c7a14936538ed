"""Discovery of designated resolvers (RFC 9462): devices that ask us in the clear are told where we speak encrypted DNS.

_dns.resolver.arpa, _dns.NAME  ->  SVCB (RFC 9461): our name, protocol, port, addresses, and the path of HTTPS
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from safedns.wire.names import to_wire
from safedns.wire.types import QType

_UNIT = "_dns.resolver.arpa"
_ALPN, _PORT, _IPV4_HINT, _IPV6_HINT, _DOHPATH = 1, 3, 4, 6, 7
"""SvcParamKeys (RFC 9460 section 14.3.2, RFC 9461 section 9.1)."""
_PROTOCOLS = {"tls": b"dot", "https": b"h2", "quic": b"doq"}
"""In the order in which devices should try them: what costs this machine least comes first."""
_PATH = b"/dns-query{?dns}"
_MOST_HINTS = 4
_PAIR = struct.Struct("!HH")

_Address = IPv4Address | IPv6Address


class Designated(NamedTuple):
    """What we say of ourselves."""

    name: str
    """Canonical: ours, and one label below it a device's."""
    records: Mapping[str, list[tuple[int, bytes]]]
    """Canonical name -> (type, RDATA)."""


def designated(name: str, places: Iterable[tuple[str, str, int]]) -> Designated | None:
    """Ourselves under ``name`` (canonical), answering at ``places`` (protocol, address, port), the likeliest
    addresses first; ``None`` for nowhere."""
    ports: dict[tuple[str, int], list[_Address]] = {}
    for protocol, host, port in places:
        if protocol in _PROTOCOLS:
            ports.setdefault((protocol, port), []).append(ip_address(host.partition("%")[0]))
    if not name or not ports:
        return None
    order = list(_PROTOCOLS)
    found = sorted(ports, key=lambda key: (order.index(key[0]), key[1]))
    rdatas = [
        (int(QType.SVCB), _svcb(priority, name, protocol, port, ports[protocol, port]))
        for priority, (protocol, port) in enumerate(found, 1)
    ]
    return Designated(name, {_UNIT: rdatas, f"_dns.{name}": rdatas})


def _svcb(priority: int, name: str, protocol: str, port: int, addresses: list[_Address]) -> bytes:
    alpn = _PROTOCOLS[protocol]
    parameters = {
        _ALPN: bytes((len(alpn),)) + alpn,
        _PORT: port.to_bytes(2),
        _IPV4_HINT: _hints(addresses, 4),
        _IPV6_HINT: _hints(addresses, 6),
        _DOHPATH: _PATH if protocol == "https" else b"",
    }
    written = (_PAIR.pack(key, len(value)) + value for key, value in parameters.items() if value)
    return priority.to_bytes(2) + to_wire(name) + b"".join(written)


def _hints(addresses: list[_Address], version: int) -> bytes:
    """Those that others can reach: this machine's own loopback only where there is nothing else."""
    usable = [address for address in addresses if not address.is_link_local]
    elsewhere = [address for address in usable if not address.is_loopback] or usable
    return b"".join([address.packed for address in elsewhere if address.version == version][:_MOST_HINTS])
