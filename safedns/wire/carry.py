"""An answer carried over to another question, or without some of its records. Off the hot path: each is done once.

What moves is written anew without compression pointers, for those count from the start of the message. Must not judge:
the caller knows why the answer holds there.
"""

from __future__ import annotations

from collections.abc import Callable

from safedns.wire.answer import Answer, decode_answer
from safedns.wire.names import HEADER_SIZE
from safedns.wire.query import Query
from safedns.wire.records import HEADER, PAIR, Record, decompressed, scan
from safedns.wire.types import FLAG_QR

MAX_TTL = 0x7FFFFFFF
"""Seconds (RFC 2181 section 8)."""
_BEHIND_NAME = 5
"""Octets behind the name in a cache key: type, class, flag bits."""
_POINTER_TO_QUESTION = b"\xc0\x0c"

Keep = Callable[[int, int], bool]
"""Section (0 answer, 1 authority, 2 additional) and type of a record -> whether it comes along."""


def everything(_section: int, _rtype: int) -> bool:
    """Every record comes along."""
    return True


def carried(
    answer: Answer, question: bytes, query: Query, keep: Keep = everything, *, longest: int = MAX_TTL
) -> Answer:
    """``answer`` to ``question`` (its octets) as one to ``query``: the same records but for those not to ``keep``.

    No TTL is above ``longest`` seconds.
    """
    packet = bytes(HEADER_SIZE) + question + answer.body
    records = scan(packet, HEADER_SIZE + len(question), sum(answer.counts))
    name = query.cache_key[:-_BEHIND_NAME]
    sections: list[list[bytes]] = []
    for section, count in enumerate(answer.counts):
        there = [next(records) for _ in range(count)]
        sections.append([_moved(packet, record, name, longest) for record in there if keep(section, record.rtype)])
    header = HEADER.pack(0, FLAG_QR | answer.rcode & 0x0F, 1, *map(len, sections))
    body = b"".join(record for section in sections for record in section)
    read = decode_answer(header + query.question + body, query)
    return read._replace(rcode=answer.rcode, ad=answer.ad, denied=answer.denied)


def _moved(packet: bytes, record: Record, name: bytes, longest: int) -> bytes:
    moved, ttl_at = decompressed(packet, record._replace(ttl=min(record.ttl, longest)))
    owner_end = ttl_at - PAIR.size
    return (_POINTER_TO_QUESTION if moved[:owner_end].lower() == name else moved[:owner_end]) + moved[owner_end:]
