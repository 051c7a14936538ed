"""The proofs of non-existence in a response, of one zone and with good signatures."""

from __future__ import annotations

from typing import NamedTuple, cast

import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3

from safedns.resolve.dnssec.denial import Denial
from safedns.resolve.dnssec.keys import Zone
from safedns.resolve.dnssec.nsec import NsecDenial
from safedns.resolve.dnssec.nsec3 import MAX_ITERATIONS, Nsec3Denial, TooManyIterations, understood
from safedns.resolve.dnssec.records import Sections, Signed
from safedns.resolve.dnssec.signatures import Proven, check
from safedns.resolve.dnssec.verdict import Bogus, shown
from safedns.resolve.dnssec.work import Steps, Work
from safedns.wire.types import Ede

_KINDS = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


MAX_PROOFS = 8
"""Sets of records that are looked at; what has to be proven takes three, and more only where aliases meet wildcards."""


class Proofs(NamedTuple):
    """What a zone says does not exist."""

    denial: Denial
    ttl: int
    """Seconds that it may be kept."""
    sets: tuple[Signed, ...]
    """What proves it."""


def proofs_of(zone: Zone, sections: Sections, work: Work) -> Steps[Proofs]:
    """Raises ``Bogus`` where there are none, or one whose signature is not good."""
    plain: list[tuple[dns.name.Name, NSEC]] = []
    hashed: list[tuple[dns.name.Name, NSEC3]] = []
    sets: list[Signed] = []
    ttl = None
    for signed in sections.authority.values():
        if signed.rrset.rdtype in _KINDS and any(signature.signer == zone.name for signature in signed.signatures):
            if len(sets) >= MAX_PROOFS:
                raise Bogus(f"more than {MAX_PROOFS} proofs of {shown(zone.name)} come along")
            yield None
            proven = check(signed, zone, work)
            sets.append(signed)
            ttl = proven.ttl if ttl is None else min(ttl, proven.ttl)
            if signed.rrset.rdtype == dns.rdatatype.NSEC:
                plain.append((_owner(signed, proven), cast("NSEC", signed.rrset[0])))
            elif proven.encloser is None:
                hashed.append((signed.owner, cast("NSEC3", signed.rrset[0])))
    if ttl is None:
        raise Bogus(f"{shown(zone.name)} is signed, and does not prove what it denies", Ede.NSEC_MISSING)
    return Proofs(_denial(zone, plain, hashed, work), ttl, tuple(sets))


def _owner(nsec: Signed, proven: Proven) -> dns.name.Name:
    """Whose record it is: some servers give a wildcard's under the name that was asked for."""
    if proven.encloser is None:
        return nsec.owner
    return dns.name.Name((b"*", *proven.encloser.labels))  # shorter than the name it stands for


def _denial(
    zone: Zone, plain: list[tuple[dns.name.Name, NSEC]], hashed: list[tuple[dns.name.Name, NSEC3]], work: Work
) -> Denial:
    if plain:
        return NsecDenial(plain)
    if any(nsec3.iterations > MAX_ITERATIONS and understood(nsec3) for _, nsec3 in hashed):
        return TooManyIterations()
    return Nsec3Denial(zone.name, hashed, work)
