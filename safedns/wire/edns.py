"""EDNS between us and an upstream: options that we add to a request, and what its response says in them.

These options end at the next hop (RFC 6891 section 6.2.1): nothing of a client's goes out here, nothing of an
upstream's comes back to a client.
"""

from __future__ import annotations

from safedns.wire.names import HEADER_SIZE
from safedns.wire.query import Edns
from safedns.wire.records import EDNS_DO, HEADER, PAIR, scan
from safedns.wire.types import EdnsOption, QType

PADDING_BLOCK = 128
"""Requests over an encrypted transport are filled up to a multiple of this (RFC 8467 section 4.1)."""


def option_of(code: int, data: bytes = b"") -> bytes:
    """One option as it is written into an OPT record."""
    return PAIR.pack(code, len(data)) + data


KEEPALIVE = option_of(EdnsOption.TCP_KEEPALIVE)
"""Asks a server how long it keeps an idle connection (RFC 7828 section 3.2.1)."""


def padding_for(size: int) -> bytes:
    """The option that fills a message of ``size`` octets up (RFC 7830)."""
    return option_of(EdnsOption.PADDING, bytes(-(size + 4) % PADDING_BLOCK))


def response_edns(packet: bytes, question: bytes) -> Edns | None:
    """The OPT record of a response that ``decode_answer`` has taken; what reads its options may raise ``WireError``."""
    _, _, _, *counts = HEADER.unpack_from(packet)
    for record in scan(packet, HEADER_SIZE + len(question), sum(counts)):
        if record.rtype == QType.OPT:
            options = packet[record.rdata : record.end]
            return Edns(record.rclass, record.ttl >> 16 & 0xFF, bool(record.ttl & EDNS_DO), options)
    return None
