"""The grammar of single values in ``safedns.yaml``: durations, counts, addresses, names, zones. Text -> value, pure.

Each function raises ``ValueError`` with "what is wrong; what was expected". The policy uses the durations and switches
of this module too, so that both files speak one language.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import idna

from safedns.settings.model import Endpoint, IPNetwork, TrustAnchor, UpstreamSpec
from safedns.yamlfile.messages import show

T = TypeVar("T")
V = TypeVar("V")

DAY = 86_400
_UNITS = {
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY),
}
_PARTS = re.compile(r"(?:(\d{1,9}) *([a-z]+) *)", re.ASCII)
ALGORITHMS = frozenset((5, 7, 8, 10, 13, 14, 15, 16))
"""Of keys whose signatures can be checked (RFC 9904). By any other, what an anchor is for would count as unsigned."""
_TRUST_ANCHOR = re.compile(
    r"(?P<zone>\S+)(?: +IN)?(?: +DS)?"
    r" +(?P<tag>\d{1,5}) +(?P<algorithm>\d{1,3}) +(?P<kind>[24]) +(?P<digest>[0-9a-f ]+)",
    re.ASCII | re.IGNORECASE,
)
_DURATION_WANTED = "expected a number and a unit, such as 45m, 2h or 1 day"


def duration(text: str) -> int:
    """``45m``, ``2h``, ``1 day``, ``1h 30m`` -> seconds."""
    lower = text.casefold()
    if lower.isascii() and lower.isdigit():
        raise ValueError(f"{show(text)} has no unit; {_DURATION_WANTED}")
    total, end = 0, 0
    while part := _PARTS.match(lower, end):
        if part[2] not in _UNITS:
            raise ValueError(f"{show(part[2])} is not a unit of time; {_DURATION_WANTED}")
        total += int(part[1]) * _UNITS[part[2]]
        end = part.end()
    if end == 0 or end < len(lower):
        raise ValueError(f"{show(text)} is not a length of time; {_DURATION_WANTED}")
    return total


def duration_within(low: int, high: int, words: str) -> Callable[[str], int]:
    """A ``duration`` grammar with bounds in seconds; ``words`` says them, e.g. ``1 hour to 30 days``."""

    def parse(text: str) -> int:
        seconds = duration(text)
        if not low <= seconds <= high:
            raise ValueError(f"{show(text)} is out of range; expected {words}")
        return seconds

    return parse


_SIZES = {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 1000, "mb": 1000**2, "gb": 1000**3}
_SIZE_WANTED = "expected a number and a unit, such as 64 MiB"


def size_within(low: int, high: int, words: str) -> Callable[[str], int]:
    """A grammar for sizes from ``low`` to ``high`` bytes, ``64 MiB``; ``words`` says them, e.g. ``1 MiB to 1 GiB``."""

    def parse(text: str) -> int:
        found = re.fullmatch(r"(\d{1,12}) *([A-Za-z]+)", text, re.ASCII)
        if found is None or found[2].casefold() not in _SIZES:
            raise ValueError(f"{show(text)} is not a size; {_SIZE_WANTED}")
        size = int(found[1]) * _SIZES[found[2].casefold()]
        if not low <= size <= high:
            raise ValueError(f"{show(text)} is out of range; expected {words}")
        return size

    return parse


def unless(word: str, meaning: V, parse: Callable[[str], T]) -> Callable[[str], T | V]:
    """The grammar ``parse``, where a single ``word`` (``off``, ``auto``) has a meaning of its own."""

    def parse_unless(text: str) -> T | V:
        if text == word:
            return meaning
        try:
            return parse(text)
        except ValueError as error:
            raise ValueError(f"{error}, or `{word}`") from None

    return parse_unless


def count_within(low: int, high: int) -> Callable[[str], int]:
    """A grammar for whole numbers from ``low`` to ``high``, written with digits only."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high):
            raise ValueError(f"{show(text)} is not usable here; expected a whole number from {low} to {high}")
        return int(text)

    return parse


def on_off(text: str) -> bool:
    """``on`` or ``off``."""
    if text in ("on", "off"):
        return text == "on"
    hint = {"yes": "on", "true": "on", "1": "on", "no": "off", "false": "off", "0": "off"}.get(text.casefold())
    raise ValueError(f"{show(text)} is not a switch; expected {f'`{hint}`' if hint else '`on` or `off`'}")


