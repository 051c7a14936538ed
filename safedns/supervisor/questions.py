"""Questions to children over their channels; answers come back among other messages and are told apart by a number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from safedns.supervisor.channel import Message
from safedns.supervisor.children import Child

PATIENCE = 3.0
"""Seconds that an answer may take."""


class Questions:
    """Those that wait for an answer."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._last = 0

    async def ask_all(self, children: Iterable[Child], what: str, **more: str) -> list[Message]:
        """What those of ``children`` that run answer, each as ``ask`` says."""
        alive = [child for child in children if child.pid is not None]
        return await asyncio.gather(*(self.ask(child, what, **more) for child in alive))

    async def ask(self, child: Child, what: str, **more: str) -> Message:
        """What ``child`` answers to the command ``what`` with ``more``; empty where nothing comes in time."""
        self._last += 1
        number = self._last
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        child.send({"do": what, "number": number, **more})
        try:
            return await asyncio.wait_for(waiting, PATIENCE)
        except TimeoutError:
            return {}
        finally:
            del self._waiting[number]

    def answered(self, message: Message) -> None:
        """An answer has come; one that nobody waits for any more is dropped."""
        waiting = self._waiting.get(message["number"])
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
