"""Where signed and unsigned meet: aliases, wildcards and empty names that lead from the one into the other."""

from __future__ import annotations

from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from safedns.resolve.dnssec.chain import Chain
from safedns.resolve.dnssec.trust import Trust
from safedns.resolve.dnssec.verdict import Security
from safedns.settings.model import TrustAnchor
from tests.signed import World, Zone
from tests.worlds import MONO, chain_for, family_of_zones, judge, said, world_of

KINDS: dict[str, dict[str, Any]] = {"nsec": {}, "nsec3": {"nsec3": True}}


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
@pytest.mark.parametrize("name", ["empty.signed.example", "www.signed.example"])
def test_a_name_without_such_records_that_is_said_not_to_exist_is_told_as_it_is(kind: str, name: str) -> None:
    """Some servers deny names that are there only because of those below: by what is proven, nothing below may fall."""
    zones = family_of_zones(**KINDS[kind])
    world = world_of(zones)
    world.tamper = lambda response: response.set_rcode(dns.rcode.NXDOMAIN) if not response.answer else None
    verdict = judge(world, chain_for(zones), name, "MX")
    assert (verdict.security, verdict.rcode) == (Security.SECURE, dns.rcode.NOERROR)


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
@pytest.mark.parametrize("nxdomain", [False, True])
def test_what_an_unsigned_zone_denies_behind_a_wildcard_of_a_signed_one_passes(kind: str, nxdomain: bool) -> None:
    """The proofs in the response are the wildcard's; that nobody vouches for the zone below is proven elsewhere."""
    zones = family_of_zones(**KINDS[kind])
    zones["sub"] = Zone("sub.signed.example", "host 300 A 192.0.2.3")
    target = "missing" if nxdomain else "host"
    zones["signed"].add(f"*.wc 300 CNAME {target}.sub.signed.example.")
    zones["signed"].delegate(zones["sub"], secure=False)
    zones["signed"].sign()
    for name in ("example", "root"):
        zones[name].delegate(zones["signed" if name == "example" else "example"])
    zones["example"].delegate(zones["signed2"])
    zones["example"].delegate(zones["unsigned"], secure=False)
    for name in ("root", "example", "signed2"):
        zones[name].sign()
    assert said(World(*zones.values()), chain_for(zones), "any.wc.signed.example", "AAAA") == "insecure"


def test_an_unsigned_dname_above_does_not_move_a_signed_name_below() -> None:
    """Where trust begins further down than at the root, the zones above are anybody's."""
    zones = family_of_zones()
    world = world_of(zones)
    dname = dns.rrset.from_text("example.", 300, "IN", "DNAME", "attacker.")
    alias = dns.rrset.from_text("www.signed.example.", 300, "IN", "CNAME", "www.signed.attacker.")

    def lie(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.A:
            response.answer = [dname, alias, dns.rrset.from_text(alias[0].target, 300, "IN", "A", "192.0.2.66")]

    world.tamper = lie
    island = Chain(Trust([TrustAnchor("signed.example", zones["signed"].ds().to_text())], ["."]))
    assert said(world, island, "www.signed.example") == "10"
    assert said(world, Chain(Trust([], ["."])), "www.signed.example") == "insecure"


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
@pytest.mark.parametrize("with_proofs", [False, True])
def test_a_wildcards_alias_does_not_hide_that_a_zone_begins(kind: str, with_proofs: bool) -> None:
    zones = family_of_zones(**KINDS[kind])
    zones["example"].add("* 300 CNAME elsewhere.")
    world = world_of(zones)
    made = world.respond(dns.message.make_query("any.example", "A", want_dnssec=True))
    name = dns.name.from_text("unsigned.example")

    def replay(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.DS and response.question[0].name == name:
            records = [each for each in made.answer if each.name == dns.name.from_text("any.example")]
            response.answer = [dns.rrset.from_rdata_list(name, each.ttl, list(each)) for each in records]
            response.authority = made.authority if with_proofs else []

    world.tamper = replay
    chain = chain_for(zones)
    assert said(world, chain, "www.unsigned.example") == "12"
    world.tamper = lambda _: None
    assert judge(world, chain, "www.unsigned.example", mono=MONO + 2).security is Security.INSECURE
