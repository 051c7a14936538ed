"""Which hardware address and which host name an address of the home network has, as far as anybody has said.

Filled by whoever follows the kernel and the lease files, asked when a client is met. A look-up never waits: what is
not known yet is empty, and ``changed`` tells when it has become known. Must not decide whose a device is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv6Network

from safedns.lan.leases import Lease

NEIGHBOURS = 4096
"""Bound on remembered neighbours: more than the kernel keeps by itself, and a flood of forged ones ends there."""


class Directory:
    """What the network says of its addresses; these are texts as ``recvfrom`` writes them."""

    def __init__(self) -> None:
        self.changed: Callable[[str], None] = _nobody_minds
        """Called with each address of which something new is known; empty: of ``prefixes``."""
        self.prefixes: tuple[IPv6Network, ...] = ()
        """The provider's networks that the home has for itself."""
        self._macs: dict[str, str] = {}
        self._ipv4: dict[str, set[str]] = {}
        """IPv4 addresses by the hardware that the kernel met there."""
        self._leases: dict[str, Lease] = {}
        self._hosts: dict[str, str] = {}

    def learn(self, address: str, mac: str) -> None:
        """The kernel met ``mac`` at ``address``. That stays until it meets another there: a device that sleeps is
        forgotten by the kernel, and is to be known when it wakes."""
        before = self._macs.get(address, "")
        if before == mac:
            self._macs[address] = self._macs.pop(address)  # whom nobody has met for longest is forgotten first
            return
        if len(self._macs) >= NEIGHBOURS:
            self._forget(next(iter(self._macs)))
        known = {each: self._only_ipv4(each) for each in (before, mac)}
        self._forget(address)
        self._macs[address] = mac
        if not _is_ipv6(address):
            self._ipv4.setdefault(mac, set()).add(address)
        self.changed(address)
        for each in self._met_over_ipv6({each for each, was in known.items() if self._only_ipv4(each) != was}):
            self.changed(each)

    def _forget(self, address: str) -> None:
        mac = self._macs.pop(address, "")
        met = self._ipv4.get(mac, set())
        met.discard(address)
        if not met:
            self._ipv4.pop(mac, None)

    def _only_ipv4(self, mac: str) -> str:
        met = self._ipv4.get(mac, ())
        return next(iter(met)) if len(met) == 1 else ""

    def _met_over_ipv6(self, macs: Collection[str]) -> list[str]:
        return [address for address, mac in self._macs.items() if mac in macs and _is_ipv6(address)] if macs else []

    def use_leases(self, leases: Iterable[Lease]) -> None:
        """Everything that the DHCP servers' files say now."""
        before = {address: self._known(address) for address in {*self._macs, *self._leases}}
        self._leases = {lease.address: lease for lease in leases}
        self._hosts = {lease.mac: lease.host for lease in self._leases.values() if lease.mac and lease.host}
        for address in {*before, *self._leases}:
            if self._known(address) != before.get(address, ("", "")):
                self.changed(address)

    def use_prefixes(self, prefixes: tuple[IPv6Network, ...]) -> None:
        """Those that the home has now."""
        if prefixes != self.prefixes:
            self.prefixes = prefixes
            self.changed("")

    def mac_of(self, address: str) -> str:
        """The kernel's word, else a lease's; empty where nobody knows."""
        lease = self._leases.get(address)
        return self._macs.get(address) or (lease.mac if lease else "")

    def device_at(self, address: str) -> str:
        """What is the same for all addresses of one device: its hardware address, else the address itself."""
        return self.mac_of(address) or address

    def ipv4_of(self, address: str, mac: str) -> str:
        """The IPv4 address of ``mac``: a family may know by it who asks from an IPv6 ``address``, or an unknown one.

        Empty where the kernel has not met ``mac`` at both, or at several IPv4 addresses: some Wi-Fi repeaters show one
        hardware address for all devices, and who has left an address is not to be taken for its owner.
        """
        if address and not (_is_ipv6(address) and self._macs.get(address) == mac):
            return ""
        return self._only_ipv4(mac)

    def host_of(self, address: str, mac: str) -> str:
        """The host name of the lease for ``address``, else of one for ``mac``; empty where there is none."""
        lease = self._leases.get(address)
        return (lease.host if lease else "") or self._hosts.get(mac, "")

    def neighbours(self) -> dict[str, str]:
        """Hardware address by address, as far as known."""
        return {address: mac for address in (*self._macs, *self._leases) if (mac := self.mac_of(address))}

    def _known(self, address: str) -> tuple[str, str]:
        mac = self.mac_of(address)
        return mac, self.host_of(address, mac)


def _is_ipv6(address: str) -> bool:
    return ":" in address


def _nobody_minds(address: str) -> None:
    """Where nobody has met anybody yet."""
