"""From which address of ours an upstream sees us: nothing that it gave us at one is shown to it from another."""

from __future__ import annotations

import socket


def family(address: str) -> socket.AddressFamily:
    """IPv4 or IPv6."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def source_address(address: str, port: int) -> str:
    """Ours, by the route to ``address`` as it is now; empty where there is none. Sends nothing."""
    with socket.socket(family(address), socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as probe:
        try:
            probe.connect((address, port))
        except OSError:
            return ""
        source: str = probe.getsockname()[0]
        return source
