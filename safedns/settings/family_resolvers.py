"""Public resolvers that filter, as their makers describe them: which address or name is which.

Only a description: whether one of them filters just now, ``resolve/filtering.py`` finds out.
"""

from __future__ import annotations

from typing import NamedTuple

from safedns.settings.model import UpstreamSpec


class FamilyResolver(NamedTuple):
    """One service that does not answer everything."""

    name: str
    filters: str
    hosts: frozenset[str]
    """Addresses and names by which it is asked."""

    @property
    def closes_adult(self) -> bool:
        """Whether it keeps adult names closed, as all but those do that are against malware only."""
        return "adult" in self.filters


FAMILY_RESOLVERS = (
    FamilyResolver(
        "Cloudflare for Families",
        "malware, adult",
        frozenset(
            ("1.1.1.3", "1.0.0.3", "2606:4700:4700::1113", "2606:4700:4700::1003", "family.cloudflare-dns.com"),
        ),
    ),
    FamilyResolver("Cloudflare without malware", "malware", frozenset(("1.1.1.2", "1.0.0.2"))),
    FamilyResolver(
        "AdGuard Family",
        "ads, adult, safe search",
        frozenset(("94.140.14.15", "94.140.15.16", "family.adguard-dns.com")),
    ),
    FamilyResolver(
        "CleanBrowsing Family",
        "adult, proxies, mixed sites, safe search",
        frozenset(
            (
                "185.228.168.168",
                "185.228.169.168",
                "2a0d:2a00:1::",
                "2a0d:2a00:2::",
                "family-filter-dns.cleanbrowsing.org",
            )
        ),
    ),
    FamilyResolver("CleanBrowsing Adult", "adult", frozenset(("185.228.168.10", "185.228.169.11"))),
    FamilyResolver("CleanBrowsing Security", "malware", frozenset(("185.228.168.9", "185.228.169.9"))),
    FamilyResolver(
        "OpenDNS FamilyShield",
        "adult, proxies",
        frozenset(
            ("208.67.222.123", "208.67.220.123", "doh.familyshield.opendns.com", "familyshield.opendns.com"),
        ),
    ),
)

_BY_HOST = {host: resolver for resolver in FAMILY_RESOLVERS for host in resolver.hosts}


def family_resolver(spec: UpstreamSpec) -> FamilyResolver | None:
    """The service that an upstream is known to be; ``None`` for one that is not known to filter."""
    return _BY_HOST.get(spec.host) or _BY_HOST.get(spec.certificate)
