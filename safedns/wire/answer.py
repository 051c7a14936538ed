"""Answers: what the cache keeps and the reviewer reads, whether an upstream sent it or we made it.

    upstream packet --decode_answer--+
                                     +--> Answer --reply.build_reply--> packet for the client
    local records ---make_answer-----+

``body`` is every record but OPT, exactly as it stood behind a 12-byte header and a question of this length.
Compression pointers count from the start of the message, so the bytes stay valid behind any echo of the same
question, whatever its letter case. Must not know clients, caches or policy.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from safedns.errors import WireError
from safedns.wire.leads import Leads, leads_of
from safedns.wire.names import HEADER_SIZE, from_wire, to_wire
from safedns.wire.query import Query, option
from safedns.wire.records import (
    FIXED,
    HEADER,
    PAIR,
    TTL,
    Record,
    check_rdata,
    decompressed,
    scan,
)
from safedns.wire.types import (
    FLAG_AA,
    FLAG_AD,
    FLAG_QR,
    FLAG_TC,
    OPCODE_MASK,
    Ede,
    EdnsOption,
    QClass,
    QType,
    RCode,
)

MAX_TTL = 86_400
"""Seconds; nobody's change should take longer than a day to be seen, here or by who caches our answers."""
MAX_NEGATIVE_TTL = 10_800
"""Seconds (RFC 2308 section 5)."""
_IMPOSSIBLE_TTL = 1 << 31
_POINTER_TO_QUESTION = b"\xc0\x0c"
_SOA_CONTACT = b"\x06nobody\x07invalid\0"
_SOA_TIMES = struct.Struct("!5I")
_SERIAL, _REFRESH, _RETRY, _EXPIRE = 1, 3600, 600, 86400
_OPT = int(QType.OPT)  # a plain integer: looking up an enum member costs more than comparing it
_ALONE = frozenset((int(QType.SOA), int(QType.RRSIG)))
"""Types whose TTLs have rules of their own: by MINIMUM (RFC 2308), as what is signed (RFC 4034 section 3)."""
_DENIALS = (Ede.BLOCKED, Ede.CENSORED, Ede.FILTERED)
_PROOFS = frozenset((int(QType.RRSIG), int(QType.NSEC), int(QType.NSEC3)))
"""Types that are there for DNSSEC alone."""
_WANTS_PROOFS = _PROOFS | {int(QType.ANY)}
FINDINGS = frozenset((int(RCode.NOERROR), int(RCode.NXDOMAIN)))
"""What says something about a name; everything else is about the query or the server."""


class Answer(NamedTuple):
    """An answer to one question, independent of who asked; immutable, so one value serves every client."""

    rcode: int
    """Extended (RFC 6891 section 6.1.3): may be above 15."""
    aa: bool
    """Only what we made ourselves is authoritative."""
    ad: bool
    """The upstream says that DNSSEC proved it."""
    truncated: bool
    """The upstream had to cut it; then there is no body (RFC 2181 section 9)."""
    counts: tuple[int, int, int]
    """Records in the answer, authority and additional section, OPT not counted."""
    body: bytes
    ttls: tuple[tuple[int, int], ...]
    """For each record: offset of its four TTL octets in ``body``, TTL in seconds."""
    ttl: int
    """Seconds for which this may be cached; 0 = not at all."""
    negative: bool
    """NXDOMAIN, or NOERROR without a record of the type asked for (RFC 2308)."""
    targets: tuple[str, ...]
    """Canonical names the answer section leads to: CNAME and DNAME targets, SVCB and HTTPS target names."""
    addresses: tuple[str, ...]
    """A and AAAA addresses and SVCB/HTTPS address hints of the answer section, in presentation form."""
    home: tuple[str, ...] = ()
    """Those of ``addresses`` that belong to a home: private, loopback, link-local."""
    denied: int = 0
    """The upstream itself keeps the name closed: the extended error code (RFC 8914) by which it says or shows so."""
    services: bool = False
    """Some SVCB or HTTPS record tells more than a name: ``services.without_hints`` takes that out."""
    error: int = 0
    """Of SERVFAIL: why, by the sender's word, as an extended error code (RFC 8914); 0 = it does not say."""