def address(text: str) -> str:
    """An IPv4 or IPv6 address in its usual short form."""
    return str(_address(text))


def absolute_file(text: str) -> Path:
    """A file by its whole path."""
    if not text.startswith("/"):
        raise ValueError(f"{show(text)} is not a whole path; expected one such as /var/lib/misc/dnsmasq.leases")
    return Path(text)


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        found = ip_address(text)
    except ValueError:
        raise ValueError(f"{show(text)} is not an address; expected one like 192.168.1.9 or fd00::9") from None
    if isinstance(found, IPv6Address) and found.scope_id:
        raise ValueError(f"{show(text)} names an interface (%); expected a plain address")
    return found


def network(text: str) -> IPNetwork:
    """An address or ``network/length``."""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{show(text)} is not a network; expected one like 192.168.1.0/24 or an address") from None
    host = text.partition("/")[0]
    raise ValueError(
        f"{show(text)} is an address inside a network; expected {meant} (the network) or {host} (it alone)"
    )


def endpoint(text: str) -> Endpoint:
    """Where to listen: ``127.0.0.1:5300`` or ``[::1]:5300``."""
    wanted = "expected an address and a port, such as 127.0.0.1:5300 or [::1]:5300"
    host, port = _host_and_port(text, wanted)
    if port is None:
        raise ValueError(f"{show(text)} has no port; {wanted}")
    return Endpoint(host, port)


def _host_and_port(text: str, wanted: str) -> tuple[str, int | None]:
    """Host and port, if one is given; IPv6 with a port needs brackets."""
    bracketed = re.fullmatch(r"\[([^]]*)\](?::(.*))?", text)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, None
    try:
        plain = address(host)
    except ValueError:
        raise ValueError(f"{show(text)} is not usable here; {wanted}") from None
    return plain, None if port is None else _port(port, text)


def _port(port: str, text: str) -> int:
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65535):
        raise ValueError(f"{show(text)} has no usable port; expected a number from 1 to 65535 after the `:`")
    return int(port)


PLAIN_PORT = 53
"""Of DNS in the clear; QUIC must not be spoken there (RFC 9250 section 4.1.1)."""
_ENCRYPTED = {"tls": 853, "https": 443, "h3": 443, "quic": 853}
_PLAIN_WANTED = "expected an address such as 9.9.9.9 or 127.0.0.1:5300"
_UPSTREAM_WANTED = f"{_PLAIN_WANTED}, or tls://, https://, h3:// or quic:// and a name"
_PIN = "sha256="


def upstream(text: str) -> UpstreamSpec:
    """``9.9.9.9``, ``127.0.0.1:5300``, ``[::1]:53``, or ``tls://``, ``https://``, ``h3://``, ``quic://``, ``#name``."""
    return _encrypted(text) if "://" in text else _plain(text, _UPSTREAM_WANTED)


def plain_upstream(text: str) -> UpstreamSpec:
    """``9.9.9.9``, ``127.0.0.1:5300`` or ``[::1]:53``."""
    return _plain(text, _PLAIN_WANTED)


def _plain(text: str, wanted: str) -> UpstreamSpec:
    host, port = _host_and_port(text, wanted)
    if ip_address(host).is_unspecified:
        raise ValueError(f"{show(text)} is no machine's address; {wanted}")
    return UpstreamSpec("plain", host, port or PLAIN_PORT, text)


def _encrypted(text: str) -> UpstreamSpec:
    try:
        parts: SplitResult = urlsplit(text)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        host, port, parts = "", None, SplitResult("", "", "", "", "")
    if not host or parts.username is not None or port == 0:
        raise ValueError(f"{show(text)} is not an upstream; {_UPSTREAM_WANTED}")
    if parts.scheme == "quic" and port == PLAIN_PORT:
        raise ValueError(f"{show(text)} has the port of plain DNS, never of QUIC (RFC 9250); expected 853 or no port")
    certificate, pins = _identity(parts.fragment, text)
    if pins and parts.scheme in ("h3", "quic"):
        raise ValueError(f"{show(text)} pins a key, which only tls:// and https:// can; expected a name behind the `#`")
    path = (parts.path + (f"?{parts.query}" if parts.query else "")).removesuffix("{?dns}")
    match parts.scheme:
        case "https" | "h3":
            path = path if path.strip("/") else "/dns-query"
        case "tls" | "quic" if path.strip("/"):
            raise ValueError(f"{show(text)} asks for a path, which https:// and h3:// have; expected the name alone")
        case "tls" | "quic":
            path = ""
        case _:
            raise ValueError(f"{show(text)} is not an upstream; {_UPSTREAM_WANTED}")
    return UpstreamSpec(parts.scheme, host, port or _ENCRYPTED[parts.scheme], text, certificate or host, pins, path)


