"""An upstream over TLS, HTTPS (HTTP/2 or HTTP/3) or QUIC: one carrier, no way back to plain DNS."""

from __future__ import annotations

from typing import Protocol

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange, Facts
from safedns.wire.types import Ede


class Encrypting(Protocol):
    """One way to a server, or two of which one stands in for the other."""

    label: str
    """What the upstream is called in the log."""

    @property
    def facts(self) -> Facts:
        """What was learned of it so far."""
        ...

    def start(self, exchange: Exchange) -> None:
        """Send the query as soon as there is a connection."""
        ...

    async def close(self) -> None:
        """Close the connections; everything under way fails. What is started later makes new ones."""
        ...


class EncryptedUpstream:
    """Asks through its carrier alone: who cannot be trusted is not asked at all (RFC 8310 section 5)."""

    __slots__ = ("_carrier", "_closed", "name")

    def __init__(self, name: str, carrier: Encrypting) -> None:
        self.name = name
        self._carrier = carrier
        carrier.label = name
        self._closed = False

    @property
    def facts(self) -> Facts:
        """What was learned of it so far."""
        return self._carrier.facts

    def start(self, exchange: Exchange) -> None:
        """Begin asking; see ``Upstream``."""
        if self._closed:
            exchange.fail(UpstreamError("the upstream is closed", Ede.NETWORK_ERROR))
        else:
            self._carrier.start(exchange)

    async def hang_up(self) -> None:
        """Close the connection, for the next exchange to make a new one; those under way fail."""
        await self._carrier.close()

    async def close(self) -> None:
        """Close the connection; exchanges under way fail."""
        self._closed = True
        await self._carrier.close()
