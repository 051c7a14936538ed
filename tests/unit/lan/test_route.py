"""The default routers, from tables as a kernel writes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from safedns.lan.route import default_gateways

HEADING = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
ROUTER = 0xC0A80101.to_bytes(4).hex().upper() if sys.byteorder == "big" else "0101A8C0"
NET = "00000000" if sys.byteorder == "big" else "0001A8C0"
ZEROS = "0" * 32


def ipv6(destination: str, length: str, hop: str, flags: str) -> str:
    return f"{destination} {length} {ZEROS} 00 {hop} 00000400 00000001 00000000 {flags}     eth0\n"


@pytest.mark.skipif(sys.byteorder == "big", reason="the table below is a little-endian machine's")
def test_the_gateways_of_default_routes_of_both_families(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(
        f"{HEADING}eth0\t00000000\t{ROUTER}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        f"eth0\t{NET}\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
        "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
    )
    (tmp_path / "ipv6_route").write_text(
        ipv6(ZEROS, "00", "fe80" + "0" * 25 + "001", "00000003")
        + ipv6(ZEROS, "00", "fd00" + "0" * 25 + "001", "00000003")
        + ipv6("fd00" + "0" * 28, "40", ZEROS, "00000001")
        + ipv6(ZEROS, "00", ZEROS, "00200200")
    )
    assert default_gateways(tmp_path) == {"192.168.1.1", "fe80::1%eth0", "fd00::1"}


def test_where_there_are_no_tables_there_are_no_gateways(tmp_path: Path) -> None:
    assert default_gateways(tmp_path) == frozenset()


def test_the_tables_of_this_machine_can_be_read() -> None:
    default_gateways()
