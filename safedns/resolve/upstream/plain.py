"""A plain upstream (RFC 1035, RFC 7766): UDP, and TCP for what does not fit."""

from __future__ import annotations

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.place import Fixed
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.udp import UdpCarrier
from safedns.wire.types import Ede


class PlainUpstream:
    """Asks one address over UDP; a truncated answer is asked for again over TCP."""

    __slots__ = ("_closed", "_host", "_tcp", "_tcp_count", "_udp", "name")

    def __init__(
        self, name: str, host: str, port: int, clock: Clock, *, mismatches: list[int], tcp_count: list[int]
    ) -> None:
        """``host`` is an address. The two cells count answers that match nothing, and turns to TCP."""
        self.name = name
        self._host = host
        self._closed = False
        self._tcp_count = tcp_count
        self._tcp = TcpCarrier(Fixed(host), port, mismatches)
        self._tcp.label = name
        self._udp = UdpCarrier(host, port, clock, mismatches, self._over_tcp)

    @property
    def facts(self) -> Facts:
        """What was learned of it so far."""
        return Facts(address=self._host, cookies=self._udp.cookies.given)

    def start(self, exchange: Exchange) -> None:
        """Begin asking; see ``Upstream``."""
        if self._closed:
            exchange.fail(UpstreamError("the upstream is closed", Ede.NETWORK_ERROR))
        else:
            self._udp.start(exchange)

    async def close(self) -> None:
        """Close every socket; exchanges under way fail."""
        self._closed = True
        self._udp.close()
        await self._tcp.close()

    def _over_tcp(self, exchange: Exchange) -> None:
        self._tcp_count[0] += 1
        self._tcp.start(exchange)
