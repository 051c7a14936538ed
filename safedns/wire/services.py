"""SVCB and HTTPS records without what leads round a filter: address hints, keys for hidden names, resolvers' paths.

    answer as it came (stays in the cache, serves whoever is not filtered) --without_hints--> answer for the others

A browser that is given a hint need not ask for the address, and one that is given an ``ech`` key hides from everybody
which name it opens. Off the hot path: each answer is rewritten once. Must not decide who gets which form.
"""

from __future__ import annotations

from functools import lru_cache

from safedns.wire.answer import Answer, decode_answer
from safedns.wire.leads import REVEALING, SERVICE_TYPES, service_parameters
from safedns.wire.names import HEADER_SIZE, expand
from safedns.wire.query import Query, query_of
from safedns.wire.records import FIXED, HEADER, PAIR, Record, decompressed, scan
from safedns.wire.types import FLAG_QR, QType

_KEPT = 1024
"""Answers whose rewritten form is remembered."""
_MANDATORY = 0
"""SvcParamKey of the list of keys that a client must understand (RFC 9460 section 8)."""
_POINTER_TO_QUESTION = b"\xc0\x0c"


def without_hints(query: Query, answer: Answer) -> Answer:
    """``answer`` to ``query`` whose SVCB and HTTPS records have no ``REVEALING`` parameter.

    What was signed is so no longer: signatures of these records go, and with them the claim that DNSSEC proved it. The
    additional section goes too, for a client may take the addresses of a service's target from there.
    """
    return _rewritten(query.cache_key, answer.body, answer.counts, answer.rcode)


@lru_cache(maxsize=_KEPT)
def _rewritten(cache_key: bytes, body: bytes, counts: tuple[int, int, int], rcode: int) -> Answer:
    """Of an answer only what the result depends on: quick to look up, as the hash of bytes is worked out once."""
    question = cache_key[:-1]
    start = HEADER_SIZE + len(question)
    packet = bytes(HEADER_SIZE) + question + body
    in_answer, in_authority, _ = counts
    records = list(scan(packet, start, in_answer + in_authority))
    kept = [record for record in records[:in_answer] if not _signs_services(packet, record)]
    section = dict.fromkeys(
        _record(packet, record) for record in kept
    )  # those that differed in hints alone are one now
    authority = [decompressed(packet, record)[0] for record in records[in_answer:]]
    header = HEADER.pack(0, FLAG_QR | rcode & 0x0F, 1, len(section), len(authority), 0)
    rewritten = decode_answer(header + question + b"".join((*section, *authority)), query_of(cache_key))
    return rewritten._replace(rcode=rcode)


def _signs_services(packet: bytes, record: Record) -> bool:
    """Whether it is the signature of an SVCB or HTTPS record (RFC 4034 section 3.1.1)."""
    covered = packet[record.rdata : record.rdata + 2]
    return record.rtype == QType.RRSIG and int.from_bytes(covered) in SERVICE_TYPES


def _record(packet: bytes, record: Record) -> bytes:
    """The record for its new place: behind one that has become shorter, no compression pointer holds any more."""
    if record.rtype not in SERVICE_TYPES:
        return decompressed(packet, record)[0]
    owner = packet[record.start : record.owner_end]
    if owner != _POINTER_TO_QUESTION:
        owner, _ = expand(packet, record.start)
    target, position = expand(packet, record.rdata + 2)
    rdata = packet[record.rdata : record.rdata + 2] + target
    for key, value in service_parameters(packet, position, record.end):
        if key == _MANDATORY:
            value = _without_revealing(value)
            if not value:
                continue
        if key not in REVEALING:
            rdata += PAIR.pack(key, len(value)) + value
    return owner + FIXED.pack(record.rtype, record.rclass, record.ttl, len(rdata)) + rdata


def _without_revealing(keys: bytes) -> bytes:
    pairs = [keys[at : at + 2] for at in range(0, len(keys), 2)]
    return b"".join(pair for pair in pairs if int.from_bytes(pair) not in REVEALING)