def _host(text: str) -> str:
    """An address or a name in canonical form; ``ValueError`` for anything else."""
    try:
        return address(text)
    except ValueError:
        return name(text)


def _identity(fragment: str, text: str) -> tuple[str, tuple[bytes, ...]]:
    """What stands behind ``#``: the name in the certificate, pinned keys as ``sha256=...``, or both with commas."""
    certificate = ""
    pins: list[bytes] = []
    for part in filter(None, fragment.split(",")):
        if part.startswith(_PIN):
            pins.append(_pin(part.removeprefix(_PIN), text))
        elif certificate:
            raise ValueError(f"{show(text)} has two names behind the `#`; expected one")
        else:
            certificate = _certificate_name(part, text)
    return certificate, tuple(pins)


def _certificate_name(part: str, text: str) -> str:
    try:
        return _host(part)
    except ValueError:
        raise ValueError(
            f"{show(text)} has no usable name behind the `#`; expected the name in the certificate"
        ) from None


def _pin(encoded: str, text: str) -> bytes:
    try:
        digest = b64decode(encoded, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise ValueError(f"{show(text)} has no usable pin; expected sha256= and the 44 characters of a key's SHA-256")
    return digest


def set_name(text: str) -> str:
    """What a set of upstreams is called."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", text) or text == "none":  # which takes a set away
        raise ValueError(f"{show(text)} is no name for a set; expected small letters, digits and -, such as family")
    return text


_CONTACT = re.compile(r"(tel:[0-9+*#().-]+|(mailto|sips):[\w.+-]+@[\w.-]+)", re.ASCII)


def contact(text: str) -> str:
    """``tel:111``, ``mailto:parent@home.example`` or ``sips:...``: the schemes that a client may offer to follow."""
    if not _CONTACT.fullmatch(text) or len(text) > 40:
        wanted = "expected tel:NUMBER, mailto:ADDRESS or sips:ADDRESS of at most 40 characters, such as tel:111"
        raise ValueError(f"{show(text)} is not a contact; {wanted}")
    return text


def trust_anchor(text: str) -> TrustAnchor:
    """``example. IN DS 12345 13 2 49FD...`` as a zone file has it; ``IN`` and ``DS`` may be left out."""
    wanted = "expected a DS record such as `. DS 20326 8 2 E06D...`, its digest 64 hexadecimal digits or 96 for type 4"
    found = _TRUST_ANCHOR.fullmatch(text)
    digest = "" if found is None else found["digest"].replace(" ", "").upper()
    if found is None or len(digest) != (64 if found["kind"] == "2" else 96):
        raise ValueError(f"{show(text)} is no trust anchor; {wanted}")
    tag, algorithm = int(found["tag"]), int(found["algorithm"])
    if tag > 0xFFFF or algorithm > 0xFF:
        raise ValueError(f"{show(text)} has a number that is too large; {wanted}")
    if algorithm not in ALGORITHMS:
        known = ", ".join(map(str, sorted(ALGORITHMS)))
        raise ValueError(f"{show(text)} is of algorithm {algorithm}, which cannot be checked; expected one of {known}")
    zone = "." if found["zone"] == "." else name(found["zone"])
    return TrustAnchor(zone, f"{tag} {algorithm} {found['kind']} {digest}")


def name(text: str) -> str:
    """A domain name in its canonical form: lower case, A-labels, no trailing dot."""
    try:
        ascii_text = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        ascii_text = ""
    plain = ascii_text.removesuffix(".").lower()
    if len(plain) > 253 or not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", plain):
        raise ValueError(f"{show(text)} is not a name; expected one like printer.lan")
    return plain
