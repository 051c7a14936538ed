"""What a blocked query is told: no such name, a null address, nothing, "refused", or where a page says why.

The profile's way, else the household's. A page is shown by this machine unless the household has one of its own. Must
not decide whether to block.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from safedns.asked import Asked, Found
from safedns.policy.decision import Decision
from safedns.settings.model import BlockReply, Settings
from safedns.wire.reply import blocked_answer
from safedns.wire.types import QType

BYPASS = "bypass"
"""The category of ways round the filter."""

_VERSION = {int(QType.A): 4, int(QType.AAAA): 6}
_GIVES_ADDRESS: tuple[BlockReply, ...] = ("null", "page")


class Blocking:
    """Makes block replies under one configuration."""

    def __init__(self, settings: Settings, hosts: Sequence[str]) -> None:
        """``hosts``: the addresses on which this machine answers, whenever they are looked at."""
        self._block = settings.block
        self._page = _PageAddresses(settings, hosts)

    def found(self, asked: Asked, decision: Decision, ede: tuple[int, str]) -> Found:
        """The reply to a query that ``decision`` blocks, or rewrites and has no answer for."""
        query, ttl = asked.query, self._block.ttl
        mode: BlockReply = asked.peer.profile.reply or self._block.reply
        if decision.target:
            mode = "nodata"  # the name is there
        elif mode in _GIVES_ADDRESS and decision.reason.category == BYPASS:
            # Private Relay and Chrome's prefetch proxy give way to "no such name", but not to any address.
            mode = "nxdomain"
        if mode != "page":
            return Found(blocked_answer(query, mode, ttl), "policy", ede=ede)
        addresses = self._page.of(query.qtype, asked.peer.address)
        return Found(blocked_answer(query, mode, ttl, addresses), "policy", ede=ede, personal=True)


class _PageAddresses:
    """Where the page is, as a client sees it."""

    def __init__(self, settings: Settings, hosts: Sequence[str]) -> None:
        self._given = tuple(map(ip_address, settings.block.page))
        self._listen = None if settings.listen_page is None else ip_address(settings.listen_page.host)
        self._hosts = hosts

    def of(self, qtype: int, client: str) -> tuple[bytes, ...]:
        """Packed addresses of the type asked for; none where there is no page by that type."""
        version = _VERSION.get(qtype)
        if version is None:
            return ()
        if self._given:
            return tuple(address.packed for address in self._given if address.version == version)
        if self._listen is None:
            return ()
        if not self._listen.is_unspecified:
            return (self._listen.packed,) if self._listen.version == version else ()
        if version == 6 and self._listen.version == 4:
            return ()
        return self._nearest(version, ip_address(client.partition("%")[0]))

    def _nearest(self, version: int, client: IPv4Address | IPv6Address) -> tuple[bytes, ...]:
        """Of this machine's addresses the one with most leading bits of the client's: the one it has asked."""
        client = (client.ipv4_mapped or client) if isinstance(client, IPv6Address) else client
        candidates = [
            address
            for address in map(ip_address, self._hosts)
            if address.version == version and not address.is_link_local and address.is_loopback == client.is_loopback
        ]
        if not candidates:
            return ()
        if client.version == version:
            candidates.sort(key=lambda address: int(address) ^ int(client))
        return (candidates[0].packed,)
