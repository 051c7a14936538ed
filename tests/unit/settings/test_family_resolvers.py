"""Public resolvers that filter are known by address and by the name in their certificate."""

from __future__ import annotations

import pytest

from safedns.settings.family_resolvers import FAMILY_RESOLVERS, family_resolver
from safedns.settings.words import upstream


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1.1.1.3", "Cloudflare for Families"),
        ("[2606:4700:4700:0::1113]:53", "Cloudflare for Families"),
        ("https://family.cloudflare-dns.com/dns-query", "Cloudflare for Families"),
        ("tls://192.0.2.1#family.adguard-dns.com", "AdGuard Family"),
        ("quic://94.140.14.15", "AdGuard Family"),
        ("9.9.9.9", None),
        ("tls://1.1.1.1#cloudflare-dns.com", None),
    ],
)
def test_a_resolver_is_known_by_address_or_name(text: str, name: str | None) -> None:
    known = family_resolver(upstream(text))
    assert (known.name if known is not None else None) == name


def test_no_address_belongs_to_two() -> None:
    hosts = [host for resolver in FAMILY_RESOLVERS for host in resolver.hosts]
    assert len(hosts) == len(set(hosts))
