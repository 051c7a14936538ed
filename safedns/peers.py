"""Who is asking: one ``Peer`` a sender, made when it first asks under a snapshot and thrown away with it.

    sender -> trusted router? -- yes --> one peer for each device that it introduces
                              '- no ---> one peer, with what the network says of its address

Owns admission (``clients:``), what may be believed about a sender, and the token bucket of each device, which all its
addresses share. Must not read clocks.
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


_PORTIONS = 10
"""In how many portions the tokens of a second are taken: what one address holds, the others have to wait for."""


class Bucket:
    """How many queries a device may send from all its addresses together: so many a second, and twice that at once."""

    __slots__ = ("_filled", "_level", "_rate")

    def __init__(self, rate: int, mono: float) -> None:
        """Full at ``mono``; ``rate`` in queries a second."""
        self._rate = rate
        self._level = 2.0 * rate
        self._filled = mono

    def take(self, mono: float) -> int:
        """Tokens for one address to use up before it comes again; 0 = the device asks too much."""
        level = min(2.0 * self._rate, self._level + (mono - self._filled) * self._rate)
        taken = min(int(level), max(self._rate // _PORTIONS, 1))
        self._level = level - taken
        self._filled = mono
        return taken

    def copy(self) -> Bucket:
        """Another one that is as full."""
        made = Bucket(self._rate, self._filled)
        made._level = self._level
        return made


class Peer:
    """One client under the current snapshot."""

    __slots__ = (
        "address", "admitted", "bucket", "device", "logged", "memo", "places", "profile", "sender", "tokens",
        "upstreams",
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
        bucket: Bucket | None,
        places: list[int],
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
        self.bucket = bucket
        """Where its tokens come from; ``None`` without a limit."""
        self.tokens = 0 if bucket is not None else _UNLIMITED
        """How many more queries are answered before it needs others."""

    def refill(self, mono: float) -> bool:
        """Take one token when there are none left; ``False`` = this device asks too much. Call it only then."""
        self.tokens = (self.bucket.take(mono) if self.bucket is not None else _UNLIMITED) - 1
        return self.tokens >= 0


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
        self._buckets: dict[str, Bucket] = {}
        directory.changed = self._learnt

    def meet(self, sender: str, packet: bytes, mono: float) -> Peer:
        """The peer of a sender that is not in ``by_address``; a new device's bucket is full at ``mono``.

        ``sender`` is an address, or the address and behind a space the word that the client calls itself by (DNS over
        TLS, HTTPS or QUIC). One that somebody has claimed says whose device it is and admits it from anywhere, for only
        the family knows it; one that nobody has claimed counts for nothing.
        """
        if len(self.by_address) + len(self._introduced) >= PEERS:
            self.by_address.clear()
            self._introduced.clear()
            self._places.clear()
            self._buckets.clear()
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
        address, _, word = sender.partition(" ")
        trusted = is_inside(address, self._settings.trusted_forwarders)
        return Peer(
            sender,
            shown,
            device,
            self._memos.setdefault(device.profile.id, {}),
            upstreams=self._settings.upstreams.set_number(device.profile.upstreams),
            admitted=may_ask(self._settings, address),
            bucket=None if trusted else self._bucket_of(word or self._device_of(address), mono),
            places=self._places_of(shown, everybody=trusted and shown == sender),
        )

    def _bucket_of(self, device: str, mono: float) -> Bucket | None:
        """Of all addresses of a device; who calls itself by a claimed word has that one wherever it is."""
        rate = self._settings.rate_limit
        if not rate:
            return None
        bucket = self._buckets.get(device)
        if bucket is None:
            bucket = self._buckets[device] = Bucket(rate, mono)
        return bucket

    def _places_of(self, shown: str, *, everybody: bool) -> list[int]:
        """Shared by all addresses of a device; a router that introduces nobody is a whole home."""
        if everybody:
            return [_UNLIMITED]
        return self._places.setdefault(self._device_of(shown), [PLACES])

    def _device_of(self, address: str) -> str:
        """What is the same for all addresses of one device."""
        return self._directory.device_at(address.removeprefix(_MAPPED))

    def _learnt(self, address: str) -> None:
        """Something new is known of ``address``: whoever asks from there is identified anew."""
        self._introduced.clear()
        for sender in (address, f"{_MAPPED}{address}"):
            before = self.by_address.get(sender)
            if before is not None:
                if before.bucket is not None:  # to become somebody else fills none
                    self._buckets.setdefault(self._device_of(address), before.bucket.copy())
                now = self._peer(sender, sender, self._device_at(sender), 0.0)
                now.tokens = before.tokens
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
    if not networks:
        return False
    plain = _plain(address)
    return any(plain in network for network in networks)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
