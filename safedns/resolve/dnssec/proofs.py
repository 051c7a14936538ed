"""The proofs of non-existence in a response, of one zone and with good signatures."""

from __future__ import annotations

from typing import NamedTuple, cast

import dns.rdatatype
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3

from safedns.resolve.dnssec.denial import Denial
from safedns.resolve.dnssec.keys import Zone
from safedns.resolve.dnssec.nsec import NsecDenial
from safedns.resolve.dnssec.nsec3 import MAX_ITERATIONS, Nsec3Denial, TooManyIterations, understood
from safedns.resolve.dnssec.records import Sections, Signed
from safedns.resolve.dnssec.signatures import check
from safedns.resolve.dnssec.verdict import Bogus, shown
from safedns.resolve.dnssec.work import Work
from safedns.wire.types import Ede

_KINDS = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


class Proofs(NamedTuple):
    """What a zone says does not exist."""

    denial: Denial
    ttl: int
    """Seconds that it may be kept."""


def proofs_of(zone: Zone, sections: Sections, work: Work) -> Proofs:
    """Raises ``Bogus`` where there are none, or one whose signature is not good."""
    found: list[Signed] = []
    ttl = None
    for signed in sections.authority.values():
        if signed.rrset.rdtype in _KINDS and any(signature.signer == zone.name for signature in signed.signatures):
            proven = check(signed, zone, work)
            if proven.encloser is None:  # what a wildcard has made is no proof (RFC 4035 section 5.3.4)
                found.append(signed)
                ttl = proven.ttl if ttl is None else min(ttl, proven.ttl)
    if ttl is None:
        raise Bogus(f"{shown(zone.name)} is signed, and does not prove what it denies", Ede.NSEC_MISSING)
    return Proofs(_denial(zone, found, work), ttl)


def _denial(zone: Zone, found: list[Signed], work: Work) -> Denial:
    plain = [(each.owner, cast("NSEC", each.rrset[0])) for each in found if each.rrset.rdtype == dns.rdatatype.NSEC]
    if plain:
        return NsecDenial(plain)
    hashed = [(each.owner, cast("NSEC3", each.rrset[0])) for each in found]
    if any(nsec3.iterations > MAX_ITERATIONS and understood(nsec3) for _, nsec3 in hashed):
        return TooManyIterations()
    return Nsec3Denial(zone.name, hashed, work)
