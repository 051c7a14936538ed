"""Who is asking: one ``Peer`` a client address, made when it first asks under a snapshot and thrown away with it.

Owns admission (``clients:``), the per-client token bucket and the identity of an address. Must not read clocks.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from safedns.memo import Memo
from safedns.policy.snapshot import Profile, Snapshot
from safedns.settings.model import IPNetwork, Settings

PEERS = 16_384
"""Bound on remembered addresses: more than a large school has, small enough for a forged flood."""

_UNLIMITED = 1 << 62


class Peer:
    """One client address under the current snapshot."""

    __slots__ = (
        "_burst",
        "_filled",
        "_rate",
        "address",
        "admitted",
        "device",
        "logged",
        "memo",
        "profile",
        "tokens",
        "upstreams",
    )

    def __init__(
        self,
        address: str,
        device: str,
        profile: Profile,
        memo: Memo,
        *,
        upstreams: int,
        admitted: bool,
        rate: int,
        mono: float,
    ) -> None:
        self.address = address
        self.device = device
        self.profile = profile
        self.memo = memo
        self.upstreams = upstreams
        """Number of the set of upstreams that is asked; 0 = the usual ones."""
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
    """All client addresses seen under one snapshot."""

    def __init__(self, settings: Settings, snapshot: Snapshot) -> None:
        self.by_address: dict[str, Peer] = {}
        self._settings = settings
        self._snapshot = snapshot
        self._memos: dict[str, Memo] = {}

    def meet(self, address: str, mono: float) -> Peer:
        """The peer of an address that is not in ``by_address`` yet; its bucket is full at ``mono``."""
        if len(self.by_address) >= PEERS:
            self.by_address.clear()
        device = self._snapshot.identify(address)
        trusted = _inside(_plain(address), self._settings.trusted_forwarders)
        peer = Peer(
            address,
            device.name,
            device.profile,
            self._memos.setdefault(device.profile.id, {}),
            upstreams=self._settings.upstreams.set_number(device.profile.upstreams),
            admitted=may_ask(self._settings, address),
            rate=0 if trusted else self._settings.rate_limit,
            mono=mono,
        )
        self.by_address[address] = peer
        return peer


def may_ask(settings: Settings, address: str) -> bool:
    """Whether ``clients:`` admits a sender with this address; others are answered REFUSED."""
    return settings.clients is None or _inside(_plain(address), settings.clients)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def _inside(address: IPv4Address | IPv6Address, networks: tuple[IPNetwork, ...]) -> bool:
    return any(address in network for network in networks)