def decode_answer(packet: bytes, query: Query) -> Answer:
    """Read a response to ``query`` (its id is the transport's business); raises ``WireError`` if it is not one."""
    if len(packet) < HEADER_SIZE:
        raise WireError("the response is shorter than a header")
    _, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    if not flags & FLAG_QR or flags & OPCODE_MASK:
        raise WireError("the packet is not the response to a query")
    if not questions and not answers and not authorities and flags & 0x0F not in FINDINGS:
        return _without_question(packet, flags, additionals)
    start = HEADER_SIZE + len(query.question)
    if questions != 1 or packet[HEADER_SIZE : start - 4].lower() + packet[start - 4 : start] != query.cache_key[:-1]:
        raise WireError("the response is to another question")
    ad = bool(flags & FLAG_AD)
    rcode = flags & 0x0F
    if flags & FLAG_TC:
        # What is left of a cut answer may not be used, and may end in the middle of a record.
        return Answer(rcode, False, ad, True, (0, 0, 0), b"", (), 0, False, (), ())

    records = list(scan(packet, start, answers + authorities + additionals))
    if (records[-1].end if records else start) != len(packet):
        raise WireError("the response has bytes behind its last record")
    types = [record.rtype for record in records]
    if not query.do and query.qtype not in _WANTS_PROOFS and not _PROOFS.isdisjoint(types):
        return decode_answer(_without_proofs(packet, start, records, answers, authorities), query)
    opt = _find_opt(records, first_additional=answers + authorities) if _OPT in types else None
    if opt is not None:
        rcode |= records[opt].ttl >> 24 << 4
        additionals -= 1
    for record in records:
        check_rdata(packet, record)
    level = _level(packet, records)
    body, ttls = _without_opt(packet, start, level, opt)
    if level is not records:
        body, ttls = _with_ttls(body, ttls)
        records = level

    section = records[:answers]
    leads = leads_of(packet, section, query.qclass)
    error = 0 if opt is None else _extended_error(packet, records[opt])
    negative, ttl = _lifetime(packet, query.qtype, rcode, section, records[answers : answers + authorities])
    if negative:
        body, ttls = _with_negative_ttl(packet, body, ttls, records, range(answers, answers + authorities))
    return Answer(
        rcode,
        False,
        ad,
        False,
        (answers, authorities, additionals),
        body,
        ttls,
        ttl,
        negative,
        leads.names,
        leads.addresses,
        leads.home,
        _denial(flags, rcode, leads, error),
        leads.services,
        error if rcode == RCode.SERVFAIL else 0,
    )


def make_answer(
    query: Query,
    records: Sequence[tuple[str, int, int, bytes]],
    *,
    rcode: int = 0,
    soa_ttl: int | None = None,
) -> Answer:
    """An answer of our own from ``(owner, type, ttl, rdata)`` records, RDATA uncompressed and ``rcode`` below 16.

    ``soa_ttl`` adds an SOA, so that the client caches a negative answer that long (RFC 2308 section 5).
    Raises ``WireError`` when RDATA does not fit its type, ``ValueError`` for an impossible owner.
    """
    rclass = QClass.IN if query.qclass == QClass.ANY else query.qclass
    body = bytearray()
    for owner, rtype, ttl, rdata in records:
        body += _POINTER_TO_QUESTION if owner == query.name else to_wire(owner)
        body += FIXED.pack(rtype, rclass, ttl, len(rdata)) + rdata
    if soa_ttl is not None:
        rdata = soa_rdata(soa_ttl)
        body += _POINTER_TO_QUESTION + FIXED.pack(QType.SOA, rclass, soa_ttl, len(rdata)) + rdata
    header = HEADER.pack(0, FLAG_QR | rcode, 1, len(records), 0 if soa_ttl is None else 1, 0)
    # Read back, so that everything known about an answer is found out in one place.
    return decode_answer(header + query.question + body, query)._replace(aa=True)


