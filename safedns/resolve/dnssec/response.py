"""Is a response what the owners of its zones have signed? RFC 4035 section 5, RFC 6840.

answer section: from the question along aliases ----+-- the records asked for: every link is signed
                                                    '-- none: the end of the chain is denied, with proof
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.DNAME import DNAME

from safedns.resolve.dnssec.chain import Chain
from safedns.resolve.dnssec.denial import Proof
from safedns.resolve.dnssec.keys import Zone
from safedns.resolve.dnssec.proofs import Proofs, proofs_of
from safedns.resolve.dnssec.records import Key, Sections, Signed, sections_of
from safedns.resolve.dnssec.signatures import check
from safedns.resolve.dnssec.trust import ancestors
from safedns.resolve.dnssec.verdict import Bogus, Exhausted, NoKey, Security, Unreachable, Verdict, shown
from safedns.resolve.dnssec.work import Steps, Work
from safedns.wire.types import Ede, RCode

MAX_LINKS = 16
"""Aliases in a row."""


def validate(chain: Chain, message: dns.message.Message, work: Work, mono: float) -> Steps[Verdict]:
    """The verdict on a response; raises ``Bogus`` or ``Unreachable``. ``mono``: monotonic seconds."""
    try:
        return (yield from Response(chain, message, work, mono).judge())
    except NoKey as problem:
        if not chain.renew(problem.zone, mono):
            raise
    work.fresh = True
    return (yield from Response(chain, message, work, mono).judge())


class Response:
    """One response under validation."""

    def __init__(self, chain: Chain, message: dns.message.Message, work: Work, mono: float) -> None:
        self._chain = chain
        self._work = work
        self._mono = mono
        self._message = message
        self._sections: Sections = sections_of(message)
        self._rcode = self._sections.rcode
        self._unused: dict[Key, Signed] = dict(self._sections.answer)
        self._proven: dict[Key, Signed] = {}
        """Of the authority section: what has been checked."""
        self._secure = True
        self._dnames: dict[dns.name.Name, bool] = {}
        """Those that were looked at, and whether they are signed."""
        self._ttl = 1 << 31

    def judge(self) -> Steps[Verdict]:
        """See ``validate``."""
        qname, qtype = self._message.question[0].name, self._message.question[0].rdtype
        if qtype == dns.rdatatype.RRSIG and not self._unused and self._sections.rcode == RCode.NOERROR:
            self._secure = False  # signatures alone are signed by nobody
            return self._verdict(self._message.answer)
        end, found = yield from self._follow(qname, qtype)
        if not found:
            yield from self._denied(end, qtype)
        elif self._sections.rcode != RCode.NOERROR:
            raise Bogus("it has the records asked for and says that there are none")
        if self._unused:
            raise Bogus(f"nobody has asked for {next(iter(self._unused.values()))}")
        return self._verdict(_sets(self._sections.answer.values()))

    def _verdict(self, answer: Iterable[dns.rrset.RRset]) -> Verdict:
        rcode, told = self._rcode, tuple(answer)
        if self._secure:
            return Verdict(Security.SECURE, self._ttl, rcode, told, tuple(_sets(self._proven.values())), ())
        unchecked = tuple(rrset for rrset in self._message.additional if rrset.rdclass == dns.rdataclass.IN)
        authority = tuple(_sets(self._sections.authority.values()))
        return Verdict(Security.INSECURE, self._ttl, rcode, told, authority, unchecked)

    def _follow(self, name: dns.name.Name, qtype: RdataType) -> Steps[tuple[dns.name.Name, bool]]:
        """Where the aliases lead, and whether there are the records asked for."""
        for _ in range(MAX_LINKS):
            if (records := self._unused.pop((name, qtype), None)) is not None:
                yield from self._link(records)
                return name, True
            alias = self._unused.pop((name, dns.rdatatype.CNAME), None)
            if alias is None:
                return name, False
            yield from self._link(alias)
            yield None
            name = cast("CNAME", alias.rrset[0]).target
        raise Bogus(f"more than {MAX_LINKS} aliases follow on each other")

    def _link(self, records: Signed) -> Steps[None]:
        """A link is good: itself, or the DNAME of which it was made."""
        dname = None
        if records.rrset.rdtype == dns.rdatatype.CNAME and not records.signatures:
            dname = self._dname_above(records.owner, cast("CNAME", records.rrset[0]).target)
        if dname is None:
            yield from self._signed(records)
            return
        if self._unused.pop((dname.owner, dns.rdatatype.DNAME), None) is not None:  # else it was seen before
            self._dnames[dname.owner] = yield from self._signed(dname)
        if not self._dnames[dname.owner]:
            # Nobody vouches for the DNAME; the alias may be in a zone below it for which somebody does.
            yield from self._zone(records.owner, records.owner, None)

    def _dname_above(self, name: dns.name.Name, target: dns.name.Name) -> Signed | None:
        """The DNAME of which an alias from ``name`` to ``target`` was made (RFC 6672 section 5.3.1)."""
        for above in ancestors(name):
            dname = self._sections.answer.get((above, dns.rdatatype.DNAME))
            if dname is not None and above != name:
                moved = name.relativize(above).concatenate(cast("DNAME", dname.rrset[0]).target)
                return dname if moved == target else None
        return None

    def _signed(self, records: Signed) -> Steps[bool]:
        """A link is good, or nobody vouches for it: then ``False``."""
        owner, rdtype = records.owner, records.rrset.rdtype
        place = _place(owner, rdtype)
        zone = yield from self._zone(owner, place, records.signer_for(place))
        if zone is None:
            return False
        proven = check(records, zone, self._work)
        self._ttl = min(self._ttl, proven.ttl)
        if proven.encloser is not None:
            proofs = yield from self._proofs_of(zone)
            self._take(
                proofs.denial.no_closer(owner, proven.encloser),
                f"{records} was made from a wildcard, and it is not proven that it may be",
            )
        return True

    def _denied(self, name: dns.name.Name, qtype: RdataType) -> Steps[None]:
        """What is not there is denied with proof, or by a zone that nobody vouches for."""
        place = _place(name, qtype)
        authority = self._sections.authority.values()
        signers = [signer for each in authority if (signer := each.signer_for(place)) is not None]
        zone = yield from self._zone(name, place, max(signers, key=len, default=None))
        if zone is None:
            return
        try:
            yield from self._proven_by(zone, name, qtype)
        except (Exhausted, NoKey):
            raise
        except Bogus as problem:
            # What the zone signs may be about a wildcard on the way here, and what is denied in a zone below it.
            if not (yield from self._is_insecure(place)):
                raise problem from None
            self._secure = False

    def _is_insecure(self, place: dns.name.Name) -> Steps[bool]:
        """Whether it is proven that nobody vouches for what is at ``place``."""
        try:
            known = yield from self._chain.zone_of(place, self._work, self._mono)
        except (Bogus, Unreachable):
            return False
        return known.zone.insecure

    def _proven_by(self, zone: Zone, name: dns.name.Name, qtype: RdataType) -> Steps[None]:
        """``zone`` denies what is not there."""
        proofs = yield from self._proofs_of(zone)
        for each in self._sections.authority.values():
            if each.rrset.rdtype == dns.rdatatype.SOA:
                yield None
                self._ttl = min(self._ttl, check(each, zone, self._work).ttl)
                self._proven[each.owner, dns.rdatatype.SOA] = each
        if self._sections.rcode == RCode.NXDOMAIN and (proof := proofs.denial.no_name(name)) is not Proof.NONE:
            self._take(proof, "")
            return
        proof = proofs.denial.no_type(name, qtype)
        if self._sections.rcode == RCode.NXDOMAIN:
            self._take(proof, f"it is not proven that {shown(name)} does not exist")
            self._rcode = RCode.NOERROR  # the name is there, without such records: some servers deny those with none
        else:
            self._take(proof, f"it is not proven that {shown(name)} has no {dns.rdatatype.to_text(qtype)}")

    def _proofs_of(self, zone: Zone) -> Steps[Proofs]:
        proofs = yield from proofs_of(zone, self._sections, self._work)
        self._ttl = min(self._ttl, proofs.ttl)
        self._proven |= {(each.owner, each.rrset.rdtype): each for each in proofs.sets}
        return proofs

    def _zone(self, name: dns.name.Name, place: dns.name.Name, signer: dns.name.Name | None) -> Steps[Zone | None]:
        """The zone that must have signed what is at ``name``; ``None`` where nobody vouches for it."""
        if not self._chain.trust.covers(name):
            self._secure = False
            return None
        known = yield from self._chain.zone_of(place if signer is None else signer, self._work, self._mono)
        if known.zone.insecure:
            self._secure = False
            return None
        if signer is None:
            text = f"{shown(known.zone.name)} is signed, and what it says of {shown(name)} is not"
            raise Bogus(text, Ede.RRSIGS_MISSING)
        if known.zone.name != signer:
            raise Bogus(f"{shown(signer)}, which signs what is at {shown(name)}, is no zone", Ede.DNSKEY_MISSING)
        return known.zone

    def _take(self, proof: Proof, problem: str) -> None:
        if proof is Proof.NONE:
            raise Bogus(problem, Ede.NSEC_MISSING)
        if proof is Proof.UNSIGNED:
            self._secure = False


def _sets(signed: Iterable[Signed]) -> Iterator[dns.rrset.RRset]:
    return (rrset for each in signed for rrset in each.sets())


def _place(name: dns.name.Name, rdtype: RdataType) -> dns.name.Name:
    """The lowest name that the zone can have which holds such records: DS are in the zone above."""
    return name.parent() if rdtype == dns.rdatatype.DS and name != dns.name.root else name
