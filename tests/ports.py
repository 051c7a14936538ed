"""Ports for servers of tests and benchmarks."""

from __future__ import annotations

import socket
from contextlib import suppress


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free for UDP and TCP at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family, socket.SOCK_STREAM) as tcp:
            udp.bind((host, 0))
            with suppress(OSError):
                tcp.bind((host, udp.getsockname()[1]))
                port: int = udp.getsockname()[1]
                return port
