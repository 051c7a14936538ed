"""The provider's prefixes that are the home's, from tables as a kernel writes them."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path

import pytest

from safedns.lan.prefixes import home_prefixes

HEADING = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
HOME = ip_network("2001:db8:1::/64")


def route(interface: str, destination: str, *, gateway: bool = False, host: bool = False) -> str:
    number = int.from_bytes(IPv4Address(destination).packed, sys.byteorder)
    flags = 1 + 2 * gateway + 4 * host
    return f"{interface}\t{number:08X}\t00000000\t{flags:04X}\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"


def own(interface: str, address: str, length: int = 64) -> str:
    return f"{ip_address(address).packed.hex()} 02 {length:02x} 00 00 {interface:>8}\n"


def found(tmp_path: Path, routes: str, addresses: str) -> tuple[object, ...]:
    (tmp_path / "route").write_text(HEADING + routes, encoding="utf-8")
    (tmp_path / "if_inet6").write_text(addresses)
    return home_prefixes(tmp_path)


@pytest.mark.parametrize("private", ["192.168.1.0", "10.77.0.0", "172.20.0.0"])
def test_a_whole_64_beside_a_private_network_is_the_homes(tmp_path: Path, private: str) -> None:
    addresses = own("eth0", "2001:db8:1::5") + own("eth0", "2001:db8:1:0:1:2:3:4") + own("eth0", "2001:db8:2::5")
    assert found(tmp_path, route("eth0", private), addresses) == (HOME, ip_network("2001:db8:2::/64"))


@pytest.mark.parametrize(
    ("routes", "addresses"),
    [
        (route("eth0", "203.0.113.0"), own("eth0", "2001:db8:1::5")),
        (route("eth0", "203.0.113.0") + route("eth0", "10.10.0.0"), own("eth0", "2001:db8:1::5")),
        (route("eth0", "172.31.1.1", host=True), own("eth0", "2001:db8:1::5")),
        (route("eth0", "169.254.0.0"), own("eth0", "2001:db8:1::5")),
        (route("eth0", "10.0.0.0", gateway=True), own("eth0", "2001:db8:1::5")),
        (route("eth0", "192.168.1.0"), own("ppp0", "2001:db8:1::5")),
        (route("eth0", "192.168.1.0"), own("eth0", "2001:db8:1::5", 128)),
        (route("eth0", "192.168.1.0"), own("eth0", "2001:db8:1::5", 48)),
        (route("eth0", "192.168.1.0"), own("eth0", "fd00::5") + own("eth0", "fe80::5")),
    ],
    ids=[
        "a rented server",
        "private beside public",
        "a way to a private gateway",
        "link-local alone",
        "private behind a gateway",
        "another interface",
        "one address",
        "wider",
        "not global",
    ],
)
def test_nothing_else_is(tmp_path: Path, routes: str, addresses: str) -> None:
    assert found(tmp_path, routes, addresses) == ()


def test_link_local_beside_a_private_network_and_an_interface_of_any_name_are_no_matter(tmp_path: Path) -> None:
    routes = route("eth0", "192.168.1.0") + route("eth0", "169.254.0.0") + route("mạng", "192.168.2.0")
    assert found(tmp_path, routes, own("eth0", "2001:db8:1::5")) == (HOME,)


def test_where_there_are_no_tables_there_are_none(tmp_path: Path) -> None:
    assert home_prefixes(tmp_path) == ()


def test_the_tables_of_this_machine_can_be_read() -> None:
    home_prefixes()
