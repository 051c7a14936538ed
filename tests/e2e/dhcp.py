"""DHCP servers and clients of others in network namespaces: ISC dhcpd, Kea, dnsmasq, and ISC's dhclient.

A server runs on the ``eth`` of its namespace and writes its lease file, which is what safedns reads. A client takes an
address for its own ``eth`` and tells the server its host name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.namespaces import Namespace, Program

LEASE_TIME = 8
"""Seconds: short enough to see leases renewed."""
POOL, POOL6 = ("10.77.0.100", "10.77.0.120"), ("fd77::100", "fd77::120")
_CLEAN_UP = 2
"""Seconds between two of Kea's cleanings of its lease file."""


@contextmanager
def dhcpd(server: Namespace, file: Path, *, ipv6: bool = False, seconds: int = LEASE_TIME) -> Iterator[Program]:
    """ISC's server writes its leases, of so many ``seconds``, into ``file``."""
    folder = file.parent
    first, last = POOL6 if ipv6 else POOL
    subnet = "subnet6 fd77::/64" if ipv6 else "subnet 10.77.0.0 netmask 255.255.255.0"
    pool = "range6" if ipv6 else "range"
    config = folder / f"{file.name}.conf"
    config.write_text(
        f"default-lease-time {seconds}; max-lease-time {seconds}; preferred-lifetime {seconds};\n"
        f"authoritative; ping-check false;\n{subnet} {{ {pool} {first} {last}; }}\n",
        encoding="utf-8",
    )
    file.touch()
    files = ("-cf", str(config), "-lf", str(file), "-pf", str(folder / f"{file.name}.pid"))
    with server.program("dhcpd", "-6" if ipv6 else "-4", "-f", *files, "eth", ready=server.serves_udp) as running:
        yield running


@contextmanager
def kea(server: Namespace, file: Path, *, ipv6: bool = False, seconds: int = LEASE_TIME) -> Iterator[Program]:
    """ISC's newer one does too, and cleans the file up every few seconds."""
    folder = file.parent
    first, last = POOL6 if ipv6 else POOL
    subnet: dict[str, Any] = {
        "subnet": "fd77::/64" if ipv6 else "10.77.0.0/24",
        "pools": [{"pool": f"{first}-{last}"}],
        **({"interface": "eth"} if ipv6 else {}),
    }
    settings = {
        "interfaces-config": {"interfaces": ["eth"]},
        "lease-database": {"type": "memfile", "name": str(file), "lfc-interval": _CLEAN_UP},
        "valid-lifetime": seconds,
        "renew-timer": seconds // 2,
        "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 0},
        "subnet6" if ipv6 else "subnet4": [subnet],
        **({"preferred-lifetime": seconds, "server-id": {"type": "LL", "persist": False}} if ipv6 else {}),
    }
    config = folder / f"{file.name}.conf"
    config.write_text(json.dumps({"Dhcp6" if ipv6 else "Dhcp4": settings}), encoding="utf-8")
    environment = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder)}
    program = "kea-dhcp6" if ipv6 else "kea-dhcp4"
    with server.program(program, "-c", str(config), environment=environment, ready=lambda: file.exists()) as running:
        yield running


@contextmanager
def dnsmasq(server: Namespace, file: Path, *, ipv6: bool = False, seconds: int = LEASE_TIME) -> Iterator[Program]:
    """What most routers run; its shortest lease is two minutes, so it has leases renewed early instead."""
    first, last = POOL6 if ipv6 else POOL
    command = [
        *(
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--port=0",
            "--no-ping",
            "--user=root",
            "--pid-file=",
        ),
        *(f"--dhcp-leasefile={file}", f"--dhcp-range={first},{last},{'64,' if ipv6 else ''}120"),
        f"--dhcp-option=option:T1,{seconds // 2}",
    ]
    with server.program(*command, ready=server.serves_udp) as running:
        yield running


SERVERS = {"dhcpd": dhcpd, "kea": kea, "dnsmasq": dnsmasq}

_SCRIPT = """#!/bin/sh
case $reason in
BOUND|RENEW|REBIND|REBOOT) ip address replace "$new_ip_address/24" dev "$interface" ;;
BOUND6|RENEW6|REBIND6) ip address replace "$new_ip6_address/64" dev "$interface" nodad ;;
RELEASE|EXPIRE|STOP) ip -4 address flush dev "$interface" ;;
RELEASE6|EXPIRE6|STOP6) ip -6 address flush dev "$interface" scope global ;;
esac
"""


class Client:
    """A device's DHCP client."""

    def __init__(self, device: Namespace, folder: Path, host: str, *, ipv6: bool = False) -> None:
        """``host``: the name that it tells the server."""
        self.device = device
        self._ipv6 = ipv6
        script, config = folder / "script", folder / "dhclient.conf"
        script.write_text(_SCRIPT, encoding="utf-8")
        script.chmod(0o755)
        config.write_text(
            f'send host-name "{host}"; send fqdn.fqdn "{host}"; initial-interval 1; backoff-cutoff 2;\n',
            encoding="utf-8",
        )
        files = ("-cf", str(config), "-lf", str(folder / "leases"), "-pf", str(folder / "pid"), "-sf", str(script))
        self._arguments: Sequence[str] = ("-6" if ipv6 else "-4", "-v", *files)

    @contextmanager
    def running(self) -> Iterator[Program]:
        """It takes an address and keeps it; the block begins when the device has it."""
        command = ("dhclient", "-d", *self._arguments, "eth")
        with self.device.program(*command, ready=lambda: bool(self.address())) as program:
            yield program

    def release(self) -> None:
        """Give the address back; the device has none afterwards."""
        self.device.run("dhclient", "-r", *self._arguments, "eth")

    def address(self) -> str:
        """What the device has been given; empty for nothing."""
        found = json.loads(self.device.ip("-j", "-6" if self._ipv6 else "-4", "address", "show", "dev", "eth"))
        given = [each["local"] for one in found for each in one.get("addr_info", ()) if each["scope"] == "global"]
        return given[0] if given else ""
