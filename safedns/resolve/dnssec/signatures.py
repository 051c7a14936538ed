"""Does a zone's key sign this set of records? RFC 4035 section 5.3, within bounds."""

from __future__ import annotations

from typing import NamedTuple

import dns.dnssec
import dns.name
from dns.exception import DNSException
from dns.rdtypes.ANY.RRSIG import RRSIG

from safedns.resolve.dnssec.keys import Zone, is_supported
from safedns.resolve.dnssec.records import Signed
from safedns.resolve.dnssec.verdict import Bogus, NoKey, shown
from safedns.resolve.dnssec.work import Work
from safedns.wire.types import Ede

MAX_TRIES = 4
"""Checks for one set of records: two algorithms during a change of keys, and keys whose tags happen to be the same."""
SKEW = 3600
"""Seconds by which a clock, ours or a signer's, may be wrong: so long round its time a signature counts."""
EXPIRED_TTL = 10
"""Seconds that records may be kept whose signature is past its time, and counts all the same."""


class Proven(NamedTuple):
    """A set of records that the zone has signed."""

    ttl: int
    """Seconds that it may be kept (RFC 4035 section 5.3.3)."""
    encloser: dns.name.Name | None
    """Where it was made from a wildcard: the name right above that."""


def check(records: Signed, zone: Zone, work: Work) -> Proven:
    """Raises ``Bogus`` unless one of the signatures is good; of several reasons it tells the one most worth knowing."""
    problems: list[Bogus] = []
    tries = 0
    for signature in records.signatures:
        if signature.signer != zone.name or not is_supported(signature.algorithm):
            continue
        keys = [key for key in zone.keys if (key.tag, key.algorithm) == (signature.key_tag, signature.algorithm)]
        if not keys:
            problems.append(NoKey(f"no key of {shown(zone.name)} has signed {records}", zone.name))
            continue
        if (problem := _out_of_date(records, signature, work)) is not None:
            problems.append(problem)
            continue
        for key in keys:
            tries += 1
            if tries > MAX_TRIES:
                raise Bogus(f"{records} has too many signatures that are not good")
            work.check()
            try:
                dns.dnssec.validate_rrsig(records.rrset, signature, {zone.name: key.alone}, now=signature.inception)
            except (DNSException, ValueError):
                problems.append(Bogus(f"the signature of {records} is not good"))
            else:
                return _proven(records, signature, work)
    raise _worst(problems) or Bogus(f"{records} is not signed by {shown(zone.name)}", Ede.RRSIGS_MISSING)


def _out_of_date(records: Signed, signature: RRSIG, work: Work) -> Bogus | None:
    if work.now is None:
        return None
    if signature.expiration + SKEW < work.now:
        return Bogus(f"the signature of {records} has expired", Ede.SIGNATURE_EXPIRED)
    if signature.inception - SKEW > work.now:
        return Bogus(f"the signature of {records} is not valid yet", Ede.SIGNATURE_NOT_YET_VALID)
    return None


def _worst(problems: list[Bogus]) -> Bogus | None:
    order = (Ede.DNSSEC_BOGUS, Ede.SIGNATURE_EXPIRED, Ede.SIGNATURE_NOT_YET_VALID, Ede.DNSKEY_MISSING)
    return min(problems, key=lambda problem: order.index(problem.ede), default=None)


def _proven(records: Signed, signature: RRSIG, work: Work) -> Proven:
    left = work.seconds_until(signature.expiration) or EXPIRED_TTL
    ttl = min(records.rrset.ttl, signature.original_ttl, left)
    labels = len(records.owner) - 1  # without the root
    if signature.labels >= labels - (1 if records.owner.is_wild() else 0):
        return Proven(ttl, None)
    return Proven(ttl, records.owner.split(signature.labels + 1)[1])