def aged(answer: Answer, seconds: int) -> Answer:
    """The answer after it lay in somebody's cache for ``seconds``: every TTL is so much lower, at least 0."""
    body, ttls = _with_ttls(answer.body, [(offset, max(ttl - seconds, 0)) for offset, ttl in answer.ttls])
    return answer._replace(body=body, ttls=ttls, ttl=max(answer.ttl - seconds, 0))


def soa_rdata(ttl: int) -> bytes:
    """RDATA of an SOA of our own for ``make_answer``: its zone is the name that was asked for, its MINIMUM ``ttl``."""
    return _POINTER_TO_QUESTION + _SOA_CONTACT + _SOA_TIMES.pack(_SERIAL, _REFRESH, _RETRY, _EXPIRE, ttl)


def failed_answer(query: Query) -> Answer:
    """SERVFAIL: nobody could say."""
    return make_answer(query, [], rcode=RCode.SERVFAIL)._replace(aa=False)


def _without_question(packet: bytes, flags: int, additionals: int) -> Answer:
    """An error from a server that says no more than the header, and perhaps OPT: it could not read the question."""
    records = list(scan(packet, HEADER_SIZE, additionals))
    opt = _find_opt(records, first_additional=0)
    if len(records) != additionals or (records[-1].end if records else HEADER_SIZE) != len(packet):
        raise WireError("the response has bytes behind its last record")
    rcode = flags & 0x0F | (records[opt].ttl >> 24 << 4 if opt is not None else 0)
    error = 0 if opt is None else _extended_error(packet, records[opt])
    return Answer(
        rcode, False, False, False, (0, 0, 0), b"", (), 0, False, (), (),
        denied=error if error in _DENIALS else 0, error=error if rcode == RCode.SERVFAIL else 0,
    )  # fmt: skip


def _without_proofs(packet: bytes, start: int, records: Sequence[Record], answers: int, authorities: int) -> bytes:
    """The response as it is for who did not ask for DNSSEC (RFC 4035 section 3.2.1); rare, so written anew."""
    sections = (records[:answers], records[answers : answers + authorities], records[answers + authorities :])
    kept = [[_spelled_out(packet, each) for each in section if each.rtype not in _PROOFS] for section in sections]
    counts = struct.pack("!3H", *map(len, kept))
    return packet[:6] + counts + packet[HEADER_SIZE:start] + b"".join(record for section in kept for record in section)


def _spelled_out(packet: bytes, record: Record) -> bytes:
    """The record for another place; only a pointer to the question still holds there."""
    moved, ttl_at = decompressed(packet, record)
    if packet[record.start : record.owner_end] == _POINTER_TO_QUESTION:
        return _POINTER_TO_QUESTION + moved[ttl_at - PAIR.size :]
    return moved


def _find_opt(records: Sequence[Record], first_additional: int) -> int | None:
    """Index of the OPT record; raises ``WireError`` if there are several, or one with an owner or out of place."""
    found = [index for index, record in enumerate(records) if record.rtype == _OPT]
    if not found:
        return None
    if len(found) > 1 or found[0] < first_additional:
        raise WireError("the response has an OPT record too many, or in the wrong section")
    if records[found[0]].owner_end != records[found[0]].start + 1:
        raise WireError("the OPT record's owner is not the root")
    return found[0]


def _extended_error(packet: bytes, opt: Record) -> int:
    """The code of the first extended error; 0 = there is none."""
    if opt.end == opt.rdata:
        return 0
    try:
        told = option(packet[opt.rdata : opt.end], EdnsOption.EDE)
    except WireError:
        return 0  # options that cannot be read say nothing; the records stand
    return int.from_bytes(told[:2]) if told is not None and len(told) >= 2 else 0


def _denial(flags: int, rcode: int, leads: Leads, error: int) -> int:
    """By which extended error code the sender refuses to say more; 0 = it does not.

    Filtering resolvers say so outright, answer with an address that leads nowhere, or deny names of others with
    authority.
    """
    if error in _DENIALS:
        return error
    if leads.nowhere or (rcode == RCode.NXDOMAIN and flags & FLAG_AA):
        return int(Ede.FILTERED)
    return 0


