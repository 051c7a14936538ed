"""Who is asking: one ``Peer`` a client, made when it first asks under a snapshot and thrown away with it.

Owns admission (``clients:``), the per-client token bucket and the identity of a client. Must not read clocks.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from safedns.memo import Memo
from safedns.policy.snapshot import Device, Profile, Snapshot
from safedns.settings.model import IPNetwork, Settings

PEERS = 16_384
"""Bound on remembered addresses: more than a large school has, small enough for a forged flood."""

_UNLIMITED = 1 << 62


class Named(NamedTuple):
    """A client that told its id over an encrypted transport."""

    address: str
    id: str
    """In lower case; claimed or not."""


Client = str | Named
"""Who is asking, as far as a server knows: an address, or more."""


class Peer:
    """One client under the current snapshot."""

    __slots__ = (
        "_burst", "_filled", "_rate", "address", "admitted", "client", "device", "logged", "memo", "profile", "tokens",
    )  # fmt: skip

    def __init__(
        self, client: Client, device: str, profile: Profile, memo: Memo, *, admitted: bool, rate: int, mono: float
    ) -> None:
        self.client = client
        self.address = client.address if isinstance(client, Named) else client
        self.device = device
        self.profile = profile
        self.memo = memo
        self.admitted = admitted
        self.logged = profile.log != "off"
        self._rate = rate
        self._burst = 2 * rate
        self._filled = mono
        self.tokens = self._burst if rate else _UNLIMITED

    def refill(self, mono: float) -> bool:
        """Take one token after the bucket ran dry; ``False`` = this client asks too much. Call it only then."""
        self.tokens = min(self._burst, int((mono - self._filled) * self._rate)) - 1
        if self.tokens < 0:
            return False
        self._filled = mono
        return True


class Peers:
    """All clients seen under one snapshot."""

    def __init__(self, settings: Settings, snapshot: Snapshot) -> None:
        self.by_client: dict[Client, Peer] = {}
        self._settings = settings
        self._snapshot = snapshot
        self._memos: dict[str, Memo] = {}

    def meet(self, client: Client, mono: float) -> Peer:
        """The peer of a client that is not in ``by_client`` yet; its bucket is full at ``mono``.

        An id that is claimed says whose device it is and admits it from anywhere, for only the family knows it; one
        that is not counts for nothing, and the address decides.
        """
        if isinstance(client, Named):
            named = self._snapshot.named(client.id)
            if named is None:
                return self.by_client.get(client.address) or self.meet(client.address, mono)
            return self._remember(client, named, admitted=True, rate=self._settings.rate_limit, mono=mono)
        trusted = _inside(_plain(client), self._settings.trusted_forwarders)
        return self._remember(
            client,
            self._snapshot.identify(client),
            admitted=may_ask(self._settings, client),
            rate=0 if trusted else self._settings.rate_limit,
            mono=mono,
        )

    def _remember(self, client: Client, device: Device, *, admitted: bool, rate: int, mono: float) -> Peer:
        if len(self.by_client) >= PEERS:
            self.by_client.clear()
        memo = self._memos.setdefault(device.profile.id, {})
        peer = Peer(client, device.name, device.profile, memo, admitted=admitted, rate=rate, mono=mono)
        self.by_client[client] = peer
        return peer


def may_ask(settings: Settings, address: str) -> bool:
    """Whether ``clients:`` admits a sender with this address; others are answered REFUSED."""
    return settings.clients is None or _inside(_plain(address), settings.clients)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def _inside(address: IPv4Address | IPv6Address, networks: tuple[IPNetwork, ...]) -> bool:
    return any(address in network for network in networks)
