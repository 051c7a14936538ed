"""Which addresses a download may lead to: those of the public Internet. Pure: looks nothing up, connects to nothing."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NOT_ON_THE_INTERNET = (  # what not every Python's ``is_global`` knows
    IPv4Network("100.64.0.0/10"),  # RFC 6598, between a provider and its customers
    IPv4Network("192.0.0.0/24"),  # RFC 6890, of protocols
    IPv4Network("192.88.99.0/24"),  # RFC 7526, of 6to4
    IPv4Network("224.0.0.0/4"),  # RFC 5771, multicast
)
_UNICAST = IPv6Network("2000::/3")  # RFC 4291 section 2.4: all that was ever given out
_NOT_HOSTS = (
    IPv6Network("2001::/32"),  # RFC 4380, Teredo: hides an IPv4 address
    IPv6Network("2002::/16"),  # RFC 3056, 6to4: hides one too
    IPv6Network("3fff::/20"),  # RFC 9637, documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the only way to IPv4 in some networks


def is_public(address: Address) -> bool:
    """Whether ``address`` is a single host of the public Internet, not one of this machine, home or provider."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_ON_THE_INTERNET)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _UNICAST and address.is_global and not any(address in network for network in _NOT_HOSTS)


def as_address(host: str) -> Address | None:
    """The address that ``host`` spells, if it is no name; brackets around IPv6 are taken off."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
