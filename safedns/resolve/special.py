"""Names and zones that never leave the house, and what each gets. Data from the IANA registries; no logic.

Special-use names (RFC 6761) and locally served zones (RFC 6303), as far as a resolver must act on them.
"""

from __future__ import annotations

from enum import Enum, auto


class Treatment(Enum):
    """What a name at or below an entry is told."""

    NXDOMAIN = auto()
    """It does not exist."""
    EMPTY_ZONE = auto()
    """The zone itself is there but empty; nothing exists below it (RFC 6303 section 3)."""
    NODATA = auto()
    """It exists and has no records: the asker shall not look further."""
    LOOPBACK = auto()
    """This machine (RFC 6761 section 6.3)."""


def _empty(*zones: str) -> dict[str, Treatment]:
    return dict.fromkeys(zones, Treatment.EMPTY_ZONE)


SPECIAL: dict[str, Treatment] = {
    "localhost": Treatment.LOOPBACK,
    "invalid": Treatment.NXDOMAIN,  # RFC 6761 section 6.4
    "test": Treatment.NXDOMAIN,  # RFC 6761 section 6.2
    "onion": Treatment.NXDOMAIN,  # RFC 7686
    "local": Treatment.NXDOMAIN,  # RFC 6762: multicast DNS
    "internal": Treatment.NXDOMAIN,  # reserved by ICANN for private use
    "alt": Treatment.NXDOMAIN,  # RFC 9476
    "resolver.arpa": Treatment.NODATA,  # RFC 9462: designations are in ``designation``
    **_empty("home.arpa", "service.arpa"),  # RFC 8375, RFC 9665: names that things of the home register
    # RFC 6303 sections 4.1 and 4.2: RFC 1918, RFC 5737
    **_empty("10.in-addr.arpa", "168.192.in-addr.arpa", *(f"{second}.172.in-addr.arpa" for second in range(16, 32))),
    **_empty("0.in-addr.arpa", "127.in-addr.arpa", "254.169.in-addr.arpa", "255.255.255.255.in-addr.arpa"),
    **_empty("2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa"),
    **_empty(*(f"{second}.100.in-addr.arpa" for second in range(64, 128))),  # RFC 7793
    # RFC 6303 sections 4.3 to 4.6: unspecified and loopback address, unique local, link-local, documentation
    **_empty("0." * 32 + "ip6.arpa", "1." + "0." * 31 + "ip6.arpa", "c.f.ip6.arpa", "d.f.ip6.arpa"),
    **_empty("8.e.f.ip6.arpa", "9.e.f.ip6.arpa", "a.e.f.ip6.arpa", "b.e.f.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"),
}
"""Canonical name -> what it and every name below it get, unless a route is configured for it."""

CANARY = "use-application-dns.net"
"""Firefox asks for it before it turns its own DNS over HTTPS on; NXDOMAIN says: don't."""

WHY_ZONE = "why.safedns.internal"
"""A TXT question for NAME.why.safedns.internal is told what applies to NAME for the asking device; never forwarded."""

HEALTH_CHECK = "healthcheck.safedns"
"""Answered whatever upstreams do: that this process is alive."""

SOFTWARE_NAMES = frozenset({"version.bind", "version.server", "id.server", "hostname.bind"})
"""CHAOS TXT names that operators ask (RFC 4892); the answer names no machine."""