def _without_opt(
    packet: bytes, start: int, records: Sequence[Record], opt: int | None
) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """Body and TTL positions. What follows an OPT moves, so it is written anew without compression pointers."""
    kept = records if opt is None else records[:opt]
    body = packet[start : kept[-1].end if kept else start]
    ttls = [(record.ttl_at - start, record.ttl) for record in kept]
    for record in records[len(kept) + 1 :]:
        moved, ttl_at = decompressed(packet, record)
        ttls.append((len(body) + ttl_at, record.ttl))
        body += moved
    return body, tuple(ttls)


def _with_ttls(body: bytes, ttls: Sequence[tuple[int, int]]) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """The TTLs, in bounds, written into the bytes."""
    fixed = bytearray(body)
    for offset, ttl in ttls:
        TTL.pack_into(fixed, offset, ttl)
    return bytes(fixed), tuple(ttls)


def _level(packet: bytes, records: list[Record]) -> list[Record]:
    """``records`` itself, or where a TTL is out of bounds or differs within a set: each with the lowest of its set, in
    bounds (RFC 2181 section 5.2)."""
    told = {record.ttl for record in records if record.rtype != _OPT}
    if max(told, default=0) > MAX_TTL:
        records = [record._replace(ttl=_seconds(record.ttl)) for record in records]
    if len(told) < 2:
        return records
    by_type: dict[tuple[int, int], set[int]] = {}
    for record in records:
        by_type.setdefault((record.rtype, record.rclass), set()).add(record.ttl)
    uneven = {kind for kind, ttls in by_type.items() if len(ttls) > 1 and kind[0] not in _ALONE}
    if not uneven:  # nearly always: an alias and what it leads to differ in type
        return records
    lowest: dict[tuple[str, int, int], int] = {}
    members = [
        ((from_wire(packet, record.start)[0], record.rtype, record.rclass), number)
        for number, record in enumerate(records)
        if (record.rtype, record.rclass) in uneven
    ]
    for each, number in members:
        ttl = records[number].ttl
        lowest[each] = min(ttl, lowest.get(each, ttl))
    level = records.copy()
    for each, number in members:
        level[number] = records[number]._replace(ttl=lowest[each])
    return level


def _with_negative_ttl(
    packet: bytes, body: bytes, ttls: tuple[tuple[int, int], ...], records: Sequence[Record], authorities: range
) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """The SOA of a negative answer lives no longer than the answer may be kept (RFC 2308 sections 3 and 5)."""
    for index in authorities:
        if records[index].rtype == QType.SOA:
            offset, ttl = ttls[index]
            (minimum,) = TTL.unpack_from(packet, records[index].end - 4)
            if ttl > (lowered := min(_seconds(minimum), MAX_NEGATIVE_TTL)):
                body = body[:offset] + TTL.pack(lowered) + body[offset + 4 :]
                return body, (*ttls[:index], (offset, lowered), *ttls[index + 1 :])
            break
    return body, ttls


def _seconds(ttl: int) -> int:
    """In bounds; one with the top bit set means zero (RFC 2181 section 8)."""
    return min(ttl, MAX_TTL) if ttl < _IMPOSSIBLE_TTL else 0


def _lifetime(
    packet: bytes, qtype: int, rcode: int, answers: Sequence[Record], authorities: Sequence[Record]
) -> tuple[bool, int]:
    """Whether the answer is negative, and for how many seconds it may be cached (RFC 2308 sections 2 and 5)."""
    ttls = [record.ttl for record in answers]
    if rcode == RCode.NOERROR and (qtype in [record.rtype for record in answers] or (qtype == QType.ANY and answers)):
        return False, min(ttls)
    if rcode not in FINDINGS:
        return False, 0
    soa = next((record for record in authorities if record.rtype == QType.SOA), None)
    if soa is None:
        return True, 0
    (minimum,) = TTL.unpack_from(packet, soa.end - 4)
    # A CNAME chain that ends in nothing lives no longer than its links.
    return True, min(soa.ttl, _seconds(minimum), MAX_NEGATIVE_TTL, *ttls)
