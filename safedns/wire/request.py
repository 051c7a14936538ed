"""Our own questions: what goes to an upstream. Nothing of a client's EDNS options is passed on (ECS, MAC, cookies)."""

from __future__ import annotations

from safedns.wire.edns import padding_for
from safedns.wire.names import to_wire
from safedns.wire.query import Query
from safedns.wire.records import EDNS_DO, HEADER, OPT, PAIR
from safedns.wire.types import EDNS_SIZE, FLAG_AD, FLAG_CD, FLAG_RD, QClass, QType


def upstream_request(query: Query, message_id: int, options: bytes = b"") -> bytes:
    """The question of ``query`` asked afresh: canonical letter case, RD and AD set, CD and DO copied.

    ``options`` are EDNS options of our own, as ``edns.option_of`` writes them.
    """
    flags = FLAG_RD | FLAG_AD | query.flags & FLAG_CD
    return _request(message_id, flags, query.cache_key[:-1], do=query.do, options=options)


def request_without_edns(query: Query, message_id: int) -> bytes:
    """Like ``upstream_request``, for a server that knows RFC 1035 only: no EDNS, and flags of its time."""
    return HEADER.pack(message_id, FLAG_RD, 1, 0, 0, 0) + query.cache_key[:-1]


def padded_request(query: Query, message_id: int, options: bytes = b"") -> bytes:
    """Like ``upstream_request``, its length hidden: for encrypted transports only (RFC 7830 section 6)."""
    size = HEADER.size + len(query.cache_key) - 1 + OPT.size + len(options)
    return upstream_request(query, message_id, options + padding_for(size))


def plain_request(name: str, qtype: int, message_id: int, *, do: bool = False) -> bytes:
    """A query of our own for a canonical name, class IN; ``ValueError`` when the name cannot be written."""
    return _request(message_id, FLAG_RD | FLAG_AD, to_wire(name) + PAIR.pack(qtype, QClass.IN), do=do)


def _request(message_id: int, flags: int, question: bytes, *, do: bool, options: bytes = b"") -> bytes:
    # AD asks for the AD bit in the answer without DNSSEC records (RFC 6840 section 5.7).
    opt = OPT.pack(0, QType.OPT, EDNS_SIZE, EDNS_DO if do else 0, len(options))
    return HEADER.pack(message_id, flags, 1, 0, 0, 1) + question + opt + options
