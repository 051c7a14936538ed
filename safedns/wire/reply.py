"""Replies: a query and its answer -> the bytes that go back to the client.

    header (id, flags, counts) | question as sent | body with current TTLs | our OPT, if the query had one

Two ways lead to the same bytes: ``build_reply``, and ``patch_ttls`` on a reply built earlier. Must not decide
anything about a name, and must not read a clock: the age of an answer is an argument.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Literal

from safedns.errors import WireError
from safedns.wire.answer import Answer, make_answer
from safedns.wire.names import HEADER_SIZE
from safedns.wire.query import MAX_RECORDS, Query, question_end
from safedns.wire.records import EDNS_DO, HEADER, OPT, PAIR, TTL, scan
from safedns.wire.types import (
    EDNS_SIZE,
    FLAG_AA,
    FLAG_AD,
    FLAG_CD,
    FLAG_QR,
    FLAG_RA,
    FLAG_RD,
    FLAG_TC,
    OPCODE_MASK,
    EdnsOption,
    QType,
    RCode,
)

BlockMode = Literal["nxdomain", "null", "nodata", "refused", "page"]

_MIN_UDP = 512
_RESPONSE = FLAG_QR | FLAG_RA
_COPIED = FLAG_RD | FLAG_CD
_PLAIN_OPT = {
    False: OPT.pack(0, QType.OPT, EDNS_SIZE, 0, 0),
    True: OPT.pack(0, QType.OPT, EDNS_SIZE, EDNS_DO, 0),
}
_NULL_ADDRESS = {QType.A: bytes(4), QType.AAAA: bytes(16)}


def build_reply(
    query: Query,
    answer: Answer,
    *,
    age: int = 0,
    ttl_cap: int | None = None,
    size_limit: int = 65535,
    ede: tuple[int, str] | None = None,
) -> bytes:
    """The finished reply: TTLs lowered by ``age`` seconds and to ``ttl_cap``, at most ``size_limit`` octets.

    ``ede`` (code, text; RFC 8914) is added if the query had an OPT and there is room. What does not fit at all becomes
    a truncated reply without records (RFC 2181 section 9).
    """
    rcode = answer.rcode
    edns = query.edns
    flags = _RESPONSE | query.flags & _COPIED
    if edns is None:
        opt = b""
        if rcode > 15:
            rcode = RCode.SERVFAIL  # there is no OPT to carry the upper bits
    else:
        opt = _opt(rcode, do=edns.do)
    if answer.aa:
        flags |= FLAG_AA
    if answer.ad and (query.flags & FLAG_AD or (edns is not None and edns.do)):  # RFC 6840 sections 5.7 and 5.8
        flags |= FLAG_AD
    flags |= rcode & 0x0F

    question = query.question
    body = answer.body
    room = size_limit - HEADER_SIZE - len(question) - len(body) - len(opt)
    if answer.truncated or room < 0:
        return HEADER.pack(query.id, flags | FLAG_TC, 1, 0, 0, 0 if edns is None else 1) + question + opt
    if ede is not None and edns is not None:
        opt = _opt(rcode, do=edns.do, option=_ede_option(ede, room))
    if age or ttl_cap is not None:
        body = _aged(body, answer.ttls, age, ttl_cap)
    in_answer, in_authority, in_additional = answer.counts
    additionals = in_additional if edns is None else in_additional + 1
    return HEADER.pack(query.id, flags, 1, in_answer, in_authority, additionals) + question + body + opt


def reply_ttls(query: Query, answer: Answer) -> tuple[tuple[int, int], ...]:
    """For ``patch_ttls``: offset and original value of each TTL in a reply to ``query`` built from ``answer``."""
    base = HEADER_SIZE + len(query.question)
    return tuple([(base + offset, ttl) for offset, ttl in answer.ttls])


def patch_ttls(reply: bytearray, ttls: tuple[tuple[int, int], ...], age: int, ttl_cap: int | None) -> None:
    """Give a finished reply the TTLs that ``build_reply`` would write now; a truncated reply has none."""
    if reply[2] & (FLAG_TC >> 8):
        return
    _write_ttls(reply, ttls, age, ttl_cap)


def udp_limit(query: Query) -> int:
    """Octets of a UDP reply: 512 without EDNS (RFC 1035), else what the client takes, within our own size."""
    if query.edns is None:
        return _MIN_UDP
    return min(max(_MIN_UDP, query.edns.size), EDNS_SIZE)


def blocked_answer(query: Query, mode: BlockMode, ttl: int, page: tuple[bytes, ...] = ()) -> Answer:
    """What a blocked query is told, cacheable for ``ttl`` seconds.

    ``null`` and ``page`` (packed addresses of the type asked for) mean NODATA for all but A and AAAA.
    """
    # Its records point at the question for their owner, so one answer serves every name.
    return _blocked(mode, query.qtype if query.qtype in _NULL_ADDRESS else 0, query.qclass, ttl, page)


@lru_cache(maxsize=256)
def _blocked(mode: BlockMode, qtype: int, qclass: int, ttl: int, page: tuple[bytes, ...]) -> Answer:
    model = Query(0, 0, ".", "", qtype, qclass, b"\0" + PAIR.pack(qtype, qclass), None, b"")
    model = model._replace(cache_key=model.question + b"\0")
    if mode == "refused":
        return make_answer(model, (), rcode=RCode.REFUSED)._replace(aa=False)
    if mode == "nxdomain":
        return make_answer(model, (), rcode=RCode.NXDOMAIN, soa_ttl=ttl)
    addresses = () if qtype not in _NULL_ADDRESS else page if mode == "page" else (_NULL_ADDRESS[QType(qtype)],)
    if mode == "nodata" or not addresses:
        return make_answer(model, (), soa_ttl=ttl)
    return make_answer(model, [(".", qtype, ttl, address) for address in addresses])


def error_reply(packet: bytes, rcode: int, *, ede: tuple[int, str] | None = None) -> bytes:
    """The answer to a query that may be malformed, from its raw bytes (12 at least): what can be read is echoed."""
    message_id, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    question = b""
    end = HEADER_SIZE
    do = None
    try:
        if questions == 1:
            end = question_end(packet)
            question = packet[HEADER_SIZE:end]
        if questions <= 1:
            for record in scan(packet, end, min(answers + authorities + additionals, MAX_RECORDS)):
                if record.rtype == QType.OPT:
                    do = bool(record.ttl & EDNS_DO)
                    break
    except WireError:
        pass  # the error that is being told; what was read so far stands
    if rcode == RCode.BADVERS and do is None:
        do = False
    if do is None and rcode > 15:
        rcode = RCode.SERVFAIL
    opt = b""
    if do is not None:
        room = _MIN_UDP - HEADER_SIZE - len(question) - OPT.size
        opt = _opt(rcode, do=do, option=b"" if ede is None else _ede_option(ede, room))
    # Of other operations only RD is known to come back; what CD means there, nobody has said.
    copied = flags & (OPCODE_MASK | FLAG_RD if flags & OPCODE_MASK else _COPIED)
    header = HEADER.pack(
        message_id, _RESPONSE | copied | rcode & 0x0F, 1 if question else 0, 0, 0, 0 if do is None else 1
    )
    return header + question + opt


def _opt(rcode: int, *, do: bool, option: bytes = b"") -> bytes:
    if rcode <= 15 and not option:
        return _PLAIN_OPT[do]
    bits = rcode >> 4 << 24 | (EDNS_DO if do else 0)
    return OPT.pack(0, QType.OPT, EDNS_SIZE, bits, len(option)) + option


def _ede_option(ede: tuple[int, str], room: int) -> bytes:
    """The extended error as an EDNS option; without its text, or nothing, where ``room`` octets are too few."""
    code, text = ede
    data = text.encode()
    if room < 6:
        return b""
    if room < 6 + len(data):
        data = b""
    return struct.pack("!HHH", EdnsOption.EDE, 2 + len(data), code) + data


def _aged(body: bytes, ttls: tuple[tuple[int, int], ...], age: int, ttl_cap: int | None) -> bytes:
    aged = bytearray(body)
    _write_ttls(aged, ttls, age, ttl_cap)
    return bytes(aged)


def _write_ttls(target: bytearray, ttls: tuple[tuple[int, int], ...], age: int, ttl_cap: int | None) -> None:
    put = TTL.pack_into
    for offset, ttl in ttls:
        left = ttl - age
        if ttl_cap is not None and left > ttl_cap:
            left = ttl_cap
        put(target, offset, left if left > 0 else 0)
