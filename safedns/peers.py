"""Who is asking: one ``Peer`` a sender, made when it first asks under a snapshot and thrown away with it.

    sender -> trusted router? -- yes --> one peer for each device that it introduces
                              '- no ---> one peer, with what the network says of its address

Owns admission (``clients:``), the per-client token bucket and what may be believed about a sender. Must not read
clocks.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from safedns.lan.directory import Directory
from safedns.memo import Memo
from safedns.policy.clients import Evidence
from safedns.policy.snapshot import Device, Profile, Snapshot
from safedns.settings.model import IPNetwork, Settings
from safedns.wire.introduction import IntroductionError, introducing_options, read_introduction

PEERS = 16_384
"""Bound on remembered addresses: more than a large school has, small enough for a forged flood."""

PLACES = 200
"""Questions of one device that may wait for an upstream at once: a tenth of what may be under way in all."""

_UNLIMITED = 1 << 62


class Peer:
    """One client under the current snapshot."""

    __slots__ = (
        "_burst", "_filled", "_rate", "address", "admitted", "device", "logged", "memo", "places", "profile", "sender",
        "tokens", "upstreams",
    )  # fmt: skip

    def __init__(
        self,
        sender: str,
        address: str,
        device: Device,
        memo: Memo,
        *,
        upstreams: int,
        admitted: bool,
        rate: int,
        places: list[int],
        mono: float,
    ) -> None:
        """``sender``: what ``meet`` was asked for; ``address``: the device's own, as far as it is known."""
        self.sender = sender
        self.address = address
        self.device = device.name
        self.profile: Profile = device.profile
        self.memo = memo
        self.upstreams = upstreams
        """Number of the set of upstreams that is asked; 0 = the usual ones."""
        self.admitted = admitted
        self.logged = device.profile.log != "off"
        self.places = places
        """How many more questions of this device, from whatever address, may wait for an upstream."""
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

    def goes_on_from(self, before: Peer) -> None:
        """Take over the bucket of the peer that the same sender had: to become somebody else fills none."""
        self._filled, self.tokens = before._filled, before.tokens


class Peers:
    """Everybody who has asked under one snapshot."""

    def __init__(self, settings: Settings, snapshot: Snapshot, directory: Directory) -> None:
        """From now on it is this object that hears what changes in ``directory``."""
        self.by_address: dict[str, Peer] = {}
        """By sender; without trusted routers, so that looking one up there always ends in ``meet``."""
        self._introduced: dict[tuple[str, bytes], Peer] = {}
        self._settings = settings
        self._snapshot = snapshot
        self._directory = directory
        self._memos: dict[str, Memo] = {}
        self._places: dict[str, list[int]] = {}
        directory.changed = self._learnt

    def meet(self, sender: str, packet: bytes, mono: float) -> Peer:
        """The peer of a sender that is not in ``by_address``; a new one's bucket is full at ``mono``.

        ``sender`` is an address, or the address and behind a space the word that the client calls itself by (DNS over
        TLS, HTTPS or QUIC). One that somebody has claimed says whose device it is and admits it from anywhere, for only
        the family knows it; one that nobody has claimed counts for nothing.
        """
        if len(self.by_address) + len(self._introduced) >= PEERS:
            self.by_address.clear()
            self._introduced.clear()
            self._places.clear()
        address, _, word = sender.partition(" ")
        if word:
            device = self._snapshot.identify(Evidence(word=word))
            if device.name:
                peer = self.by_address[sender] = self._peer(sender, address, device, mono)
                peer.admitted = True
                return peer
            return self.by_address.get(address) or self.meet(address, packet, mono)
        if is_inside(address, self._settings.trusted_forwarders):
            return self._behind(sender, introducing_options(packet), mono)
        peer = self.by_address[sender] = self._peer(sender, address, self._device_at(address), mono)
        return peer

    def count(self) -> dict[bool, int]:
        """How many have asked so far whose device somebody has claimed (``True``) or nobody."""
        peers = (*self.by_address.values(), *self._introduced.values())
        claimed = sum(bool(peer.device) for peer in peers)
        return {True: claimed, False: len(peers) - claimed}

    def _behind(self, router: str, introducing: bytes, mono: float) -> Peer:
        """The device that a trusted router asks for. One that it introduces is never taken for the router itself, and
        one that cannot be made out is nobody's."""
        peer = self._introduced.get((router, introducing))
        if peer is None:
            shown, device = router, self._snapshot.identify(Evidence())
            if not introducing:
                device = self._device_at(router)
            else:
                try:
                    mac, name, address = read_introduction(introducing)
                except IntroductionError:
                    pass
                else:
                    shown = address or mac or name
                    # A router has one CPE id for all its devices: it says nothing more where they are told apart.
                    device = self._snapshot.identify(self._evidence(address, mac)._replace(word="" if mac else name))
            peer = self._introduced[router, introducing] = self._peer(router, shown, device, mono)
        return peer

    def _device_at(self, address: str) -> Device:
        return self._snapshot.identify(self._evidence(address))

    def _evidence(self, address: str, mac: str = "") -> Evidence:
        """What is known of an address; ``mac`` where a router has said it."""
        return evidence_at(address, self._directory, mac)

    def _peer(self, sender: str, shown: str, device: Device, mono: float) -> Peer:
        address = sender.partition(" ")[0]
        trusted = is_inside(address, self._settings.trusted_forwarders)
        return Peer(
            sender,
            shown,
            device,
            self._memos.setdefault(device.profile.id, {}),
            upstreams=self._settings.upstreams.set_number(device.profile.upstreams),
            admitted=may_ask(self._settings, address),
            rate=0 if trusted else self._settings.rate_limit,
            places=self._places_of(shown, everybody=trusted and shown == sender),
            mono=mono,
        )

    def _places_of(self, shown: str, *, everybody: bool) -> list[int]:
        """Shared by all addresses of a device; a router that introduces nobody is a whole home."""
        if everybody:
            return [_UNLIMITED]
        return self._places.setdefault(self._directory.device_at(shown.removeprefix(_MAPPED)), [PLACES])

    def _learnt(self, address: str) -> None:
        """Something new is known of ``address``: whoever asks from there is identified anew."""
        self._introduced.clear()
        for sender in (address, f"{_MAPPED}{address}"):
            before = self.by_address.get(sender)
            if before is not None:
                now = self._peer(sender, sender, self._device_at(sender), 0.0)
                now.goes_on_from(before)
                self.by_address[sender] = now


_MAPPED = "::ffff:"


def evidence_at(address: str, directory: Directory, mac: str = "") -> Evidence:
    """Everything that is known of an address now; ``mac`` is believed where it is given."""
    key = address.removeprefix(_MAPPED)
    mac = mac or directory.mac_of(key)
    return Evidence(address, "", mac, directory.host_of(key, mac))


def may_ask(settings: Settings, address: str) -> bool:
    """Whether ``clients:`` admits a sender with this address; others are answered REFUSED."""
    return settings.clients is None or is_inside(address, settings.clients)


def is_inside(address: str, networks: tuple[IPNetwork, ...]) -> bool:
    """Whether one of ``networks`` holds ``address`` (IPv4-mapped ones are IPv4)."""
    plain = _plain(address)
    return any(plain in network for network in networks)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
