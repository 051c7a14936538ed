"""What one answer, one zone and one key may cost, and for how long what was found out is believed."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from safedns.resolve.dnssec.keys import zone_keys
from safedns.resolve.dnssec.response import validate
from safedns.resolve.dnssec.verdict import Bogus, Exhausted, Security
from safedns.resolve.dnssec.work import MAX_CHECKS, Work
from tests.signed import NOW, key_for
from tests.worlds import MONO, chain_for, family_of_zones, judge, said, world_of


def test_keys_that_cost_too_much_are_left_out() -> None:
    """A check with an exponent as long as the modulus takes a hundred times as long."""

    def rsa(exponent: int, modulus_octets: int) -> DNSKEY:
        octets = exponent.to_bytes((exponent.bit_length() + 7) // 8)
        size = bytes([len(octets)]) if len(octets) < 256 else b"\0" + len(octets).to_bytes(2)
        key = size + octets + b"\xff" * modulus_octets
        return DNSKEY(dns.rdataclass.IN, dns.rdatatype.DNSKEY, 257, 3, 8, key)  # type: ignore[no-untyped-call]

    usual, old, longest = rsa(65_537, 256), rsa((1 << 32) + 1, 128), rsa(65_537, 512)
    kept = zone_keys([usual, rsa((1 << 3071) - 1, 384), old, rsa(65_537, 513), longest])
    assert [key.alone[0] for key in kept] == [usual, old, longest]


def test_a_zone_whose_keys_are_bogus_costs_nothing_more_for_a_moment() -> None:
    """RFC 4035 section 4.7, RFC 9520: else each name below would cost the same questions and checks again."""
    zones = family_of_zones()
    world, chain = world_of(zones), chain_for(zones)
    zone = zones["signed"]
    keys = (zone.name, dns.rdatatype.DNSKEY)
    zone.signatures[keys] = [zone.signatures[keys][0].replace(signature=bytes(64))]  # type: ignore[list-item]
    assert said(world, chain, "a.signed.example") == "6"
    world.asked.clear()
    work = Work(NOW)
    for name in ("b", "c"):
        with pytest.raises(Bogus, match="DNSKEY is not"):
            judge(world, chain, f"{name}.signed.example", work=work)
    assert world.asked == ["b.signed.example A", "c.signed.example A"]
    assert work.checks == 0
    with pytest.raises(Bogus):
        judge(world, chain, "d.signed.example", work=Work(NOW, asked_of=1))  # other upstreams may say something else
    assert "signed.example DNSKEY" in world.asked
    zone.sign()
    assert judge(world, chain, "www.signed.example", mono=MONO + 2).security is Security.SECURE


def test_a_zone_is_not_to_blame_for_an_answer_that_takes_too_much() -> None:
    zones = family_of_zones()
    world, chain = world_of(zones), chain_for(zones)
    work = Work(NOW)
    work.checks = MAX_CHECKS
    with pytest.raises(Exhausted):
        judge(world, chain, "www.signed.example", work=work)
    assert said(world, chain, "www.signed.example") == "secure"


def test_a_key_that_is_newer_than_what_is_known_is_asked_for_once() -> None:
    zones = family_of_zones()
    world, chain = world_of(zones), chain_for(zones)
    judge(world, chain, "www.signed.example")
    zones["signed"].key = key_for("newer")
    zones["example"].delegate(zones["signed"])
    zones["example"].sign()
    zones["signed"].sign()
    world.asked.clear()
    with pytest.raises(Bogus):
        judge(world, chain, "www.signed.example", mono=MONO + 1)  # what was just asked for is not asked for again
    assert judge(world, chain, "www.signed.example", mono=MONO + 31).security is Security.SECURE
    assert world.asked.count("signed.example DNSKEY") == 1


def test_the_checks_of_a_denial_are_steps_of_their_own() -> None:
    zones = family_of_zones(nsec3=True)
    world, chain = world_of(zones), chain_for(zones)
    judge(world, chain, "www.signed.example")
    query = dns.message.make_query("missing.signed.example", "A", want_dnssec=True)
    work = Work(NOW)
    before = 0
    for _ in validate(chain, world.respond(query), work, MONO):
        assert work.checks - before <= 1
        before = work.checks
    assert before >= 3


def test_memory_for_keys_is_bounded_by_their_size() -> None:
    zones = family_of_zones()
    world, chain = world_of(zones), chain_for(zones)
    for name in ("www", "a", "b"):
        judge(world, chain, f"{name}.signed.example")
    assert 0 < chain.octets < 100_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safedns.resolve.dnssec.chain.MAX_OCTETS", 3000)
        judge(world, chain, "leaf.signed2.example")
        assert chain.octets <= 3000
