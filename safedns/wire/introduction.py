"""What a router says of the device that it asks for: EDNS options of dnsmasq and others -> whom it introduces.

    65001  hardware address, 6 bytes              dnsmasq add-mac
    65073  the same as text, or in its base 64    dnsmasq add-mac=text, add-mac=base64
    65074  a name                                 dnsmasq add-cpe-id
    8      client subnet (RFC 7871), when it is one whole address: add-subnet=32,128

A router strips of these what it writes itself; the others come from the device as they are. So what cannot be read
counts as if it were not there, of several of one kind the last counts (a router writes behind what is there already),
and a name counts only where nothing else is told.

Anybody can write such options. Must not be asked for a packet of a sender who is not trusted to introduce others.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from safedns.errors import WireError
from safedns.wire.query import decode_query, options
from safedns.wire.types import EdnsOption

_MAC_SIZE = 6
_MAC_TEXT = re.compile(r"([0-9a-f]{2})[:-]?" * 5 + r"([0-9a-f]{2})")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_NAME_SIZE = 253
_MAC_TEXT_SIZE = 17
_BASE64_SIZE = 8
_FAMILIES = {1: (4, IPv4Address), 2: (16, IPv6Address)}


class Introduction(NamedTuple):
    """A device as its router describes it; empty where the router says nothing of the kind that can be read."""

    mac: str = ""
    """``aa:bb:cc:dd:ee:01``."""
    address: str = ""
    name: str = ""
    """One that a router has for all its devices: empty where a hardware address or an address tells them apart."""


def introduction(packet: bytes) -> Introduction | None:
    """Whom the sender of ``packet`` introduces; ``None`` where it says nothing of the kind, readable or not."""
    try:
        edns = decode_query(packet).edns
    except WireError:
        return None
    if edns is None or not edns.options:
        return None
    told: dict[str, str] = {}
    introduces = False
    for code, data in options(edns.options):
        if (reading := _READINGS.get(code)) is not None:
            introduces = True
            kind, read = reading
            if text := read(data):
                told[kind] = text
    if not introduces:
        return None
    if len(told) > 1:
        told.pop("name", None)
    return Introduction(**told)


def _raw_mac(data: bytes) -> str:
    return data.hex(":") if len(data) == _MAC_SIZE else ""


def _text_mac(data: bytes) -> str:
    if len(data) == _BASE64_SIZE:
        try:
            return _raw_mac(base64.b64decode(data, validate=True))
        except binascii.Error:
            return ""
    match = _MAC_TEXT.fullmatch(_text(data, _MAC_TEXT_SIZE))
    return ":".join(match.groups()) if match is not None else ""


def _name(data: bytes) -> str:
    text = _text(data, _NAME_SIZE)
    return text if _NAME.fullmatch(text) else ""


def _text(data: bytes, most: int) -> str:
    """In lower case; empty for more than ``most`` octets."""
    return data.decode("ascii", errors="replace").casefold() if len(data) <= most else ""


def _address(data: bytes) -> str:
    """Family, source prefix length, scope prefix length, address (RFC 7871 section 6); empty for a wider subnet."""
    size, make = _FAMILIES.get(int.from_bytes(data[:2]), (0, None))
    if make is None or len(data) != 4 + size or data[2] != 8 * size:
        return ""
    address = make(data[4:])
    return str((address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address)


_READINGS: dict[int, tuple[str, Callable[[bytes], str]]] = {
    EdnsOption.MAC: ("mac", _raw_mac),
    EdnsOption.MAC_TEXT: ("mac", _text_mac),
    EdnsOption.CPE_ID: ("name", _name),
    EdnsOption.ECS: ("address", _address),
}
"""Code -> what is told of the device, and how; an empty text cannot be read."""
