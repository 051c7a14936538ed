"""Proofs by NSEC records (RFC 4034 section 4, RFC 4035 section 5.4): each covers what lies between two names."""

from __future__ import annotations

from collections.abc import Iterable

import dns.name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC import NSEC

from safedns.resolve.dnssec.denial import Cut, Proof, cut_by, lacks, leads_away, wildcard_at

Link = tuple[dns.name.Name, NSEC]


class NsecDenial:
    """The NSEC records of one zone in one response."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = dict(links)

    def cut(self, name: dns.name.Name) -> Cut | None:
        """See ``Denial``."""
        if (there := self._links.get(name)) is not None:
            return cut_by(there.windows)
        link = self._covering(name)
        if link is None:
            return None
        return Cut.NO_ZONE if link[1].next.is_subdomain(name) else Cut.NOTHING

    def no_name(self, name: dns.name.Name) -> Proof:
        """See ``Denial``."""
        link = self._covering(name)
        if link is None or link[1].next.is_subdomain(name):
            return Proof.NONE
        wildcard = wildcard_at(_encloser(name, link))
        return Proof.PROVEN if wildcard is None or self._covering(wildcard) is not None else Proof.NONE

    def no_type(self, name: dns.name.Name, rdtype: RdataType) -> Proof:
        """See ``Denial``."""
        if (there := self._links.get(name)) is not None:
            return Proof.PROVEN if lacks(there.windows, rdtype, name) else Proof.NONE
        link = self._covering(name)
        if link is None:
            return Proof.NONE
        if link[1].next.is_subdomain(name):
            return Proof.PROVEN  # names below it exist, so it does, without records
        wildcard = wildcard_at(_encloser(name, link))
        there = None if wildcard is None else self._links.get(wildcard)
        return Proof.PROVEN if there is not None and lacks(there.windows, rdtype, name) else Proof.NONE

    def no_closer(self, name: dns.name.Name, encloser: dns.name.Name) -> Proof:
        """See ``Denial``."""
        link = self._covering(name)
        if link is None or link[1].next.is_subdomain(name):
            return Proof.NONE
        return Proof.PROVEN if len(_encloser(name, link)) <= len(encloser) else Proof.NONE

    def _covering(self, name: dns.name.Name) -> Link | None:
        """The record that proves that there are no records at ``name``."""
        for owner, nsec in self._links.items():
            last = nsec.next <= owner
            if owner < name and (last or name < nsec.next):
                if name.is_subdomain(owner) and leads_away(nsec.windows):
                    continue
                return owner, nsec
        return None


def _encloser(name: dns.name.Name, link: Link) -> dns.name.Name:
    """The lowest name above ``name`` that exists: above one of the names between which it would lie."""
    owner, nsec = link
    common = max(name.fullcompare(there)[2] for there in (owner, nsec.next))
    return name.split(common)[1]
