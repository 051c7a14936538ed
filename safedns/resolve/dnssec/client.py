"""A validated answer as one client may have it: AD, which records, and for how long (RFC 4035)."""

from __future__ import annotations

from collections.abc import Iterable

import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from safedns.resolve.dnssec.verdict import Security, Verdict
from safedns.wire.answer import Answer, decode_answer, make_answer
from safedns.wire.query import Query
from safedns.wire.types import FLAG_QR, RCode

CLOSED_TTL = 60
"""Seconds for which it is remembered that the upstream keeps a name closed; nothing proves that it does."""
_PROOFS = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
_LARGEST = 65_535


def for_client(query: Query, answer: Answer, verdict: Verdict) -> Answer:
    """What was found about ``answer``, written anew as the answer to ``query``.

    Not a record goes out that was not looked at: the octets that came may hold more, and mean something else in another
    place. Proofs go only to who sent DO, or asks for them by type; nothing in a secure answer outlives its signatures.
    """
    message = dns.message.QueryMessage(id=0)
    message.flags = dns.flags.Flag(FLAG_QR | verdict.rcode)
    name = dns.name.from_wire(query.cache_key, 0)[0]
    message.question = [dns.rrset.RRset(name, dns.rdataclass.IN, dns.rdatatype.RdataType.make(query.qtype))]
    message.answer = _told(query, verdict, verdict.answer, of_type=query.qtype)
    message.authority = _told(query, verdict, verdict.authority)
    message.additional = _told(query, verdict, verdict.additional)
    told = decode_answer(message.to_wire(max_size=_LARGEST, want_shuffle=False), query)
    return told._replace(ad=verdict.security is Security.SECURE, ttl=min(told.ttl, verdict.ttl), denied=answer.denied)


def closed(query: Query, answer: Answer) -> Answer:
    """What is left of an answer by which the upstream keeps the name closed: that alone, for the rest is not proven."""
    told = make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=CLOSED_TTL)
    return told._replace(aa=False, denied=answer.denied)


def _told(
    query: Query, verdict: Verdict, sets: Iterable[dns.rrset.RRset], *, of_type: int = 0
) -> list[dns.rrset.RRset]:
    """Those of a section that ``query`` gets; proofs of the type ``of_type`` were asked for."""
    return [
        dns.rrset.from_rdata_list(rrset.name, min(rrset.ttl, verdict.ttl), list(rrset))
        for rrset in sets
        if query.do or rrset.rdtype not in _PROOFS or rrset.rdtype == of_type
    ]
