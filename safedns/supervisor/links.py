"""The event pipes between resolvers and the recorder. The supervisor holds both ends of each, so that neither end's
death breaks it: what was sent waits for the next recorder, and a new resolver goes on where the old one stopped.
"""

from __future__ import annotations

import socket


class Links:
    """One socket pair a resolver, made when first asked for."""

    def __init__(self) -> None:
        self._pairs: dict[int, tuple[socket.socket, socket.socket]] = {}

    def resolver_end(self, worker: int) -> int:
        """Descriptor to pass to the resolver."""
        return self._pair(worker)[0].fileno()

    def recorder_end(self, worker: int) -> int:
        """Descriptor to pass to the recorder."""
        return self._pair(worker)[1].fileno()

    def close(self) -> None:
        for pair in self._pairs.values():
            for end in pair:
                end.close()
        self._pairs.clear()

    def _pair(self, worker: int) -> tuple[socket.socket, socket.socket]:
        if worker not in self._pairs:
            self._pairs[worker] = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return self._pairs[worker]
