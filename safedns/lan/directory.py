"""Which hardware address and which host name an address of the home network has, as far as anybody has said.

Filled by whoever follows the kernel and the lease files, asked when a client is met. A look-up never waits: what is
not known yet is empty, and ``changed`` tells when it has become known. Must not decide whose a device is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        self._leases: dict[str, Lease] = {}
        self._hosts: dict[str, str] = {}

    def learn(self, address: str, mac: str) -> None:
        """The kernel met ``mac`` at ``address``. That stays until it meets another there: a device that sleeps is
        forgotten by the kernel, and is to be known when it wakes."""
        if self._macs.get(address) == mac:
            return
        if len(self._macs) >= NEIGHBOURS:
            del self._macs[next(iter(self._macs))]
        self._macs[address] = mac
        self.changed(address)

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


def _nobody_minds(address: str) -> None:
    """Where nobody has met anybody yet."""
