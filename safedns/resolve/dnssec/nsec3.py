"""Proofs by NSEC3 records (RFC 5155 section 8): each covers what lies between two hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable

import dns.name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC3 import NSEC3

from safedns.resolve.dnssec.denial import Cut, Proof, cut_by, lacks, leads_away, wildcard_at
from safedns.resolve.dnssec.work import Work

MAX_ITERATIONS = 50
"""What a zone may demand; beyond it counts as unsigned (RFC 9276 section 3.2)."""
_SHA1 = 1
_OPT_OUT = 1

Link = tuple[dns.name.Name, NSEC3]


class TooManyIterations:
    """The proofs of a zone that demands more work than it gets: whatever is denied may exist, unsigned."""

    def cut(self, _name: dns.name.Name) -> Cut | None:
        """See ``Denial``."""
        return Cut.UNSIGNED_ZONE

    def no_name(self, _name: dns.name.Name) -> Proof:
        """See ``Denial``."""
        return Proof.UNSIGNED

    def no_type(self, _name: dns.name.Name, _rdtype: RdataType) -> Proof:
        """See ``Denial``."""
        return Proof.UNSIGNED

    def no_closer(self, _name: dns.name.Name, _encloser: dns.name.Name) -> Proof:
        """See ``Denial``."""
        return Proof.UNSIGNED


class Nsec3Denial:
    """The NSEC3 records of one zone in one response, of one salt."""

    def __init__(self, zone: dns.name.Name, links: Iterable[Link], work: Work) -> None:
        self._zone = zone
        self._work = work
        self._links: dict[bytes, NSEC3] = {}
        self._hashes: dict[dns.name.Name, bytes] = {}
        self._salt, self._iterations = b"", 0
        for owner, nsec3 in links:
            hashed = _hash_in(owner)
            if hashed is None or owner.parent() != zone or not understood(nsec3):
                continue
            if not self._links:
                self._salt, self._iterations = nsec3.salt, nsec3.iterations
            if (nsec3.salt, nsec3.iterations) == (self._salt, self._iterations):  # the same for all (section 7.1)
                self._links[hashed] = nsec3

    def cut(self, name: dns.name.Name) -> Cut | None:
        """See ``Denial``."""
        if (there := self._links.get(self._hash(name))) is not None:
            return cut_by(there.windows)
        found = self._closest(name)
        if found is None:
            return None
        return Cut.UNSIGNED_ZONE if found[1].flags & _OPT_OUT else Cut.NOTHING

    def no_name(self, name: dns.name.Name) -> Proof:
        """See ``Denial``."""
        found = self._closest(name)
        if found is None:
            return Proof.NONE
        wildcard = wildcard_at(found[0])
        if wildcard is not None and self._covering(wildcard) is None:
            return Proof.NONE
        return _unless_opted_out(found[1])

    def no_type(self, name: dns.name.Name, rdtype: RdataType) -> Proof:
        """See ``Denial``."""
        if (there := self._links.get(self._hash(name))) is not None:
            return Proof.PROVEN if lacks(there.windows, rdtype, name) else Proof.NONE
        found = self._closest(name)
        if found is None:
            return Proof.NONE
        wildcard = wildcard_at(found[0])
        there = None if wildcard is None else self._links.get(self._hash(wildcard))
        if there is not None:
            return _unless_opted_out(found[1]) if lacks(there.windows, rdtype, name) else Proof.NONE
        return Proof.UNSIGNED if found[1].flags & _OPT_OUT else Proof.NONE

    def no_closer(self, name: dns.name.Name, encloser: dns.name.Name) -> Proof:
        """See ``Denial``."""
        covering = self._covering(name.split(len(encloser) + 1)[1])
        return Proof.NONE if covering is None else _unless_opted_out(covering)

    def _closest(self, name: dns.name.Name) -> tuple[dns.name.Name, NSEC3] | None:
        """The lowest existing name above ``name``, and what proves that the next lower one does not (section 8.3)."""
        below = name
        while below != self._zone:
            encloser = below.parent()
            there = self._links.get(self._hash(encloser))
            if there is not None:
                covering = self._covering(below)
                if covering is None or leads_away(there.windows):
                    return None
                return encloser, covering
            below = encloser
        return None

    def _covering(self, name: dns.name.Name) -> NSEC3 | None:
        hashed = self._hash(name)
        for owner, nsec3 in self._links.items():
            if owner < hashed < nsec3.next or (nsec3.next <= owner and (hashed > owner or hashed < nsec3.next)):
                return nsec3
        return None

    def _hash(self, name: dns.name.Name) -> bytes:
        """RFC 5155 section 5."""
        hashed = self._hashes.get(name)
        if hashed is None:
            self._work.hash(self._iterations)
            hashed = name.to_digestable()
            for _ in range(self._iterations + 1):
                hashed = hashlib.sha1(hashed + self._salt, usedforsecurity=False).digest()
            self._hashes[name] = hashed
        return hashed


def understood(nsec3: NSEC3) -> bool:
    """Whether it is of a kind that may be used at all (sections 8.1 and 8.2)."""
    return bool(nsec3.algorithm == _SHA1 and not nsec3.flags & ~_OPT_OUT)


def _unless_opted_out(nsec3: NSEC3) -> Proof:
    return Proof.UNSIGNED if nsec3.flags & _OPT_OUT else Proof.PROVEN


def _hash_in(owner: dns.name.Name) -> bytes | None:
    try:
        return base64.b32hexdecode(owner.labels[0].upper())
    except (binascii.Error, ValueError):
        return None
