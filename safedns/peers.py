"""Who is asking: one ``Peer`` a sender, made when it first asks under a snapshot and thrown away with it.

    sender -> trusted router? -- yes --> one peer for each device that it introduces
                              '- no ---> one peer, with what the network says of its address

Owns admission (``clients:``), what may be believed about a sender, and the token bucket of each device, which all its
addresses share. Must not read clocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from safedns.lan.directory import Directory
from safedns.memo import Memo
from safedns.policy.clients import Evidence
from safedns.policy.snapshot import Device, Profile, Snapshot
from safedns.settings.model import PRIVATE_NETWORKS, IPNetwork, Settings
from safedns.wire.introduction import Introduction, introduction

PEERS = 16_384
"""Bound on remembered addresses, and on devices: more than a large school has, small enough for a forged flood."""

PLACES = 200
"""Questions of one device that may wait for an upstream at once: a tenth of what may be under way in all."""

TALLIED = 1000
"""Clients of which it is remembered how much they have asked lately."""

Tally = Counter[tuple[str, str]]
"""Address and device (the claim; empty for nobody's) -> queries."""

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
        "address", "admitted", "bucket", "device", "logged", "memo", "places", "profile", "sender", "taken", "tokens",
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
        self.taken = self.tokens
        """How many it has had in all."""

    @property
    def asked(self) -> int:
        """How many queries it has sent, but for those that were too many."""
        return self.taken - max(self.tokens, 0)

    def refill(self, mono: float) -> bool:
        """Take one token when there are none left; ``False`` = this device asks too much. Call it only then."""
        taken = self.bucket.take(mono) if self.bucket is not None else _UNLIMITED
        self.taken += taken
        self.tokens = taken - 1
        return self.tokens >= 0


class Peers:
    """Everybody who has asked under one snapshot."""

    def __init__(
        self, settings: Settings, snapshot: Snapshot, directory: Directory, before: Peers | None = None
    ) -> None:
        """From now on it is this object that hears what changes in ``directory``; ``before``: that did until now."""
        self.by_address: dict[str, Peer] = {}
        """By sender; without trusted routers, so that looking one up there always ends in ``meet``."""
        self._introduced: dict[tuple[str, Introduction | None], Peer] = {}
        """By router and what it says, read: what a device itself has added to that makes no other."""
        self._settings = settings
        self._snapshot = snapshot
        self._directory = directory
        self._memos: dict[str, Memo] = {}
        self._places: dict[str, list[int]] = {}
        self._buckets: dict[str, Bucket] = {}
        self._lately = before.older() if before is not None else Tally()
        directory.changed = self._learnt

    def meet(self, sender: str, packet: bytes, mono: float) -> Peer:
        """The peer of a sender that is not in ``by_address``; a new device's bucket is full at ``mono``.

        ``sender`` is an address, or the address and behind a space the word that the client calls itself by (DNS over
        TLS, HTTPS or QUIC). One that somebody has claimed says whose device it is and admits it from anywhere, for only
        the family knows it; one that nobody has claimed counts for nothing.
        """
        self._make_room()
        address, _, word = sender.partition(" ")
        if word:
            device = self._snapshot.identify(Evidence(word=word))
            if device.name:
                peer = self.by_address[sender] = self._at(sender, device, mono)
                peer.admitted = True
                return peer
            return self.by_address.get(address) or self.meet(address, packet, mono)
        if is_inside(address, self._settings.trusted_forwarders):
            return self._behind(sender, introduction(packet), mono)
        peer = self.by_address[sender] = self._at(sender, self._device_at(address), mono)
        return peer

    def _make_room(self) -> None:
        """Forget everybody rather than remember too many; a device may have been many, one after the other."""
        if max(len(self.by_address) + len(self._introduced), len(self._places), len(self._buckets)) >= PEERS:
            self._lately = self.older()
            self.by_address.clear()
            self._introduced.clear()
            self._places.clear()
            self._buckets.clear()

    def count(self) -> dict[bool, int]:
        """How many have asked so far whose device somebody has claimed (``True``) or nobody."""
        peers = self._everybody()
        claimed = sum(bool(peer.device) for peer in peers)
        return {True: claimed, False: len(peers) - claimed}

    def tally(self) -> Tally:
        """Who may ask, and how many queries each has sent lately, under this snapshot and those before."""
        return self._lately + _counted(self._everybody())

    def older(self) -> Tally:
        """The tally, where what comes from now on weighs more."""
        return Tally({client: queries // 2 for client, queries in self.tally().most_common(TALLIED) if queries > 1})

    def _everybody(self) -> tuple[Peer, ...]:
        return (*self.by_address.values(), *self._introduced.values())

    def _behind(self, router: str, said: Introduction | None, mono: float) -> Peer:
        """The device that a trusted router asks for. One that it introduces is never taken for the router itself, and
        one that cannot be made out is nobody's."""
        peer = self._introduced.get((router, said))
        if peer is None:
            if said is None:
                peer = self._peer(router, router, self._device_at(router), mono, [_UNLIMITED])  # a whole home asks
            else:
                seen = self._told(router, said)
                shown = said.address or said.mac or said.name or router
                places = self._places_of(seen.mac or shown)
                peer = self._peer(router, shown, self._snapshot.identify(seen), mono, places)
            self._introduced[router, said] = peer
        return peer

    def _told(self, router: str, said: Introduction) -> Evidence:
        seen = self._evidence(said.address, said.mac)._replace(word=said.name)
        if said.mac or seen.mac != self._directory.mac_of(router):
            return seen
        # A router that answers for the addresses of others shows its own hardware there.
        return seen._replace(mac="", host=self._directory.host_of(said.address, ""), ipv4="")

    def _device_at(self, address: str) -> Device:
        return self._snapshot.identify(self._evidence(address))

    def _evidence(self, address: str, mac: str = "") -> Evidence:
        """What is known of an address; ``mac`` where a router has said it."""
        return evidence_at(address, self._directory, mac)

    def _at(self, sender: str, device: Device, mono: float) -> Peer:
        """Who speaks for itself."""
        address = sender.partition(" ")[0]
        return self._peer(sender, address, device, mono, self._places_of(self._device_of(address)))

    def _peer(self, sender: str, shown: str, device: Device, mono: float, places: list[int]) -> Peer:
        address, _, word = sender.partition(" ")
        trusted = is_inside(address, self._settings.trusted_forwarders)
        return Peer(
            sender,
            shown,
            device,
            self._memos.setdefault(device.profile.id, {}),
            upstreams=self._settings.upstreams.set_number(device.profile.upstreams),
            admitted=may_ask(self._settings, address, self._directory, device),
            bucket=None if trusted else self._bucket_of(word or self._device_of(address), mono),
            places=places,
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

    def _places_of(self, device: str) -> list[int]:
        """Shared by all addresses of a device."""
        return self._places.setdefault(device, [PLACES])

    def _device_of(self, address: str) -> str:
        """What is the same for all addresses of one device."""
        return self._directory.device_at(address.removeprefix(_MAPPED))

    def _learnt(self, address: str) -> None:
        """Something new is known of ``address``, or of the home's networks: who asks from there is identified anew."""
        if self._introduced:
            self._lately = Tally(dict((self._lately + _counted(self._introduced.values())).most_common(TALLIED)))
            self._introduced.clear()
        self._make_room()
        for sender in (address, f"{_MAPPED}{address}") if address else self._at_addresses_of_a_provider():
            before = self.by_address.get(sender)
            if before is not None:
                if before.bucket is not None:  # to become somebody else fills none
                    self._buckets.setdefault(self._device_of(sender), before.bucket.copy())
                now = self._at(sender, self._device_at(sender), 0.0)
                now.tokens, now.taken = before.tokens, before.taken
                self.by_address[sender] = now

    def _at_addresses_of_a_provider(self) -> list[str]:
        """Who may be at home or not, by what his prefix is now; a claimed word admits from anywhere."""
        return [sender for sender in self.by_address if ":" in sender and " " not in sender]


def _counted(peers: Iterable[Peer]) -> Tally:
    """How much each has asked. Where a device that calls itself by a word has been is nobody's business."""
    found = Tally()
    for peer in peers:
        if peer.admitted:
            word = peer.sender.partition(" ")[2]
            found["" if word else peer.address, peer.device] += peer.asked
    return found


_MAPPED = "::ffff:"


def evidence_at(address: str, directory: Directory, mac: str = "") -> Evidence:
    """Everything that is known of an address now; ``mac`` is believed where it is given."""
    key = address.removeprefix(_MAPPED)
    mac = mac or directory.mac_of(key)
    return Evidence(address, "", mac, directory.host_of(key, mac), directory.ipv4_of(key, mac))


def may_ask(settings: Settings, address: str, directory: Directory, device: Device) -> bool:
    """Whether ``clients:`` admits ``device`` at this address; others are answered REFUSED.

    In the provider's networks only who is known there: who is claimed by an IPv4 address at which nobody has met that
    device yet would get the rules of ``unknown:`` under his IPv6 one.
    """
    if settings.clients is None or is_inside(address, settings.clients):
        return True
    return settings.clients == PRIVATE_NETWORKS and bool(device.name) and is_inside(address, directory.prefixes)


def is_inside(address: str, networks: Iterable[IPNetwork]) -> bool:
    """Whether one of ``networks`` holds ``address`` (IPv4-mapped ones are IPv4)."""
    if not networks:
        return False
    plain = _plain(address)
    return any(plain in network for network in networks)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
