"""DNS numbers by their registered names (IANA "DNS Parameters"). Pure data and two conversions."""

from __future__ import annotations

from enum import IntEnum


class QType(IntEnum):
    """The record types that safedns treats specially; any other number passes untouched (RFC 3597)."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33
    NAPTR = 35
    DNAME = 39
    OPT = 41
    DS = 43
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    TLSA = 52
    SVCB = 64
    HTTPS = 65
    IXFR = 251
    AXFR = 252
    ANY = 255
    CAA = 257


class QClass(IntEnum):
    """Classes (RFC 1035 section 3.2.4)."""

    IN = 1
    CHAOS = 3
    ANY = 255


class RCode(IntEnum):
    """Response codes (RFC 1035 section 4.1.1, RFC 6891 section 9, RFC 7873 section 8)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16
    BADCOOKIE = 23


class EdnsOption(IntEnum):
    """EDNS option codes (RFC 6891 and successors)."""

    ECS = 8
    COOKIE = 10
    TCP_KEEPALIVE = 11
    PADDING = 12
    EDE = 15
    MAC = 65001
    """dnsmasq's ``add-mac``; in the range for local use (RFC 6891 section 9), as the next two."""
    MAC_TEXT = 65073
    CPE_ID = 65074


class Ede(IntEnum):
    """Extended error INFO-CODEs (RFC 8914 section 4)."""

    OTHER = 0
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    DNSSEC_BOGUS = 6
    SIGNATURE_EXPIRED = 7
    SIGNATURE_NOT_YET_VALID = 8
    DNSKEY_MISSING = 9
    RRSIGS_MISSING = 10
    NSEC_MISSING = 12
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    CENSORED = 16
    FILTERED = 17
    PROHIBITED = 18
    STALE_NXDOMAIN = 19
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23


FLAG_QR = 0x8000
FLAG_AA = 0x0400
FLAG_TC = 0x0200
FLAG_RD = 0x0100
FLAG_RA = 0x0080
FLAG_AD = 0x0020
FLAG_CD = 0x0010
OPCODE_MASK = 0x7800

EDNS_SIZE = 1232
"""Our own UDP payload size: what passes everywhere without fragments (RFC 9715, DNS flag day 2020)."""

_NAMES = {int(member): member.name for member in QType}
_NUMBERS = {name: number for number, name in _NAMES.items()}


def type_name(number: int) -> str:
    """``28`` -> ``"AAAA"``; an unknown type reads ``"TYPE731"`` (RFC 3597 section 5)."""
    return _NAMES.get(number) or f"TYPE{number}"


def parse_type(text: str) -> int:
    """``"aaaa"`` -> ``28``, ``"TYPE731"`` -> ``731``; raises ``ValueError`` for anything else."""
    upper = text.strip().upper()
    if upper in _NUMBERS:
        return _NUMBERS[upper]
    if upper.startswith("TYPE") and upper[4:].isascii() and upper[4:].isdigit() and int(upper[4:]) <= 0xFFFF:
        return int(upper[4:])
    raise ValueError(f"{text!r} is not a record type; expected e.g. A, AAAA, HTTPS or TYPE731")
