"""Where an upstream is: one address as configured, or those that its name has just now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Place(Protocol):
    """The addresses of one upstream."""

    async def find(self) -> Sequence[str]:
        """Where to try, best first, at least one; raises ``UpstreamError`` when they cannot be found out."""
        ...

    def worked(self, address: str) -> None:
        """Somebody answered at ``address``: try it first the next time."""
        ...

    def failed(self) -> None:
        """Nobody was reached at any of them: find them out anew the next time."""
        ...


class Fixed:
    """An address that the configuration gives."""

    __slots__ = ("_addresses",)

    def __init__(self, address: str) -> None:
        self._addresses = (address,)

    async def find(self) -> Sequence[str]:
        return self._addresses

    def worked(self, address: str) -> None:
        """There is no other."""

    def failed(self) -> None:
        """There is no other."""
