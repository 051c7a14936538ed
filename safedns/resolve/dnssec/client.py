"""A validated answer as one client may have it: AD, which records, and for how long (RFC 4035)."""

from __future__ import annotations

from safedns.resolve.dnssec.verdict import Security, Verdict
from safedns.wire.answer import Answer, make_answer
from safedns.wire.carry import carried
from safedns.wire.query import Query
from safedns.wire.types import QType, RCode

CLOSED_TTL = 60
"""Seconds for which it is remembered that the upstream keeps a name closed; nothing proves that it does."""
_PROOFS = (QType.RRSIG, QType.NSEC, QType.NSEC3)
_ANSWER, _ADDITIONAL = 0, 2


def for_client(query: Query, answer: Answer, verdict: Verdict) -> Answer:
    """``answer``, which came with everything, to ``query``.

    Proofs go only to who sent DO, or asks for them by type. Of a secure answer the additional section goes, for it was
    not checked; and nothing in it lives longer than its signatures.
    """
    secure = verdict.security is Security.SECURE

    def keep(section: int, rtype: int) -> bool:
        if section == _ADDITIONAL and secure:
            return False
        return query.do or rtype not in _PROOFS or (section == _ANSWER and rtype == query.qtype)

    told = carried(answer, query.question, query, keep, longest=verdict.ttl)
    return told._replace(ad=secure, ttl=min(told.ttl, verdict.ttl))


def closed(query: Query, answer: Answer) -> Answer:
    """What is left of an answer by which the upstream keeps the name closed: that alone, for the rest is not proven."""
    told = make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=CLOSED_TTL)
    return told._replace(aa=False, denied=answer.denied)
