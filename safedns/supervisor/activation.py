"""Sockets that systemd has bound for us (``LISTEN_FDS``): taken instead of binding the same address ourselves.

They are found by their own address, not by their order or name, so the unit and ``listen`` cannot disagree unnoticed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from ipaddress import ip_address

from safedns.errors import SafednsError

FIRST = 3
"""The first descriptor that is handed over (sd_listen_fds)."""

Bound = dict[tuple[socket.SocketKind, str, int], socket.socket]
"""By kind, address and port."""


def handed_over(environment: MutableMapping[str, str], pid: int, first: int = FIRST) -> Bound:
    """The sockets meant for this process; its children will not be told of them.

    Raises ``SafednsError`` for one that cannot be used: replies must leave from the address that was asked.
    """
    meant, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if meant != str(pid) or not count.isdigit():
        return {}
    found: Bound = {}
    for descriptor in range(first, first + int(count)):
        os.set_inheritable(descriptor, False)
        sock = socket.socket(fileno=descriptor)
        sock.setblocking(False)
        try:
            found[_key(sock)] = sock
        except SafednsError:
            for each in (sock, *found.values()):
                each.close()
            raise
    return found


def _key(sock: socket.socket) -> tuple[socket.SocketKind, str, int]:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        raise SafednsError("systemd handed over a socket that is not of the Internet; see docs/operations.md")
    host, port, *others = sock.getsockname()
    if ip_address(host).is_unspecified:
        raise SafednsError(
            f"systemd handed over a socket for every address (port {port}); expected one for each address, "
            "such as ListenStream=192.168.1.5:853; see docs/operations.md"
        )
    scope = f"%{others[1]}" if len(others) == 2 and others[1] and "%" not in host else ""
    return socket.SocketKind(sock.type), f"{host}{scope}", port
