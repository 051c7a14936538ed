"""A child's line to the supervisor: commands in, one at a time and in order; events and signs of life out.

Should the supervisor be killed, the line goes silent and the child goes on without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from safedns.errors import SafednsError
from safedns.supervisor.channel import Channel, ChannelClosedError, Message, Received
from safedns.tasks import spawn

log = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between signs of life."""

Obey = Callable[[Received], Awaitable[None]]


class Line:
    """Open from ``start`` to ``close``."""

    def __init__(self, channel: Channel, obey: Obey) -> None:
        """``obey`` carries one command out; what it raises is logged and told as ``failed``."""
        self._channel = channel
        self._obey = obey
        self._loop = asyncio.get_running_loop()
        self._commands: asyncio.Queue[Received] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Take commands and show signs of life."""
        self._loop.add_reader(self._channel.fileno(), self._on_channel)
        self._tasks = [spawn(self._obey_all(), "commands"), spawn(self._beat(), "beat")]

    def close(self) -> None:
        """Take no more commands."""
        self._loop.remove_reader(self._channel.fileno())
        for task in self._tasks:
            task.cancel()

    def tell(self, message: Message) -> None:
        """Send an event; without a supervisor there is nobody to tell."""
        with contextlib.suppress(ChannelClosedError):
            self._channel.send(message)

    def _on_channel(self) -> None:
        try:
            while (received := self._channel.receive()) is not None:
                self._commands.put_nowait(received)
        except ChannelClosedError:
            self._loop.remove_reader(self._channel.fileno())
            log.warning("the supervisor has gone; going on without it")

    async def _obey_all(self) -> None:
        while True:
            received = await self._commands.get()
            try:
                await self._obey(received)
            except SafednsError as error:
                log.error("%s", error)  # noqa: TRY400 - its text says it all
                self.tell({"event": "failed", "error": str(error)})
            except Exception as error:
                log.exception("cannot %s", received.message.get("do"))
                self.tell({"event": "failed", "error": f"{type(error).__name__}: {error}"})

    async def _beat(self) -> None:
        while True:
            self.tell({"event": "beat"})
            await asyncio.sleep(BEAT)
