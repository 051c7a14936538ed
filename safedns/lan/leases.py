"""Lease files of DHCP servers -> who got which address: dnsmasq, ISC dhcpd and Kea, told apart by their content.

    dnsmasq  1795855500 aa:bb:cc:dd:ee:01 192.168.1.31 an-tablet 01:aa:bb:cc:dd:ee:01
    ISC      lease 192.168.1.31 { binding state active; hardware ethernet aa:bb:..; client-hostname "an-tablet"; }
             ia-na "\001..." { iaaddr fd00::31 { binding state active; } }     (IPv6: the DUID holds a hardware address)
    Kea      address,hwaddr,...,expire,...,hostname,state      (the memfile's CSV; several, each with its heading)

Pure: text -> values. Lines that cannot be read are passed over; where an address comes twice, the last counts.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from math import inf
from typing import NamedTuple


class Lease(NamedTuple):
    """An address that a DHCP server has given out."""

    address: str
    mac: str
    """``aa:bb:cc:dd:ee:01``; empty where the file does not say it."""
    host: str
    """The device's name for itself, in lower case, without the network's domain; empty for none."""


_MAC = re.compile(r"(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_BROKEN_CLOCK = 1_000_000_000
"""A dnsmasq for routers without a clock writes how long a lease lasts instead of when it ends."""


def read_leases(text: str, now: float) -> tuple[Lease, ...]:
    """The leases that have not ended by ``now`` (epoch seconds), one for each address."""
    if is_kea(text):
        found = _kea(text)
    elif re.search(r"^\s*lease\s+\S+\s*\{", text, re.MULTILINE):
        found = _isc(text)
    elif re.search(r"^\s*ia-na\s", text, re.MULTILINE):
        found = _isc6(text)
    else:
        found = _dnsmasq(text)
    latest = {lease.address: (lease, end) for lease, end in found}
    return tuple(lease for lease, end in latest.values() if now < end)


def is_kea(text: str) -> bool:
    """Whether Kea wrote it."""
    return text.startswith("address,")


def _dnsmasq(text: str) -> Iterator[tuple[Lease, float]]:
    for line in text.splitlines():
        end, hardware, address, host, *_ = [*line.split(), "", "", "", ""]
        lease = _lease(address, hardware, host)
        if lease is not None and end.isdecimal():
            yield lease, float(end) if float(end) > _BROKEN_CLOCK else inf


_ISC_LEASE = re.compile(r"^\s*lease\s+(\S+)\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)


def _isc(text: str) -> Iterator[tuple[Lease, float]]:
    for address, body in _ISC_LEASE.findall(text):
        hardware, host = _said(r"hardware ethernet (\S+?)", body), _said(r'client-hostname "([^"]*)"', body)
        lease = _lease(address, hardware, host)
        if lease is not None:
            yield lease, _isc_end(body)


_ISC_IA = re.compile(r'^\s*ia-na\s+"((?:[^"\\]|\\.)*)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
_ISC_ADDRESS = re.compile(r"^\s*iaaddr\s+(\S+)\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_ISC_BYTE = re.compile(r"\\([0-7]{3})|\\?(.)", re.DOTALL)


def _isc6(text: str) -> Iterator[tuple[Lease, float]]:
    for identity, body in _ISC_IA.findall(text):
        octets = [int(octal, 8) if octal else ord(char) for octal, char in _ISC_BYTE.findall(identity)]
        mac = _mac_in_duid(octets[_IAID:])
        for address, inner in _ISC_ADDRESS.findall(body):
            lease = _lease(address, mac, "")
            if lease is not None:
                yield lease, _isc_end(inner)


_IAID = 4
"""Octets before the DUID."""


def _mac_in_duid(duid: Sequence[int]) -> str:
    """The Ethernet address that a DUID was made of (RFC 8415 sections 11.2 and 11.4); empty for none."""
    match duid:
        case [0, 1, 0, 1, _, _, _, _, *mac] | [0, 3, 0, 1, *mac] if len(mac) == 6:
            return ":".join(f"{octet:02x}" for octet in mac)
    return ""


def _said(statement: str, body: str) -> str:
    found = re.search(rf"^\s*{statement};", body, re.MULTILINE)
    return found[1] if found else ""


def _isc_end(body: str) -> float:
    """``ends 4 2026/11/26 12:00:00`` (UTC), ``ends epoch 1795855500``, ``ends never``; past where nothing is bound."""
    if _said(r"binding state (\w+)", body) not in ("active", ""):
        return -inf
    match _said(r"ends ([^;]*)", body).split():
        case ["epoch", seconds, *_] if seconds.isdecimal():
            return float(seconds)
        case [_, day, time]:
            try:
                return datetime.strptime(f"{day} {time}", "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
            except ValueError:
                return inf
    return inf


def _kea(text: str) -> Iterator[tuple[Lease, float]]:
    for row in _rows(text):
        lease = _lease(row["address"] or "", row.get("hwaddr") or "", row.get("hostname") or "")
        end = row.get("expire") or ""
        if lease is not None:
            in_use = (row.get("state") or "0") == "0"  # 1: declined, 2: reclaimed
            yield lease, (float(end) if end.isdecimal() else inf) if in_use else -inf


_KEA_HEADING = re.compile(r"^(?=address,)", re.MULTILINE)


def _rows(text: str) -> Iterator[dict[str, str | None]]:
    for part in _KEA_HEADING.split(text):
        with contextlib.suppress(csv.Error):  # a field beyond all bounds: what stands before it is good
            yield from csv.DictReader(part.splitlines())


def _lease(address: str, hardware: str, host: str) -> Lease | None:
    try:
        plain = str(ip_address(address))
    except ValueError:
        return None
    lower = hardware.lower()
    mac = ":".join(f"{int(part, 16):02x}" for part in lower.split(":")) if _MAC.fullmatch(lower) else ""
    name = host.casefold().partition(".")[0]
    return Lease(plain, mac, name if _HOST.fullmatch(name) else "")
