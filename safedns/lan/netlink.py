"""The kernel's neighbour messages (rtnetlink(7)): bytes -> what is said of an address. Pure; opens no socket.

nlmsghdr (16) | ndmsg (12): family, interface, state | attributes: length, type, value, padded to 4
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import NamedTuple

GROUP = 0x4
"""RTMGRP_NEIGH: bind a socket to it to hear of every change."""

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # family, interface, state, flags, type
_ATTRIBUTE = struct.Struct("=HH")  # length with this header, type
_DONE = 3
_NEW_NEIGHBOUR = 28
_GET_NEIGHBOUR = 30
_REQUEST_DUMP = 0x1 | 0x300  # NLM_F_REQUEST | NLM_F_DUMP
_ADDRESS = 1  # NDA_DST
_HARDWARE = 2  # NDA_LLADDR
_UNUSABLE = 0x01 | 0x20 | 0x40  # NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP: no device has said that it is there
_SIZES = {AF_INET: 4, AF_INET6: 16}
_MAC_SIZE = 6


class Neighbour(NamedTuple):
    """A device on a network of this machine, as the kernel has met it."""

    address: str
    interface: int
    """The kernel's number of it."""
    mac: str
    """``aa:bb:cc:dd:ee:01``."""


class Heard(NamedTuple):
    """What one datagram of the kernel says."""

    neighbours: tuple[Neighbour, ...]
    done: bool
    """It ends the table that was asked for."""


def table_request() -> bytes:
    """Asks the kernel for the whole table, both families."""
    body = _NEIGHBOUR.pack(AF_UNSPEC, 0, 0, 0, 0)
    return _HEADER.pack(_HEADER.size + len(body), _GET_NEIGHBOUR, _REQUEST_DUMP, 1, 0) + body


def read(data: bytes) -> Heard:
    """Every neighbour in ``data`` whose hardware address is known now; what is cut off or foreign is passed over."""
    found: list[Neighbour] = []
    position = 0
    while position + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, position)
        if length < _HEADER.size:
            break
        if kind == _DONE:
            return Heard(tuple(found), done=True)
        if kind == _NEW_NEIGHBOUR:
            neighbour = _neighbour(data[position + _HEADER.size : position + length])
            if neighbour is not None:
                found.append(neighbour)
        position += _padded(length)
    return Heard(tuple(found), done=False)


def _neighbour(body: bytes) -> Neighbour | None:
    if len(body) < _NEIGHBOUR.size:
        return None
    family, interface, state, *_ = _NEIGHBOUR.unpack_from(body)
    if not state or state & _UNUSABLE:
        return None
    values = _attributes(body[_NEIGHBOUR.size :])
    address, hardware = values.get(_ADDRESS, b""), values.get(_HARDWARE, b"")
    if _SIZES.get(family) != len(address) or len(hardware) != _MAC_SIZE or not any(hardware):
        return None
    return Neighbour(str(ip_address(address)), interface, hardware.hex(":"))


def _attributes(data: bytes) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    position = 0
    while position + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, position)
        if length < _ATTRIBUTE.size:
            break
        values[kind] = data[position + _ATTRIBUTE.size : position + length]
        position += _padded(length)
    return values


def _padded(length: int) -> int:
    return (length + 3) & ~3
