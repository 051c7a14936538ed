"""A validated answer as one client may have it: AD, which records, and for how long (RFC 4035)."""

from __future__ import annotations

from collections.abc import Iterator

import dns.name
import dns.rdatatype
import dns.renderer
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
    message = dns.renderer.Renderer(0, FLAG_QR | verdict.rcode, _LARGEST)
    message.add_question(dns.name.from_wire(query.cache_key, 0)[0], dns.rdatatype.RdataType.make(query.qtype))
    for section, rrset in _records(query, verdict):
        lowered = dns.rrset.from_rdata_list(rrset.name, min(rrset.ttl, verdict.ttl), rrset)
        message.add_rrset(section, lowered, want_shuffle=False)
    message.write_header()
    told = decode_answer(message.get_wire(), query)
    return told._replace(ad=verdict.security is Security.SECURE, ttl=min(told.ttl, verdict.ttl), denied=answer.denied)


def _records(query: Query, verdict: Verdict) -> Iterator[tuple[int, dns.rrset.RRset]]:
    for rrset in verdict.answer:
        if query.do or rrset.rdtype not in _PROOFS or rrset.rdtype == query.qtype:
            yield dns.renderer.ANSWER, rrset
    for section, sets in ((dns.renderer.AUTHORITY, verdict.authority), (dns.renderer.ADDITIONAL, verdict.additional)):
        for rrset in sets:
            if query.do or rrset.rdtype not in _PROOFS:
                yield section, rrset


def closed(query: Query, answer: Answer) -> Answer:
    """What is left of an answer by which the upstream keeps the name closed: that alone, for the rest is not proven."""
    told = make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=CLOSED_TTL)
    return told._replace(aa=False, denied=answer.denied)
