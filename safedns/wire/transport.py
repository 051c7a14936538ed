"""EDNS options that belong to the connection and not to the answer: padding and keepalive.

They are added to a finished reply, whose OPT record is the last one, and only for a client that sent the option itself.
"""

from __future__ import annotations

from safedns.errors import WireError
from safedns.wire.names import HEADER_SIZE
from safedns.wire.query import question_end
from safedns.wire.records import HEADER, PAIR, Record, scan
from safedns.wire.stream import MAX_MESSAGE
from safedns.wire.types import EdnsOption, QType

PADDING_BLOCK = 468
"""Replies over an encrypted transport are filled up to a multiple of this (RFC 8467 section 4.1)."""
_KEEPALIVE = PAIR.pack(EdnsOption.TCP_KEEPALIVE, 0)
_PADDING = PAIR.pack(EdnsOption.PADDING, 0)[:2]
_TENTHS = 10  # RFC 7828 section 3.1 counts in units of 100 milliseconds


def dressed(packet: bytes, reply: bytes, *, keepalive: float = 0.0, padded: bool = False) -> bytes:
    """``reply`` to ``packet`` with what this transport adds.

    ``keepalive``: seconds for which an idle connection stays open (RFC 7828), 0 = not a connection; ``padded``: hide
    the length (RFC 7830) from whoever watches an encrypted connection.
    """
    wants_keepalive = keepalive > 0.0 and _KEEPALIVE in packet
    wants_padding = padded and _PADDING in packet
    if not wants_keepalive and not wants_padding:  # a guess without parsing: nearly every query ends here
        return reply
    try:
        asked = _options(packet, _opt(packet))
        opt = _opt(reply)
    except WireError:
        return reply
    if opt is None or opt.end != len(reply):
        return reply
    added = b""
    if wants_keepalive and EdnsOption.TCP_KEEPALIVE in asked:
        added += PAIR.pack(EdnsOption.TCP_KEEPALIVE, 2) + int(keepalive * _TENTHS).to_bytes(2)
    if wants_padding and EdnsOption.PADDING in asked:
        size = len(reply) + len(added) + 4
        room = min(-size % PADDING_BLOCK, MAX_MESSAGE - size)
        added += PAIR.pack(EdnsOption.PADDING, room) + bytes(room) if room >= 0 else b""
    length = opt.rdata - 2
    return reply[:length] + (opt.end - opt.rdata + len(added)).to_bytes(2) + reply[opt.rdata :] + added


def asks_for(packet: bytes, option: EdnsOption) -> bool:
    """Whether a query carries an option; ``False`` for what cannot be read."""
    try:
        return option in _options(packet, _opt(packet))
    except WireError:
        return False


def lowest_ttl(reply: bytes) -> int:
    """Seconds for which a finished reply may be kept: the lowest TTL of its records, OPT not counted; 0 without any."""
    try:
        return min((record.ttl for record in _records(reply) if record.rtype != QType.OPT), default=0)
    except WireError:
        return 0


def _records(packet: bytes) -> list[Record]:
    if len(packet) < HEADER_SIZE:
        raise WireError("the packet is shorter than a header")
    _, _, questions, *counts = HEADER.unpack_from(packet)
    return list(scan(packet, question_end(packet) if questions else HEADER_SIZE, sum(counts)))


def _opt(packet: bytes) -> Record | None:
    return next((record for record in _records(packet) if record.rtype == QType.OPT), None)


def _options(packet: bytes, opt: Record | None) -> set[int]:
    found: set[int] = set()
    position = end = 0
    if opt is not None:
        position, end = opt.rdata, opt.end
    while position + 4 <= end:
        code, length = PAIR.unpack_from(packet, position)
        found.add(code)
        position += 4 + length
    return found
