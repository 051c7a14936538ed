"""Which server speaks which protocol; each is imported only where it is listened on."""

from __future__ import annotations

import socket
from typing import Protocol

from safedns.clock import Clock
from safedns.pipeline import Pipeline
from safedns.record.counters import Counters
from safedns.server.flush import Flusher
from safedns.server.tcp import ENCRYPTED, TcpServer
from safedns.server.terms import Terms
from safedns.server.udp import UdpServer


class Server(Protocol):
    """Serves one socket, which it owns."""

    @property
    def connections(self) -> int:
        """How many there are now."""

    async def start(self) -> None:
        """Serve from now on."""

    def pause(self) -> None:
        """Take no more queries where each stands alone; those under way still get their answers."""

    async def close(self) -> None:
        """Drop everything, the socket too."""


def make_server(
    protocol: str,
    sock: socket.socket,
    pipeline: Pipeline,
    clock: Clock,
    flusher: Flusher,
    terms: Terms,
    counters: Counters,
) -> Server:
    """The server of ``udp``, ``tcp``, ``tls``, ``https`` or ``quic`` for a bound, non-blocking socket."""
    if protocol == "udp":
        return UdpServer(sock, pipeline, clock, flusher)
    refused = counters.cell("connections_refused", protocol)
    match protocol:
        case "tcp":
            return TcpServer(sock, pipeline, clock, flusher, terms=terms, refused=refused)
        case "tls":
            return TcpServer(sock, pipeline, clock, flusher, ENCRYPTED, terms=terms, encrypted=True, refused=refused)
        case "https":
            from safedns.server.doh import DohServer  # 1.4 MB that a house without it does not need

            return DohServer(sock, pipeline, clock, flusher, terms, refused=refused)
    from safedns.server.doq import DoqServer  # 15 MB, as above

    return DoqServer(sock, pipeline, clock, flusher, terms, refused=refused)
