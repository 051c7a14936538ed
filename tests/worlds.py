"""An Internet for validation tests, a household on it, and a driver that gives validation whatever it needs at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from safedns.resolve.dnssec.chain import Chain
from safedns.resolve.dnssec.response import validate
from safedns.resolve.dnssec.trust import Trust
from safedns.resolve.dnssec.verdict import Bogus, Unreachable, Verdict
from safedns.resolve.dnssec.work import Fetched, Work
from safedns.settings.model import TrustAnchor
from tests.house import House
from tests.signed import NOW, World, Zone

MONO = 1000.0


def family_of_zones(*, nsec3: bool = False, opt_out: bool = False, iterations: int = 0) -> dict[str, Zone]:
    """The root, ``example``, and below it a signed zone, an unsigned one and one whose algorithm nobody knows."""
    zone = Zone(
        "signed.example",
        "www 300 A 192.0.2.1",
        "www 300 AAAA 2001:db8::1",
        "alias 300 CNAME www",
        "away 300 CNAME www.unsigned.example.",
        "broken 300 CNAME missing",
        "tree 300 DNAME signed2.example.",
        "*.wild 300 A 192.0.2.7",
        "deep.empty 300 A 192.0.2.8",
        nsec3=nsec3,
        iterations=iterations,
    )
    second = Zone("signed2.example", "leaf 300 A 192.0.2.2", nsec3=nsec3, iterations=iterations)
    unsigned = Zone("unsigned.example", "www 300 A 192.0.2.9", "alias 300 CNAME www.signed.example.")
    top = Zone("example", nsec3=nsec3, opt_out=opt_out, iterations=iterations)
    root = Zone(".")
    return {"root": root, "example": top, "signed": zone, "signed2": second, "unsigned": unsigned}


def world_of(zones: dict[str, Zone]) -> World:
    """Delegate and sign what is not signed yet: everything but ``unsigned``."""
    zones["root"].delegate(zones["example"])
    for name in ("signed", "signed2", "unsigned"):
        zones["example"].delegate(zones[name], secure=name != "unsigned")
    for name, zone in zones.items():
        if name != "unsigned" and not zone.signed:
            zone.sign()
    return World(*zones.values())


def anchor_of(zone: Zone) -> TrustAnchor:
    """The zone's key as a trust anchor."""
    return TrustAnchor(zone.name.to_text(omit_final_dot=True) or ".", zone.ds().to_text())


def chain_for(zones: dict[str, Zone], *unchecked: str) -> Chain:
    """A chain that trusts the root of these zones."""
    return Chain(Trust([anchor_of(zones["root"])], unchecked))


def judge(
    world: World,
    chain: Chain,
    name: str,
    qtype: str = "A",
    *,
    now: float | None = NOW,
    mono: float = MONO,
    work: Work | None = None,
) -> Verdict:
    """The verdict on what the world says to a question; raises ``Bogus`` or ``Unreachable``."""
    rdtype = dns.rdatatype.from_text(qtype)
    message = _ask(world, dns.name.from_text(name), rdtype)
    steps = validate(chain, message, work or Work(now), mono)
    fetched: Fetched | None = None
    try:
        while True:
            need = steps.send(fetched)
            fetched = None if need is None else partial(_ask, world, need.name, need.rdtype)
    except StopIteration as stop:
        verdict = stop.value
        assert isinstance(verdict, Verdict)
        return verdict


def said(world: World, chain: Chain, name: str, qtype: str = "A", *, now: float | None = NOW) -> str:
    """``secure``, ``insecure``, or why not with the extended error's number."""
    try:
        return str(judge(world, chain, name, qtype, now=now).security)
    except (Bogus, Unreachable) as problem:
        return f"{int(problem.ede)}"


def _ask(world: World, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    return dns.message.from_wire(world.respond(query).to_wire(max_size=65_535))


def forged(zone: Zone) -> None:
    """``www`` is no longer what was signed."""
    key = (dns.name.from_text("www", zone.name), dns.rdatatype.A)
    zone.sets[key] = dns.rrset.from_text(key[0], 300, "IN", "A", "192.0.2.66")


class Signed:
    """A household whose upstream knows a signed Internet."""

    def __init__(self, folder: Path, zones: dict[str, Zone] | None = None, **settings: Any) -> None:
        self.zones = zones or family_of_zones()
        self.world: World = world_of(self.zones)
        self.house = House(folder)
        self.house.respond = self.world.respond
        self.anchor = f". DS {anchor_of(self.zones['root']).ds}"
        self.settings = settings
        self.save()

    def save(self, **dnssec: Any) -> None:
        wanted = {"validate": "on", "trust_anchors": [self.anchor], **dnssec}
        self.house.save(settings={"dnssec": wanted, **self.settings})
