"""Resource records by position: where each one lies in a message, and which names its RDATA may compress.

Reading by position keeps the bytes of an answer untouched, so unknown types pass (RFC 3597). Must not interpret
RDATA beyond the names in it: where an answer leads is found out in ``leads``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from safedns.errors import WireError
from safedns.wire.names import expand, labels_at
from safedns.wire.types import QClass, QType

HEADER = struct.Struct("!6H")
"""ID, flags, QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT."""
FIXED = struct.Struct("!HHIH")
"""What follows an owner name: TYPE, CLASS, TTL, RDLENGTH."""
OPT = struct.Struct("!BHHIH")
"""Root owner, type, UDP size, extended RCODE + version + flags, RDLENGTH (RFC 6891 section 6.1.2)."""
EDNS_DO = 0x8000
"""DO among the 32 bits that OPT keeps where others keep their TTL (RFC 6891 section 6.1.3)."""
PAIR = struct.Struct("!HH")
TTL = struct.Struct("!I")

_NAMES_IN_RDATA: dict[int, tuple[int, int]] = {
    **dict.fromkeys((2, 3, 4, 5, 7, 8, 9, 12, 30, 39), (0, 1)),  # NS MD MF CNAME MB MG MR PTR NXT DNAME
    **dict.fromkeys((6, 14, 17), (0, 2)),  # SOA MINFO RP
    **dict.fromkeys((15, 18, 21), (2, 1)),  # MX AFSDB RT
    26: (2, 2),  # PX
    24: (18, 1),  # SIG
    33: (6, 1),  # SRV
}
"""Types that may hold compressed names (RFC 3597 section 4) -> octets before the first name, number of names."""

_FIXED_LENGTH: dict[int, int] = {QType.A: 4, QType.AAAA: 16}
_SOA_NUMBERS = 20
_IN = int(QClass.IN)  # a plain integer: looking up an enum member costs more than comparing it


class Record(NamedTuple):
    """One record of a message, as offsets into it."""

    start: int
    owner_end: int
    rtype: int
    rclass: int
    ttl: int
    """The 32 bits as sent."""
    rdata: int
    end: int

    @property
    def ttl_at(self) -> int:
        return self.owner_end + 4


def scan(packet: bytes, position: int, count: int) -> Iterator[Record]:
    """``count`` records from ``position`` on; raises ``WireError`` at the first that does not fit in the packet."""
    size = len(packet)
    for _ in range(count):
        owner_end = _owner_end(packet, position)
        try:
            rtype, rclass, ttl, length = FIXED.unpack_from(packet, owner_end)
        except struct.error:
            raise WireError("a record runs past the end of the message") from None
        rdata = owner_end + 10
        end = rdata + length
        if end > size:
            raise WireError("a record runs past the end of the message")
        yield Record(position, owner_end, rtype, rclass, ttl, rdata, end)
        position = end


def _owner_end(packet: bytes, position: int) -> int:
    """Offset behind an owner name; the root and the pointer to the question, nearly all there is, need no walk."""
    first = packet[position : position + 2]
    if first == b"\xc0\x0c" and position > 12:
        return position + 2
    if first[:1] == b"\0":
        return position + 1
    return labels_at(packet, position)[1]


def check_rdata(packet: bytes, record: Record) -> None:
    """Raise ``WireError`` when the RDATA of a well-known type does not hold what its type demands."""
    rtype = record.rtype
    if rtype in _FIXED_LENGTH and record.rclass == _IN:
        if record.end - record.rdata != _FIXED_LENGTH[rtype]:
            raise WireError("an address record has the wrong length")
    elif rtype in _NAMES_IN_RDATA:
        skip, names = _NAMES_IN_RDATA[rtype]
        position = record.rdata + skip
        for _ in range(names):
            position = labels_at(packet, position)[1]
        if position > record.end or (rtype == QType.SOA and record.end - position != _SOA_NUMBERS):
            raise WireError("a record is shorter than its contents")


def decompressed(packet: bytes, record: Record) -> tuple[bytes, int]:
    """The record without compression pointers, and the offset of its TTL in there; it can then be put anywhere."""
    owner, _ = expand(packet, record.start)
    skip, names = _NAMES_IN_RDATA.get(record.rtype, (0, 0))
    position = record.rdata + skip
    rdata = bytearray(packet[record.rdata : position])
    for _ in range(names):
        name, position = expand(packet, position)
        rdata += name
    rdata += packet[position : record.end]
    fixed = FIXED.pack(record.rtype, record.rclass, record.ttl, len(rdata))
    return owner + fixed + bytes(rdata), len(owner) + 4
