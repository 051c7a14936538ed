"""When events leave: at once when many have gathered, else a quarter of a second after the first."""

from __future__ import annotations

import asyncio

from safedns.record.link import EventSender

MANY = 256
DELAY = 0.25
"""Seconds."""


class Flusher:
    """Asked after every batch of answers; keeps at most one timer."""

    def __init__(self, sender: EventSender) -> None:
        self._sender = sender
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def due(self) -> None:
        """Something may have been recorded."""
        if len(self._sender.pending) >= MANY:
            self._sender.flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(DELAY, self._on_timer)

    def close(self) -> None:
        """Send what is left."""
        if self._timer is not None:
            self._timer.cancel()
        self._sender.flush()

    def _on_timer(self) -> None:
        self._timer = None
        self._sender.flush()
