"""Where a client goes on from an answer: the names and addresses in it, and what a filter must know about them.

    CNAME, DNAME ---------> names
    SVCB, HTTPS ----------> names, address hints, parameters that lead round a filter
    A, AAAA --------------> addresses: of the Internet, of a home, or of nowhere

Must not decide what follows from that: whether an address of a home may stand in an answer is the reviewer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from safedns.errors import WireError
from safedns.wire.names import from_wire
from safedns.wire.records import PAIR, Record
from safedns.wire.types import QClass, QType

SERVICE_TYPES = frozenset((int(QType.SVCB), int(QType.HTTPS)))
ECH, DOHPATH = 5, 7
"""SvcParamKeys of the encrypted client hello and of a resolver's path (RFC 9848, RFC 9461)."""
HINT_WIDTH = {4: 4, 6: 16}
"""SvcParamKeys ipv4hint and ipv6hint (RFC 9460 section 14.3.2) -> octets of one address."""
REVEALING = frozenset((*HINT_WIDTH, ECH, DOHPATH))
"""SvcParamKeys that spare a client a question which a filter would have seen."""

_ANY = int(QClass.ANY)
_IN = int(QClass.IN)  # plain integers: looking up an enum member costs more than comparing it
_ADDRESS = frozenset((int(QType.A), int(QType.AAAA)))
_ALIAS = frozenset((int(QType.CNAME), int(QType.DNAME)))

_HOME_OCTETS = frozenset((0, 10, 127, 169, 172, 192))
"""First octets of which some or all addresses are no public ones."""
_HOME_PAIRS = frozenset((b"\xc0\xa8", b"\xa9\xfe", *(bytes((172, second)) for second in range(16, 32))))
_EMBEDDING = frozenset((bytes(12), bytes(10) + b"\xff\xff", b"\0\x64\xff\x9b" + bytes(8)))
"""What stands before an IPv4 address in an IPv6 one: ``::``, mapped, NAT64 (RFC 4291, RFC 6052)."""
_NOWHERE = frozenset((
    bytes(4),
    bytes(16),
    *(ip_address(f"146.112.61.{last}").packed for last in range(104, 111)),  # block pages of OpenDNS
    *(ip_address(f"94.140.14.{last}").packed for last in (33, 35)),  # and of AdGuard
))  # fmt: skip


class Leads(NamedTuple):
    """What the records of an answer section lead to."""

    names: tuple[str, ...]
    """Canonical: CNAME and DNAME targets, SVCB and HTTPS target names."""
    addresses: tuple[str, ...]
    """A and AAAA addresses and address hints, in presentation form."""
    home: tuple[str, ...]
    """Those of ``addresses`` that belong to a home or to the asking machine itself: private, loopback, link-local."""
    nowhere: bool
    """There are addresses, and all are null addresses or block pages: what a filtering resolver answers."""
    services: bool
    """Some SVCB or HTTPS record has one of the ``REVEALING`` parameters."""


_NO_LEADS = Leads((), (), (), nowhere=False, services=False)


def leads_of(packet: bytes, records: Sequence[Record], qclass: int) -> Leads:
    """What an answer section leads to; its records must have passed ``check_rdata``. Raises ``WireError``.

    None may be of another class than was asked for: it would lead where nobody looks.
    """
    names: list[str] = []
    packed: list[bytes] = []
    services = False
    for record in records:
        rtype, rclass = record.rtype, record.rclass
        if rclass != qclass and qclass != _ANY:
            raise WireError("the response has an answer of another class than the question")
        if rtype in _ADDRESS:
            if rclass == _IN:
                packed.append(packet[record.rdata : record.end])
        elif rtype in _ALIAS:
            names.append(from_wire(packet, record.rdata)[0])
        elif rtype in SERVICE_TYPES:
            target, position = from_wire(packet, record.rdata + 2)
            if target != ".":
                names.append(target)
            for key, value in service_parameters(packet, position, record.end):
                services = services or key in REVEALING
                packed += _hints(key, value)
    if not packed:
        return Leads(tuple(names), (), (), nowhere=False, services=services) if names or services else _NO_LEADS
    home = tuple([_text(address) for address in packed if is_of_a_home(address)])
    nowhere = _NOWHERE.issuperset(packed)
    return Leads(tuple(names), tuple([_text(address) for address in packed]), home, nowhere, services)


def is_of_a_home(packed: bytes) -> bool:
    """Whether an address (4 or 16 octets) is private, loopback, link-local or null, also where an IPv6 one embeds it.

    RFC 1918, 1122, 3927, 4193 and 4291. What providers share (RFC 6598) is not: their caches live there.
    """
    first = packed[0]
    if len(packed) == 4:
        return first in _HOME_OCTETS and (first in (0, 10, 127) or packed[:2] in _HOME_PAIRS)
    if first == 0:
        return packed[:12] in _EMBEDDING and is_of_a_home(packed[12:])
    return first in (0xFC, 0xFD) or (first == 0xFE and packed[1] >= 0x80)


def service_parameters(packet: bytes, position: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Key and value of each parameter between two offsets (RFC 9460 section 2.2); ``WireError`` if one is cut off."""
    while position < end:
        if position + 4 > end:
            raise WireError("a service parameter is cut off")
        key, length = PAIR.unpack_from(packet, position)
        start = position + 4
        position = start + length
        if position > end:
            raise WireError("a service parameter is cut off")
        yield key, packet[start:position]
    if position > end:
        raise WireError("a service record is shorter than its target")


def _hints(key: int, value: bytes) -> list[bytes]:
    width = HINT_WIDTH.get(key)
    if width is None:
        return []
    if len(value) % width:
        raise WireError("an address hint has the wrong length")
    return [value[at : at + width] for at in range(0, len(value), width)]


def _text(packed: bytes) -> str:
    if len(packed) == 4:
        a, b, c, d = packed  # a quarter of the time that IPv4Address takes
        return f"{a}.{b}.{c}.{d}"
    return str(IPv6Address(packed))
