"""What validation comes to, and the ways in which it fails. Values only."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import dns.name
import dns.rdatatype
import dns.rrset

from safedns.errors import SafednsError
from safedns.wire.types import Ede


class Security(StrEnum):
    """How an answer stands (RFC 4035 section 4.3); what fails is a ``Bogus`` or an ``Unreachable`` instead."""

    SECURE = "secure"
    INSECURE = "insecure"


class Verdict(NamedTuple):
    """An answer that may be given to a client."""

    security: Security
    ttl: int
    """Seconds for which signatures, or the proof that there need be none, let it live."""
    rcode: int
    answer: tuple[dns.rrset.RRset, ...]
    """What was looked at, each set with its signatures behind it: this goes out, not the octets that came."""
    authority: tuple[dns.rrset.RRset, ...]
    """Of a secure answer: what has proven it."""
    additional: tuple[dns.rrset.RRset, ...]
    """Never checked; none of a secure answer."""


class Need(NamedTuple):
    """Records that have to be seen before it can go on."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    fresh: bool = False
    """Of an upstream, not of the cache."""

    @property
    def key(self) -> tuple[dns.name.Name, dns.rdatatype.RdataType]:
        """By which they are found in a section."""
        return self.name, self.rdtype

    def __str__(self) -> str:
        return f"{shown(self.name)} {dns.rdatatype.to_text(self.rdtype)}"


class Bogus(SafednsError):  # noqa: N818 - the RFC's word for it
    """The answer cannot be what the zone's owner has signed."""

    def __init__(self, message: str, ede: Ede = Ede.DNSSEC_BOGUS) -> None:
        super().__init__(message)
        self.ede = ede


class Exhausted(Bogus):
    """Finding out would take too much. That is said of the answer, for no single zone on the way is to blame."""


class NoKey(Bogus):
    """Signed by a key that ``zone`` does not have, as far as is known: it may be newer than what is known."""

    def __init__(self, message: str, zone: dns.name.Name) -> None:
        super().__init__(message, Ede.DNSKEY_MISSING)
        self.zone = zone


class Unreachable(SafednsError):  # noqa: N818 - it says what is the matter
    """What is needed for a verdict could not be had; the answer may be good."""

    def __init__(self, message: str, ede: Ede = Ede.NO_REACHABLE_AUTHORITY) -> None:
        super().__init__(message)
        self.ede = ede


def shown(name: dns.name.Name) -> str:
    """A name as people write it."""
    return name.to_text(omit_final_dot=True).lower()
