"""Keys of a zone: which of them a DS record vouches for, and what can be worked with at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast

import dns.dnssec
import dns.name
import dns.rdataset
from dns.dnssecalgs import get_algorithm_cls
from dns.dnssectypes import Algorithm, DSDigest
from dns.exception import DNSException
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.dnskeybase import Flag

MAX_KEYS = 32
"""Keys of a zone that are looked at."""
MAX_DS = 8
"""DS records for a zone that are looked at."""
MAX_KEY = 4096 // 8
"""Octets of a key, of an RSA key its modulus. A longer one costs more, and none is in use."""
MAX_EXPONENT_BITS = 35
"""Of an RSA key: 65537 nearly everywhere, in old zones 2 to the 32nd plus 1. With a long one, a check takes 5 ms."""
_RSA = (Algorithm.RSASHA1, Algorithm.RSASHA1NSEC3SHA1, Algorithm.RSASHA256, Algorithm.RSASHA512)
_PROTOCOL = 3
_DIGESTS = (DSDigest.SHA256, DSDigest.SHA384)
_ONLY_IF_ALONE = DSDigest.SHA1
"""Not used where there is a better one (RFC 4509 section 3)."""


class ZoneKey(NamedTuple):
    """A key that may sign a zone's records."""

    tag: int
    algorithm: int
    alone: dns.rdataset.Rdataset
    """The key, in the form in which it is given to dnspython one by one."""


class Zone(NamedTuple):
    """A zone on the way down from a trust anchor."""

    name: dns.name.Name
    keys: tuple[ZoneKey, ...]
    """None: it is proven that nobody vouches for the zone, so that nothing in it can be checked."""

    @property
    def insecure(self) -> bool:
        return not self.keys


def is_supported(algorithm: int) -> bool:
    """Whether signatures of this algorithm can be checked, and may be (RFC 9904)."""
    try:
        get_algorithm_cls(algorithm)
    except DNSException:
        return False
    return dns.dnssec.default_policy.ok_to_validate(cast("DNSKEY", _Algorithm(algorithm)))


class _Algorithm(NamedTuple):
    """As much of a key as a policy looks at."""

    algorithm: int


def usable_ds(records: Iterable[DS]) -> list[DS]:
    """Those that can be worked with; none = the zone counts as unsigned (RFC 4035 section 5.2)."""
    known = [ds for ds in records if is_supported(ds.algorithm)]
    good = [ds for ds in known if ds.digest_type in _DIGESTS]
    return (good or [ds for ds in known if ds.digest_type == _ONLY_IF_ALONE])[:MAX_DS]


def zone_keys(keys: Iterable[DNSKEY]) -> tuple[ZoneKey, ...]:
    """Those that may sign the zone's records: zone keys (RFC 4034 section 2.1) that are not revoked (RFC 5011).

    What cannot be worked with at a price that is common is left out.
    """
    return tuple(
        ZoneKey(dns.dnssec.key_id(key), key.algorithm, dns.rdataset.from_rdata(0, key))
        for key in list(keys)[:MAX_KEYS]
        if key.flags & Flag.ZONE and not key.flags & Flag.REVOKE and key.protocol == _PROTOCOL
        if is_supported(key.algorithm) and _is_affordable(key)
    )


def _is_affordable(key: DNSKEY) -> bool:
    octets = key.key
    if key.algorithm not in _RSA:
        return len(octets) <= MAX_KEY
    start, length = (1, octets[0]) if octets[:1] != b"\0" else (3, int.from_bytes(octets[1:3]))  # RFC 3110 section 2
    end = start + length
    return len(octets) - end <= MAX_KEY and int.from_bytes(octets[start:end]).bit_length() <= MAX_EXPONENT_BITS


def vouched_for(name: dns.name.Name, keys: Iterable[ZoneKey], records: Iterable[DS]) -> tuple[ZoneKey, ...]:
    """Those ``keys`` of the zone ``name`` whose digest is in one of the DS ``records``."""
    wanted = list(records)
    return tuple(
        key
        for key in keys
        if any((ds.key_tag, ds.algorithm) == (key.tag, key.algorithm) and _digests(name, key, ds) for ds in wanted)
    )


def _digests(name: dns.name.Name, key: ZoneKey, ds: DS) -> bool:
    made = dns.dnssec.make_ds(name, key.alone[0], DSDigest(ds.digest_type), validating=True)
    return bool(made.digest == ds.digest)
