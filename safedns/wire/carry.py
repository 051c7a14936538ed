"""An answer carried over to another question. Off the hot path: each is done once.

What moves is written anew without compression pointers, for those count from the start of the message. Must not judge:
the caller knows why the answer holds there.
"""

from __future__ import annotations

from safedns.wire.answer import Answer, decode_answer
from safedns.wire.names import HEADER_SIZE
from safedns.wire.query import Query
from safedns.wire.records import HEADER, PAIR, Record, decompressed, scan
from safedns.wire.types import FLAG_QR

_BEHIND_NAME = 5
"""Octets behind the name in a cache key: type, class, flag bits."""
_POINTER_TO_QUESTION = b"\xc0\x0c"


def carried(answer: Answer, question: bytes, query: Query) -> Answer:
    """``answer`` to ``question`` (its octets) as one to ``query``, with the same records."""
    packet = bytes(HEADER_SIZE) + question + answer.body
    records = scan(packet, HEADER_SIZE + len(question), sum(answer.counts))
    name = query.cache_key[:-_BEHIND_NAME]
    header = HEADER.pack(0, FLAG_QR | answer.rcode & 0x0F, 1, *answer.counts)
    body = b"".join(_moved(packet, record, name) for record in records)
    read = decode_answer(header + query.question + body, query)
    return read._replace(rcode=answer.rcode, ad=answer.ad, denied=answer.denied)


def _moved(packet: bytes, record: Record, name: bytes) -> bytes:
    moved, ttl_at = decompressed(packet, record)
    owner_end = ttl_at - PAIR.size
    return (_POINTER_TO_QUESTION if moved[:owner_end].lower() == name else moved[:owner_end]) + moved[owner_end:]
