"""What a router says of the device that it asks for: EDNS options of dnsmasq and others -> whom it introduces.

    65001  hardware address, 6 bytes              dnsmasq add-mac
    65073  the same as text, or in its base 64    dnsmasq add-mac=text, add-mac=base64
    65074  a name                                 dnsmasq add-cpe-id
    8      client subnet (RFC 7871), when it is one whole address: add-subnet=32,128

Anybody can write such options. Must not be asked for a packet of a sender who is not trusted to introduce others.
"""

from __future__ import annotations

import base64
import binascii
import re
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from safedns.errors import WireError
from safedns.wire.query import decode_query, options
from safedns.wire.records import PAIR
from safedns.wire.types import EdnsOption

_CODES = frozenset({EdnsOption.ECS, EdnsOption.MAC, EdnsOption.MAC_TEXT, EdnsOption.CPE_ID})
_MAC_SIZE = 6
_MAC_TEXT = re.compile(r"([0-9a-f]{2})[:-]?" * 5 + r"([0-9a-f]{2})")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_BASE64_SIZE = 8
_FAMILIES = {1: (4, IPv4Address), 2: (16, IPv6Address)}


class Introduction(NamedTuple):
    """A device as its router describes it; empty where the router says nothing of the kind."""

    mac: str = ""
    """``aa:bb:cc:dd:ee:01``."""
    name: str = ""
    address: str = ""


class IntroductionError(ValueError):
    """The options contradict each other or cannot be understood, so nobody can be taken for anybody."""


def introducing_options(packet: bytes) -> bytes:
    """The options of ``packet`` that may introduce a device, as sent; empty where there are none."""
    try:
        edns = decode_query(packet).edns
    except WireError:
        return b""
    if edns is None or not edns.options:
        return b""
    found = ((code, data) for code, data in options(edns.options) if code in _CODES)
    return b"".join(PAIR.pack(code, len(data)) + data for code, data in found)


def read_introduction(introducing: bytes) -> Introduction:
    """Whom ``introducing_options`` describe; raises ``IntroductionError`` unless they all mean one device."""
    macs, names, addresses = set[str](), set[str](), set[str]()
    for code, data in options(introducing):
        if code == EdnsOption.MAC:
            macs.add(_raw_mac(data))
        elif code == EdnsOption.MAC_TEXT:
            macs.add(_text_mac(data))
        elif code == EdnsOption.CPE_ID:
            names.add(_name(data))
        else:
            addresses.add(_address(data))
    if macs:
        addresses.discard("")  # a program that hides its subnet is still on a device that the router knows
    if max(len(macs), len(names), len(addresses)) > 1:
        raise IntroductionError("the options name different devices")
    if addresses == {""}:
        raise IntroductionError("the client subnet is not one whole address")
    return Introduction("".join(macs), "".join(names), "".join(addresses))


def _raw_mac(data: bytes) -> str:
    if len(data) != _MAC_SIZE:
        raise IntroductionError("this is no hardware address")
    return data.hex(":")


def _text_mac(data: bytes) -> str:
    if len(data) == _BASE64_SIZE:
        try:
            return _raw_mac(base64.b64decode(data, validate=True))
        except binascii.Error:
            raise IntroductionError("this is no hardware address") from None
    match = _MAC_TEXT.fullmatch(data.decode("ascii", errors="replace").lower())
    if match is None:
        raise IntroductionError("this is no hardware address")
    return ":".join(match.groups())


def _name(data: bytes) -> str:
    text = data.decode("ascii", errors="replace").casefold()
    if not _NAME.fullmatch(text):
        raise IntroductionError("this is no name")
    return text


def _address(data: bytes) -> str:
    """Family, source prefix length, scope prefix length, address (RFC 7871 section 6); empty for a wider subnet."""
    size, make = _FAMILIES.get(int.from_bytes(data[:2]), (0, None))
    if make is None or len(data) != 4 + size or data[2] != 8 * size:
        return ""
    return str(make(data[4:]))
