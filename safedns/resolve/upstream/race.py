"""Which of an upstream's addresses is used: the first that comes to a connection (RFC 8305 section 5).

    dial A -- nothing for a moment --> dial B beside it --> ... --> the first is used, the others are given up
          '-- connected, handshake goes on: B has to wait longer

Must not know how an address is dialled, nor how long it may take in all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from safedns.tasks import spawn

HEAD_START_SECONDS = 0.25
"""How long an address may take to connect before the next is tried beside it (RFC 8305 section 8)."""
HANDSHAKE_SECONDS = 1.0
"""The same for one that has connected by then, since dialled: most likely its handshake is slow, and another address
would make two connections of one."""

T = TypeVar("T")
Dial = Callable[[str, Callable[[], None]], Coroutine[Any, Any, T | Exception]]
"""Dials an address: what comes of it, or why nothing does. Calls the function when it has connected and has yet to
shake hands."""


class Race(Generic[T]):
    """One race of an upstream's addresses."""

    def __init__(self, dial: Dial[T], give_up: Callable[[T], None]) -> None:
        """``give_up`` gets what came of a dial too late to be used."""
        self._dial = dial
        self._give_up = give_up
        self._dials: dict[asyncio.Task[T | Exception], str] = {}
        """Those under way, and where to."""
        self._connected: set[str] = set()
        """Addresses that have connected and shake hands."""

    async def run(self, addresses: Sequence[str]) -> tuple[str, T]:
        """The first that is reached and what came of it; raises why not, of the last, where none is."""
        untried = list(addresses)
        error: Exception | None = None
        try:
            while untried or self._dials:
                if untried:
                    self._start(untried.pop(0))
                for dial in await self._over(HEAD_START_SECONDS if untried else None):
                    address, outcome = self._take(dial)
                    if not isinstance(outcome, Exception):
                        return address, outcome
                    error = outcome
        finally:
            self._give_up_the_others()
        assert error is not None  # noqa: S101 - there is at least one address
        raise error

    def _start(self, address: str) -> None:
        dial = self._dial(address, partial(self._connected.add, address))
        self._dials[spawn(dial, f"dial {address}")] = address

    async def _over(self, patience: float | None) -> set[asyncio.Task[T | Exception]]:
        """The dials that have come to an end; none where it is time for the next."""
        over = await self._wait(patience)
        if not over and self._connected:
            over = await self._wait(HANDSHAKE_SECONDS - HEAD_START_SECONDS)
        return over

    async def _wait(self, patience: float | None) -> set[asyncio.Task[T | Exception]]:
        return (await asyncio.wait(self._dials, timeout=patience, return_when=asyncio.FIRST_COMPLETED))[0]

    def _take(self, dial: asyncio.Task[T | Exception]) -> tuple[str, T | Exception]:
        address = self._dials.pop(dial)
        self._connected.discard(address)
        return address, dial.result()

    def _give_up_the_others(self) -> None:
        for dial in self._dials:
            if not dial.cancel() and not isinstance(late := dial.result(), Exception):
                self._give_up(late)
