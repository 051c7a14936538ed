"""The records of one section as sets with their signatures, found by owner and type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.RRSIG import RRSIG

from safedns.resolve.dnssec.verdict import Bogus, shown

Key = tuple[dns.name.Name, dns.rdatatype.RdataType]


class Signed(NamedTuple):
    """A set of records of one owner and type."""

    rrset: dns.rrset.RRset
    signatures: tuple[RRSIG, ...]

    @property
    def owner(self) -> dns.name.Name:
        return self.rrset.name

    def __str__(self) -> str:
        return f"{shown(self.owner)} {dns.rdatatype.to_text(self.rrset.rdtype)}"

    def signer_for(self, name: dns.name.Name) -> dns.name.Name | None:
        """Who signs it among the zones that could hold ``name``: the lowest one."""
        signers = [signature.signer for signature in self.signatures if name.is_subdomain(signature.signer)]
        return max(signers, key=len, default=None)

    def sets(self) -> Iterator[dns.rrset.RRset]:
        """The records, and then their signatures, which live as long (RFC 4034 section 3)."""
        yield self.rrset
        if self.signatures:
            yield dns.rrset.from_rdata_list(self.owner, self.rrset.ttl, self.signatures)


def sets_of(section: Iterable[dns.rrset.RRset]) -> dict[Key, Signed]:
    """Every set of the section that is not itself signatures; raises ``Bogus`` for one of another class."""
    plain: dict[Key, dns.rrset.RRset] = {}
    signatures: dict[Key, list[RRSIG]] = {}
    for rrset in section:
        if rrset.rdclass != dns.rdataclass.IN:
            raise Bogus(f"it has records of {shown(rrset.name)} in another class")
        if rrset.rdtype == dns.rdatatype.RRSIG:
            signatures.setdefault((rrset.name, rrset.covers), []).extend(cast("Iterator[RRSIG]", iter(rrset)))
        else:
            plain[rrset.name, rrset.rdtype] = rrset
    return {key: Signed(rrset, tuple(signatures.get(key, ()))) for key, rrset in plain.items()}


class Sections(NamedTuple):
    """A response as validation sees it."""

    rcode: int
    answer: dict[Key, Signed]
    authority: dict[Key, Signed]


def sections_of(message: dns.message.Message) -> Sections:
    """The parts of ``message`` that can be proven."""
    return Sections(int(message.rcode()), sets_of(message.answer), sets_of(message.authority))
