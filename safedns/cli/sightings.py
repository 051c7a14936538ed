"""Every device that can be seen: by the daemon, in the query log, the kernel's neighbour table, lease files.

Values only. One device is what has one hardware address, or tells one word, at however many addresses; without either,
an address is a device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from safedns.clock import SystemClock
from safedns.lan.directory import Directory
from safedns.lan.lease_files import LeaseFiles
from safedns.lan.neighbours import neighbours_now
from safedns.lan.prefixes import home_prefixes
from safedns.peers import evidence_at
from safedns.policy.clients import Clients, Evidence, is_mac, parse_address
from safedns.policy.model import Policy, ProfileSpec
from safedns.policy.words_names import claim
from safedns.record.store import ClientSeen
from safedns.settings.model import Settings

_ENOUGH = 20
"""Queries below which nothing can be said about who asks."""
_NEARLY_ALL = 0.95
_A_HOME = 3
"""Devices beside the one that asks, from which on it is odd that nobody else does."""
_LONG = 200
"""Queries of one device below which the others may just be asleep."""


class Asking(NamedTuple):
    """One client of the daemon that runs."""

    address: str
    """Or what else a trusted router has told of it."""
    device: str
    """The claim, as in the log; empty for nobody's."""
    queries: int
    """Of late, logged or not: those before the rules were last loaded count by half."""


class Owner(NamedTuple):
    """Whose a device is."""

    claim: str
    """The line of ``devices:`` that says so; empty for a device that nobody has claimed."""
    profile: ProfileSpec


class Sighting(NamedTuple):
    """One device."""

    mac: str
    """Empty where it is not known: behind a router, or not there now."""
    addresses: tuple[str, ...]
    host: str
    """Its DHCP host name, or what a trusted router calls it; empty for none."""
    owner: Owner
    last: float | None
    """When it asked last (epoch seconds); ``None`` where the log does not know."""
    queries: int
    """In the log, since the beginning that was asked for; or of the daemon that runs, if it knows of more."""

    @property
    def claimable(self) -> str:
        """How a line under ``devices:`` can call it."""
        return self.mac or next((address for address in self.addresses if "%" not in address), self.host)


def directory_now(settings: Settings) -> Directory:
    """What the kernel and the lease files say at this moment."""
    directory = Directory()
    for address, mac in neighbours_now():
        directory.learn(address, mac)
    directory.use_prefixes(home_prefixes())
    directory.use_leases(LeaseFiles(settings.leases).look(SystemClock.wall()) or ())
    return directory


def evidence_in_log(client: str, device: str) -> Evidence:
    """What a line of the log tells of who asked: as whom it was known then, and from where."""
    address = client if parse_address(client) is not None else ""
    mac = next((text for text in (device, client) if is_mac(text)), "")
    word = device if device and claim(device).kind == "name" else ""
    return Evidence(address, word or ("" if address or mac else client), mac)


def owners(policy: Policy) -> Clients[Owner]:
    """Whose each device is, as the daemon decides it."""
    unknown = next(spec for spec in policy.profiles if spec.id == policy.unknown)
    return Clients([(text, Owner(text, spec)) for spec in policy.profiles for text in spec.devices], Owner("", unknown))


def sightings(
    clients: Iterable[ClientSeen], asking: Iterable[Asking], directory: Directory, whose: Clients[Owner]
) -> list[Sighting]:
    """Who asked last comes first, who never asked last."""
    seen: dict[str, _Device] = {}
    for address, mac in directory.neighbours().items():
        seen.setdefault(mac, _Device(mac)).addresses[address] = None
    for client in clients:
        device = _seen(seen, client, directory)
        device.last = max(device.last or 0.0, client.last)
        device.logged += client.queries
    for now in _others(asking):
        _seen(seen, now, directory).asked += now.queries
    found = [device.sighting(directory, whose) for device in seen.values()]
    return sorted(found, key=lambda sighting: (-(sighting.last or 0.0), sighting.addresses))


def _seen(seen: dict[str, _Device], client: ClientSeen | Asking, directory: Directory) -> _Device:
    """The device that ``client`` is."""
    then = evidence_in_log(client.address, client.device)
    mac = then.mac or directory.mac_of(client.address)
    device = seen.setdefault(mac or then.word or client.address, _Device(mac))
    if then.address:
        device.addresses[then.address] = None
    device.word = then.word or device.word
    return device


class _Device:
    """What has been found out about one device so far."""

    def __init__(self, mac: str) -> None:
        self.mac = mac
        self.word = ""
        self.addresses: dict[str, None] = {}
        self.last: float | None = None
        self.logged = 0
        self.asked = 0

    def sighting(self, directory: Directory, whose: Clients[Owner]) -> Sighting:
        known = [evidence_at(address, directory, self.mac) for address in self.addresses]
        known = known or [Evidence(mac=self.mac, host=directory.host_of("", self.mac))]
        evidence = [each._replace(word=self.word) for each in known]
        found = [whose.find(each) for each in evidence]
        claimed = next((owner for owner in found if owner.claim), found[0])
        host = self.word or next((each.host for each in evidence if each.host), "")
        return Sighting(self.mac, tuple(self.addresses), host, claimed, self.last, max(self.logged, self.asked))


def _others(asking: Iterable[Asking]) -> Iterator[Asking]:
    """All but this machine itself."""
    for client in asking:
        address = parse_address(client.address)
        if address is None or not address.is_loopback:
            yield client


def lonely_router(asking: Sequence[Asking], neighbours: Mapping[str, str], gateways: Collection[str]) -> str:
    """The address of a router that asks for everybody, so that nobody can be told apart; empty for none.

    Any other device is taken for one only if nobody has claimed it and it alone has asked for long: the rest may sleep.
    """
    asked = Counter[str]()
    for client in _others(asking):
        asked[client.address] += client.queries
    (busiest, queries), *rest = asked.most_common() or [("", 0)]
    if parse_address(busiest) is None or queries < max(_ENOUGH, _NEARLY_ALL * asked.total()):
        return ""
    mine = neighbours.get(busiest, busiest)
    if busiest in gateways or any(neighbours.get(gateway) == mine for gateway in gateways):
        return busiest
    claimed = any(client.device for client in asking if client.address == busiest)
    others = {mac for mac in neighbours.values() if mac != mine}
    return "" if rest or claimed or queries < _LONG or len(others) < _A_HOME else busiest
