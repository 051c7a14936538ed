"""What the proofs of non-existence of one zone can be asked, whether they are NSEC (RFC 4034) or NSEC3 (RFC 5155)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Protocol

import dns.name
import dns.rdatatype
from dns.rdatatype import RdataType

Types = Iterable[tuple[int, bytes]]
"""A type bitmap: windows with their octets (RFC 4034 section 4.1.2)."""


class Proof(Enum):
    """Whether something is proven not to exist."""

    PROVEN = auto()
    UNSIGNED = auto()
    """It may exist, but only in zones that nobody vouches for (opt-out, or too many iterations)."""
    NONE = auto()


class Cut(Enum):
    """What is at a name without DS records."""

    UNSIGNED_ZONE = auto()
    """A zone begins, or may begin, that nobody vouches for."""
    NO_ZONE = auto()
    """The name belongs to the zone above."""
    NOTHING = auto()
    """Neither the name nor any below it exists."""


class Denial(Protocol):
    """The proofs of one zone in one response; signatures have been checked."""

    def cut(self, name: dns.name.Name) -> Cut | None:
        """What is at ``name``, whose DS records were asked for; ``None`` = not proven."""
        ...

    def no_name(self, name: dns.name.Name) -> Proof:
        """That neither ``name`` exists nor a wildcard for it."""
        ...

    def no_type(self, name: dns.name.Name, rdtype: RdataType) -> Proof:
        """That ``name``, or the wildcard for it, has no record of this type."""
        ...

    def no_closer(self, name: dns.name.Name, encloser: dns.name.Name) -> Proof:
        """That nothing between ``encloser`` and ``name`` exists, so that the wildcard at ``encloser`` stands for it."""
        ...


def has(types: Types, rdtype: RdataType) -> bool:
    """Whether the bitmap says that there are records of this type."""
    window, bit = divmod(int(rdtype), 256)
    for number, octets in types:
        if number == window:
            return bit // 8 < len(octets) and bool(octets[bit // 8] & 0x80 >> bit % 8)
    return False


def is_delegation(types: Types) -> bool:
    """Whether they are those of the parent's side of a zone cut, which knows nothing but DS (RFC 6840 section 4.1)."""
    return has(types, dns.rdatatype.NS) and not has(types, dns.rdatatype.SOA)


def leads_away(types: Types) -> bool:
    """Whether what is below the name is not for this zone to deny (RFC 6840 section 4.1)."""
    return is_delegation(types) or has(types, dns.rdatatype.DNAME)


def lacks(types: Types, rdtype: RdataType, name: dns.name.Name) -> bool:
    """Whether the bitmap at ``name`` proves that there is no such record, nor an alias in its place."""
    if has(types, rdtype) or has(types, dns.rdatatype.CNAME):
        return False
    if rdtype == dns.rdatatype.DS:  # of the parent; the child's word does not count (RFC 4035 section 5.2)
        return name == dns.name.root or not has(types, dns.rdatatype.SOA)
    return not is_delegation(types)


def cut_by(types: Types) -> Cut | None:
    """What a bitmap at a name says of it that has no DS records."""
    if has(types, dns.rdatatype.DS) or has(types, dns.rdatatype.SOA):
        return None
    return Cut.UNSIGNED_ZONE if has(types, dns.rdatatype.NS) else Cut.NO_ZONE


def wildcard_at(encloser: dns.name.Name) -> dns.name.Name | None:
    """``*`` right below; ``None`` where that would be too long a name."""
    try:
        return dns.name.Name((b"*", *encloser.labels))
    except dns.name.NameTooLong:
        return None
