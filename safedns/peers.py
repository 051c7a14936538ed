"""Who is asking: one ``Peer`` a sender, made when it first asks under a snapshot and thrown away with it.

Owns admission (``clients:``), the per-client token bucket and the identity of a sender. Must not read clocks.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from safedns.memo import Memo
from safedns.policy.snapshot import Device, Profile, Snapshot
from safedns.settings.model import IPNetwork, Settings

PEERS = 16_384
"""Bound on remembered addresses: more than a large school has, small enough for a forged flood."""

_UNLIMITED = 1 << 62


class Peer:
    """One client under the current snapshot."""

    __slots__ = (
        "_burst", "_filled", "_rate", "address", "admitted", "device", "logged", "memo", "profile", "sender", "tokens",
    )  # fmt: skip

    def __init__(
        self, sender: str, device: str, profile: Profile, memo: Memo, *, admitted: bool, rate: int, mono: float
    ) -> None:
        self.sender = sender
        self.address = sender.partition(" ")[0]
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
    """All senders seen under one snapshot."""

    def __init__(self, settings: Settings, snapshot: Snapshot) -> None:
        self.by_address: dict[str, Peer] = {}
        """By sender."""
        self._settings = settings
        self._snapshot = snapshot
        self._memos: dict[str, Memo] = {}

    def meet(self, sender: str, mono: float) -> Peer:
        """The peer of a sender that is not in ``by_address`` yet; its bucket is full at ``mono``.

        ``sender`` is an address, or the address and behind a space the id that the client gave itself over an encrypted
        transport. An id that somebody has claimed says whose device it is and admits it from anywhere, for only the
        family knows it; one that nobody has claimed counts for nothing.
        """
        address, _, id_ = sender.partition(" ")
        if id_:
            named = self._snapshot.named(id_)
            if named is None:
                return self.by_address.get(address) or self.meet(address, mono)
            return self._remember(sender, named, admitted=True, rate=self._settings.rate_limit, mono=mono)
        trusted = _inside(_plain(address), self._settings.trusted_forwarders)
        return self._remember(
            sender,
            self._snapshot.identify(address),
            admitted=may_ask(self._settings, address),
            rate=0 if trusted else self._settings.rate_limit,
            mono=mono,
        )

    def _remember(self, sender: str, device: Device, *, admitted: bool, rate: int, mono: float) -> Peer:
        if len(self.by_address) >= PEERS:
            self.by_address.clear()
        memo = self._memos.setdefault(device.profile.id, {})
        peer = Peer(sender, device.name, device.profile, memo, admitted=admitted, rate=rate, mono=mono)
        self.by_address[sender] = peer
        return peer


def may_ask(settings: Settings, address: str) -> bool:
    """Whether ``clients:`` admits a sender with this address; others are answered REFUSED."""
    return settings.clients is None or _inside(_plain(address), settings.clients)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def _inside(address: IPv4Address | IPv6Address, networks: tuple[IPNetwork, ...]) -> bool:
    return any(address in network for network in networks)
