"""Query packets -> ``Query`` values: the first thing that happens to every datagram.

    packet -> header -> question -> additional records (OPT) -> Query
                |           |             |
             Ignored   WireError(FORMERR, NOTIMP, BADVERS)

Whatever the bytes are, nothing but ``WireError`` leaves ``decode_query``. Must not decide or answer anything.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from safedns.errors import WireError
from safedns.wire.names import HEADER_SIZE, MAX_LABEL, MAX_NAME, key_of, text_of
from safedns.wire.records import EDNS_DO, HEADER, OPT, PAIR, scan
from safedns.wire.types import EDNS_SIZE, FLAG_AD, FLAG_CD, FLAG_QR, FLAG_RD, OPCODE_MASK, QType, RCode

MAX_RECORDS = 16
"""Records behind a question. Honest queries bring OPT and a signature; thousands would cost a tenth of a second."""
_QUERY_FLAGS = FLAG_QR | OPCODE_MASK
_OPT_SIZE = OPT.size
_OPT = int(QType.OPT)  # a plain int compares faster than an enum member
CD_BIT = 1
"""In the last byte of a cache key: asked with CD."""
_DO_BIT = 2
_KEY_BITS = (b"\0", b"\1", b"\2", b"\3")


class Ignored(WireError):  # noqa: N818 - it says what happens to the packet
    """A packet that gets no answer at all: too short to hold an id, or itself an answer (a reflection loop)."""


class Edns(NamedTuple):
    """The OPT record of a query (RFC 6891 section 6.1)."""

    size: int
    """Octets of UDP payload that the sender can take."""
    version: int
    do: bool
    options: bytes
    """All options as sent, known to be well-formed."""


class Query(NamedTuple):
    """One question with everything that later steps want to know about it."""

    id: int
    flags: int
    name: str
    """Canonical (``names``)."""
    key: str
    """``key_of(name)``, the form in which lists are searched."""
    qtype: int
    qclass: int
    question: bytes
    """Name, type and class exactly as sent, letter case kept."""
    edns: Edns | None
    cache_key: bytes
    """Question with the name in lower case, then one byte: DO as 2, CD as 1."""

    @property
    def rd(self) -> bool:
        """Recursion desired."""
        return bool(self.flags & FLAG_RD)

    @property
    def ad(self) -> bool:
        """The sender understands the AD bit (RFC 6840 section 5.7)."""
        return bool(self.flags & FLAG_AD)

    @property
    def cd(self) -> bool:
        """Checking disabled."""
        return bool(self.flags & FLAG_CD)

    @property
    def do(self) -> bool:
        """The sender wants DNSSEC records (RFC 3225)."""
        return self.edns is not None and self.edns.do


def is_ignored(packet: bytes) -> bool:
    """Whether ``decode_query`` raises ``Ignored``, whatever else is wrong with the packet."""
    return len(packet) < HEADER_SIZE or bool(packet[2] & 0x80)


def decode_query(packet: bytes) -> Query:
    """Read a query; raises ``Ignored`` for what gets no answer, ``WireError`` with the RCODE to send otherwise."""
    if len(packet) < HEADER_SIZE:
        raise Ignored("the packet is shorter than a header")
    message_id, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    if flags & _QUERY_FLAGS:
        if flags & FLAG_QR:
            raise Ignored("the packet is an answer, not a query")
        raise WireError("the operation is not a query", RCode.NOTIMP)
    if questions != 1:
        raise WireError(f"the query has {questions} questions; expected one")
    labels, lowered = _question_name(packet)
    end = HEADER_SIZE + len(lowered) + 4
    try:
        qtype, qclass = PAIR.unpack_from(packet, end - 4)
    except struct.error:
        raise WireError("the question runs past the end of the packet") from None
    if answers or (authorities and qtype != QType.IXFR):  # IXFR brings the client's SOA (RFC 1995 section 3)
        raise WireError("the query brings records of an answer")
    edns = None
    if additionals or authorities or end != len(packet):
        edns = _read_records(packet, end, authorities, additionals)
    bits = (flags & FLAG_CD) >> 4 | (2 if edns is not None and edns.do else 0)
    name = text_of(labels)
    return Query(
        message_id,
        flags,
        name,
        key_of(name),
        qtype,
        qclass,
        packet[HEADER_SIZE:end],
        edns,
        lowered + packet[end - 4 : end] + _KEY_BITS[bits],
    )


def query_of(cache_key: bytes) -> Query:
    """A query of our own as this key describes it, and nothing else that a client may have sent."""
    return _marked(decode_query(HEADER.pack(0, 0, 1, 0, 0, 0) + cache_key[:-1]), cache_key)


def unchecked(query: Query) -> Query:
    """The same question asked with CD and DO: for everything that it takes to check the answer by oneself."""
    key = query.cache_key
    return _marked(query, key[:-1] + bytes((key[-1] | CD_BIT | _DO_BIT,)))


def _marked(query: Query, cache_key: bytes) -> Query:
    """``query`` with CD and DO where ``cache_key`` has them."""
    bits = cache_key[-1]
    return query._replace(
        flags=query.flags | FLAG_CD if bits & CD_BIT else query.flags,
        edns=Edns(EDNS_SIZE, 0, True, b"") if bits & _DO_BIT else query.edns,
        cache_key=cache_key,
    )


def _question_name(packet: bytes) -> tuple[list[bytes], bytes]:
    """Lower-case labels and wire form of the name at offset 12; no pointer is legal there, nothing precedes it."""
    # Letters are above every legal length octet, so folding the whole slice leaves the lengths alone.
    area = packet[HEADER_SIZE : HEADER_SIZE + MAX_NAME].lower()
    labels: list[bytes] = []
    position = 0
    try:
        while length := area[position]:
            if length > MAX_LABEL:
                raise WireError("the question's name has a label that is too long, or a pointer")
            start = position + 1
            position = start + length
            labels.append(area[start:position])
    except IndexError:
        raise WireError("the question's name is too long or cut off") from None
    return labels, area[: position + 1]


def question_end(packet: bytes) -> int:
    """Offset behind the single question at offset 12; raises ``WireError`` when there is none that can be read."""
    end = HEADER_SIZE + len(_question_name(packet)[1]) + 4
    if end > len(packet):
        raise WireError("the question runs past the end of the packet")
    return end


def _read_records(packet: bytes, position: int, authorities: int, additionals: int) -> Edns | None:
    """Check everything behind the question; returns the one OPT if there is one. Other records are skipped."""
    if additionals == 1 and not authorities and len(packet) >= position + _OPT_SIZE:
        # Nearly every query that has records has exactly this one.
        root, rtype, size, ttl, length = OPT.unpack_from(packet, position)
        if rtype == _OPT and not root and position + _OPT_SIZE + length == len(packet):
            return _edns(size, ttl, packet[position + _OPT_SIZE :])
    if authorities + additionals > MAX_RECORDS:
        raise WireError("the query brings too many records")
    for record in scan(packet, position, authorities):
        position = record.end
    edns = None
    for record in scan(packet, position, additionals):
        position = record.end
        if record.rtype == _OPT:
            if edns is not None:
                raise WireError("the query has more than one OPT record")
            if record.owner_end != record.start + 1:
                raise WireError("the OPT record's owner is not the root")
            edns = _edns(record.rclass, record.ttl, packet[record.rdata : record.end])
    if position != len(packet):
        raise WireError("the query has bytes behind its last record")
    return edns


def _edns(size: int, ttl: int, sent: bytes) -> Edns:
    """From the fields of an OPT record; BADVERS for a later version, FORMERR for options that are cut off."""
    version = ttl >> 16 & 0xFF
    if version:
        raise WireError(f"EDNS version {version} is not supported", RCode.BADVERS)
    if sent:
        for _ in options(sent):
            pass
    return Edns(size, version, bool(ttl & EDNS_DO), sent)


def option(sent: bytes, code: int) -> bytes | None:
    """Data of the first option with this code; ``WireError`` where the options before it are cut off."""
    return next((data for number, data in options(sent) if number == code), None)


def options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and data of each EDNS option in ``data``; raises ``WireError`` where one is cut off."""
    position = 0
    while position < len(data):
        if position + 4 > len(data):
            raise WireError("an EDNS option is cut off")
        code, length = PAIR.unpack_from(data, position)
        position += 4
        if position + length > len(data):
            raise WireError("an EDNS option is cut off")
        yield code, data[position : position + length]
        position += length
