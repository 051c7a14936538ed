"""The PROXY protocol (versions 1 and 2): a proxy's word, in front of the first byte, for whom it connects.

Only asked of addresses that the configuration trusts, and then demanded: the protocol forbids guessing. The header is
read to its last byte and no further, for what follows may be TLS.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from safedns.errors import WireError

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
MAX_V1 = 107
"""Octets of a version 1 header, its line end included."""
_MAX_V2 = 536
"""Octets behind the fixed part of a version 2 header: the addresses of any family and a few hundred of extras."""
_LOCAL, _PROXY = 0x20, 0x21
_FAMILIES = {0x1: (socket.AF_INET, 4), 0x2: (socket.AF_INET6, 16)}

Read = Callable[[int], Awaitable[bytes]]
"""Exactly so many bytes of the connection; raises ``OSError`` when it ends before."""


async def read_header(read: Read) -> str:
    """The address of the client; empty where the proxy speaks for itself. Raises ``WireError`` for no such header."""
    start = await read(len(SIGNATURE))
    if start == SIGNATURE:
        fixed = await read(4)
        length = int.from_bytes(fixed[2:])
        if length > _MAX_V2:
            raise WireError("the PROXY header is too long")
        return parse_v2(fixed, await read(length))
    if not start.startswith(b"PROXY "):
        raise WireError("the proxy did not say for whom it connects")
    line = start
    while not line.endswith(b"\r\n"):
        if len(line) >= MAX_V1:
            raise WireError("the PROXY header is too long")
        line += await read(1)
    return parse_v1(line)


def parse_v1(line: bytes) -> str:
    """``PROXY TCP4 203.0.113.9 192.0.2.1 54321 853`` and its line end."""
    try:
        words = line.decode("ascii").removesuffix("\r\n").split(" ")
        if words[:2] == ["PROXY", "UNKNOWN"]:
            return ""
        _, family, source, _, port, _ = words
        address = ip_address(source)
        usable = family == f"TCP{address.version}" and port.isdigit() and "%" not in source
    except ValueError:
        usable = False
    if not usable:
        raise WireError("the PROXY header cannot be read")
    return socket.inet_ntop(socket.AF_INET if address.version == 4 else socket.AF_INET6, address.packed)  # as recvfrom


def parse_v2(fixed: bytes, rest: bytes) -> str:
    """``fixed``: command, family and length; ``rest``: addresses, ports and extras."""
    command, family = fixed[0], fixed[1]
    if command == _LOCAL:
        return ""
    if command != _PROXY:
        raise WireError("the PROXY header is of no version or command that is known")
    if family >> 4 == 0:
        return ""
    if family >> 4 not in _FAMILIES:
        raise WireError("the PROXY header tells no address of the Internet")
    kind, width = _FAMILIES[family >> 4]
    if len(rest) < 2 * width + 4:
        raise WireError("the PROXY header is cut off")
    return socket.inet_ntop(kind, rest[:width])
