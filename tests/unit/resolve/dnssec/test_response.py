"""What is secure, what is insecure and what is bogus, on a small Internet with NSEC and with NSEC3."""

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
from dns.rdtypes.ANY.RRSIG import RRSIG

from safedns.resolve.dnssec import proofs
from safedns.resolve.dnssec.chain import Chain
from safedns.resolve.dnssec.signatures import EXPIRED_TTL
from safedns.resolve.dnssec.trust import Trust
from safedns.resolve.dnssec.verdict import Bogus
from safedns.resolve.dnssec.work import Work
from safedns.settings.model import TrustAnchor
from tests.signed import DAY, NOW, RRSIG_, Zone, key_for
from tests.worlds import MONO, chain_for, family_of_zones, judge, said, world_of

KINDS: dict[str, dict[str, Any]] = {"nsec": {}, "nsec3": {"nsec3": True}, "iterations": {"iterations": 5}}


def signatures_of(zone: Zone, rrset: dns.rrset.RRset) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, list(zone.signatures[rrset.name, rrset.rdtype]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "qtype", "expected"),
    [
        ("www.signed.example", "A", "secure"),
        ("www.signed.example", "MX", "secure"),
        ("missing.signed.example", "A", "secure"),
        ("a.b.missing.signed.example", "A", "secure"),
        ("alias.signed.example", "A", "secure"),
        ("alias.signed.example", "CNAME", "secure"),
        ("broken.signed.example", "A", "secure"),
        ("leaf.tree.signed.example", "A", "secure"),
        ("tree.signed.example", "DNAME", "secure"),
        ("leaf.tree.signed.example", "CNAME", "secure"),
        ("any.wild.signed.example", "A", "secure"),
        ("a.b.wild.signed.example", "A", "secure"),
        ("any.wild.signed.example", "MX", "secure"),
        ("empty.signed.example", "A", "secure"),
        ("signed.example", "SOA", "secure"),
        ("signed.example", "DNSKEY", "secure"),
        ("signed.example", "DS", "secure"),
        ("example", "DS", "secure"),
        (".", "NS", "secure"),
        ("missing", "A", "secure"),
        ("www.unsigned.example", "A", "insecure"),
        ("missing.unsigned.example", "A", "insecure"),
        ("unsigned.example", "DS", "secure"),
        ("away.signed.example", "A", "insecure"),
        ("alias.unsigned.example", "A", "insecure"),
        ("www.signed.example", "RRSIG", "insecure"),
    ],
)
def test_an_honest_world(kind: str, name: str, qtype: str, expected: str) -> None:
    zones = family_of_zones(**KINDS[kind])
    assert said(world_of(zones), chain_for(zones), name, qtype) == expected


@pytest.mark.parametrize(
    ("name", "qtype", "expected"),
    [
        ("www.unsigned.example", "A", "insecure"),
        ("unsigned.example", "DS", "insecure"),  # it may be there, unsigned: opt-out proves no more
        ("missing.example", "A", "insecure"),
        ("www.signed.example", "A", "secure"),
    ],
)
def test_under_opt_out(name: str, qtype: str, expected: str) -> None:
    zones = family_of_zones(opt_out=True)
    assert said(world_of(zones), chain_for(zones), name, qtype) == expected


def test_a_zone_that_demands_many_iterations_counts_as_unsigned_where_it_denies() -> None:
    zones = family_of_zones(iterations=51)
    world, chain = world_of(zones), chain_for(zones)
    assert said(world, chain, "missing.signed.example") == "insecure"
    assert said(world, chain, "www.signed.example") == "secure"


def test_another_address_than_was_signed() -> None:
    zones = family_of_zones()
    world = world_of(zones)
    key = (dns.name.from_text("www.signed.example"), dns.rdatatype.A)
    zones["signed"].sets[key] = dns.rrset.from_text("www.signed.example.", 300, "IN", "A", "192.0.2.66")
    assert said(world, chain_for(zones), "www.signed.example") == "6"


@pytest.mark.parametrize("name", ["www.signed.example", "missing.signed.example", "any.wild.signed.example"])
def test_signatures_taken_away(name: str) -> None:
    zones = family_of_zones()
    world = world_of(zones)

    def strip(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.A:
            response.answer = [rrset for rrset in response.answer if rrset.rdtype != RRSIG_]
            response.authority = [rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA]

    world.tamper = strip
    assert said(world, chain_for(zones), name) == "10"


@pytest.mark.parametrize("name", ["www.signed.example", "missing.signed.example", "www.unsigned.example"])
def test_an_upstream_that_passes_nothing_on(name: str) -> None:
    zones = family_of_zones()
    world = world_of(zones)

    def strip(response: dns.message.Message) -> None:
        kinds = (RRSIG_, dns.rdatatype.NSEC)
        response.answer = [rrset for rrset in response.answer if rrset.rdtype not in kinds]
        response.authority = [rrset for rrset in response.authority if rrset.rdtype not in kinds]

    world.tamper = strip
    assert said(world, chain_for(zones), name) == "10"  # the root's keys come without


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
@pytest.mark.parametrize("name", ["missing.signed.example", "any.wild.signed.example", "empty.signed.example"])
def test_proofs_taken_away(kind: str, name: str) -> None:
    zones = family_of_zones(**KINDS[kind])
    world = world_of(zones)

    def strip(response: dns.message.Message) -> None:
        if response.question[0].name == dns.name.from_text(name):
            denials = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
            response.authority = [
                rrset
                for rrset in response.authority
                if rrset.rdtype not in denials and (rrset.rdtype != RRSIG_ or rrset.covers not in denials)
            ]

    world.tamper = strip
    assert said(world, chain_for(zones), name) == "12"


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
def test_proofs_about_another_name_do_not_deny_this_one(kind: str) -> None:
    denied = "www.signed.example"
    zones = family_of_zones(**KINDS[kind])
    world = world_of(zones)
    honest = world.respond(dns.message.make_query("missing.signed.example", "A", want_dnssec=True))

    def lie(response: dns.message.Message) -> None:
        if response.question[0].name == dns.name.from_text(denied) and response.question[0].rdtype == dns.rdatatype.A:
            response.answer, response.authority = [], honest.authority
            response.set_rcode(dns.rcode.NXDOMAIN)

    world.tamper = lie
    assert said(world, chain_for(zones), denied) == "12"


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
def test_the_parents_word_does_not_deny_what_is_in_the_child(kind: str) -> None:
    """RFC 6840 section 4.1: NSEC records at a zone cut say nothing but that there is no DS."""
    zones = family_of_zones(**KINDS[kind])
    world = world_of(zones)
    parent = world.respond(dns.message.make_query("unsigned.example", "DS", want_dnssec=True))

    def lie(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.MX:
            response.answer, response.authority = [], parent.authority

    world.tamper = lie
    assert said(world, chain_for(zones), "unsigned.example", "MX") == "insecure"


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
@pytest.mark.parametrize(
    ("name", "expected"), [("www.unsigned.example", "insecure"), ("leaf.tree.signed.example", "12")]
)
def test_below_a_zone_cut_or_a_dname_nothing_is_denied_by_the_zone_above(
    kind: str, name: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6840 section 4.1: what is there is in another zone."""
    monkeypatch.setattr(proofs, "MAX_PROOFS", 100)
    zones = family_of_zones(**KINDS[kind])
    world = world_of(zones)
    zone = zones["example" if "unsigned" in name else "signed"]
    everything = [zone.sets[zone.name, dns.rdatatype.SOA], *zone.chain.values()]
    signed = [signatures_of(zone, each) for each in everything]

    def lie(response: dns.message.Message) -> None:
        if response.question[0].name == dns.name.from_text(name):
            response.answer, response.authority = [], [*everything, *signed]
            response.set_rcode(dns.rcode.NXDOMAIN)

    world.tamper = lie
    assert said(world, chain_for(zones), name) == expected


def test_a_wildcard_does_not_reach_below_a_name_that_exists() -> None:
    zones = family_of_zones()
    zones["signed"].add("real.wild 300 A 192.0.2.70")
    world = world_of(zones)
    made = world.respond(dns.message.make_query("other.wild.signed.example", "A", want_dnssec=True))
    proof = world.respond(dns.message.make_query("real.wild.signed.example", "MX", want_dnssec=True))
    name = "a.real.wild.signed.example"  # lies behind real.wild, so that its NSEC covers it

    def lie(response: dns.message.Message) -> None:
        owner = response.question[0].name
        if owner == dns.name.from_text(name):
            response.answer = [dns.rrset.from_rdata_list(owner, each.ttl, list(each)) for each in made.answer]
            response.authority = proof.authority
            response.set_rcode(dns.rcode.NOERROR)

    world.tamper = lie
    assert said(world, chain_for(zones), name) == "12"


@pytest.mark.parametrize("kind", ["nsec", "nsec3"])
def test_a_ds_that_is_hidden_is_missed(kind: str) -> None:
    """Who takes the DS away must prove that there is none, else a signed zone could be made an unsigned one."""
    zones = family_of_zones(**KINDS[kind])
    world = world_of(zones)
    wrong = world.respond(dns.message.make_query("unsigned.example", "DS", want_dnssec=True))

    def hide(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.DS and response.question[0].name.labels[0] == b"signed":
            response.answer, response.authority = [], wrong.authority
        if response.question[0].rdtype == dns.rdatatype.A:
            response.answer = [rrset for rrset in response.answer if rrset.rdtype != RRSIG_]

    world.tamper = hide
    assert said(world, chain_for(zones), "www.signed.example") == "12"


def test_a_wildcard_does_not_stand_for_a_name_that_exists() -> None:
    zones = family_of_zones()
    zones["signed"].add("real.wild 300 A 192.0.2.70")
    world = world_of(zones)
    made = world.respond(dns.message.make_query("other.wild.signed.example", "A", want_dnssec=True))

    def lie(response: dns.message.Message) -> None:
        if response.question[0].name == dns.name.from_text("real.wild.signed.example"):
            owner = response.question[0].name
            response.answer = [dns.rrset.from_rdata_list(owner, each.ttl, list(each)) for each in made.answer]
            response.authority = made.authority

    world.tamper = lie
    assert said(world, chain_for(zones), "real.wild.signed.example") == "12"


@pytest.mark.parametrize(
    ("inception", "expiration", "expected"),
    [
        (NOW - 10 * DAY, NOW - DAY, "7"),
        (NOW + DAY, NOW + 2 * DAY, "8"),
        (NOW - 10 * DAY, NOW - 1800, "secure"),  # a clock may be wrong a little
        (NOW + 1800, NOW + DAY, "secure"),
    ],
)
def test_dates(inception: float, expiration: float, expected: str) -> None:
    zones = family_of_zones()
    zones["signed"].sign(inception=inception, expiration=expiration)
    assert said(world_of(zones), chain_for(zones), "www.signed.example") == expected


def test_with_a_clock_that_is_plainly_wrong_dates_mean_nothing_but_signatures_do() -> None:
    zones = family_of_zones()
    zones["signed"].sign(inception=NOW - 10 * DAY, expiration=NOW - DAY)
    world, chain = world_of(zones), chain_for(zones)
    assert said(world, chain, "www.signed.example", now=None) == "secure"
    key = (dns.name.from_text("www.signed.example"), dns.rdatatype.A)
    zones["signed"].sets[key] = dns.rrset.from_text("www.signed.example.", 300, "IN", "A", "192.0.2.66")
    assert said(world, chain, "www.signed.example", now=None) == "6"


def test_keys_that_nobody_vouches_for() -> None:
    zones = family_of_zones()
    zones["signed"].key = key_for("somebody else")
    zones["signed"].sign()
    zones["signed"].key = key_for("signed.example")  # what the parent knows
    assert said(world_of(zones), chain_for(zones), "www.signed.example") == "9"


def test_an_algorithm_that_nobody_here_knows_makes_a_zone_unsigned() -> None:
    zones = family_of_zones()
    world = world_of(zones)
    name = dns.name.from_text("signed.example")
    ds = zones["signed"].ds().replace(algorithm=200)
    zones["example"].sets[name, dns.rdatatype.DS] = dns.rrset.from_rdata(name, 300, ds)
    zones["example"].sign()
    assert said(world, chain_for(zones), "www.signed.example") == "insecure"


def test_a_digest_that_nobody_here_knows_makes_a_zone_unsigned() -> None:
    zones = family_of_zones()
    world = world_of(zones)
    name = dns.name.from_text("signed.example")
    ds = zones["signed"].ds().replace(digest_type=200)
    zones["example"].sets[name, dns.rdatatype.DS] = dns.rrset.from_rdata(name, 300, ds)
    zones["example"].sign()
    assert said(world, chain_for(zones), "www.signed.example") == "insecure"


def test_a_negative_trust_anchor_ends_checking_at_its_name() -> None:
    zones = family_of_zones()
    zones["signed"].sign(inception=NOW - 10 * DAY, expiration=NOW - DAY)
    world = world_of(zones)
    assert said(world, chain_for(zones, "signed.example"), "www.signed.example") == "insecure"
    assert said(world, chain_for(zones, "signed.example"), "leaf.tree.signed.example") == "insecure"
    assert said(world, chain_for(zones, "other.example"), "www.signed.example") == "7"


def test_without_an_anchor_above_nothing_can_be_checked() -> None:
    zones = family_of_zones()
    world = world_of(zones)
    island = Trust([TrustAnchor("signed.example", zones["signed"].ds().to_text())], ["."])
    assert said(world, Chain(island), "www.signed.example") == "secure"
    assert said(world, Chain(island), "leaf.signed2.example") == "insecure"


def test_records_that_nobody_asked_for_are_not_taken() -> None:
    zones = family_of_zones()
    world = world_of(zones)
    unasked = dns.rrset.from_text("www.unsigned.example.", 300, "IN", "A", "192.0.2.66")
    world.tamper = lambda response: response.answer.append(unasked)
    assert said(world, chain_for(zones), "www.signed.example") == "6"


def test_what_was_found_out_about_a_zone_is_not_asked_for_again_until_it_ends() -> None:
    zones = family_of_zones()
    world, chain = world_of(zones), chain_for(zones)
    judge(world, chain, "www.signed.example")
    assert world.asked == [
        "www.signed.example A",
        ". DNSKEY",
        "example DS",
        "example DNSKEY",
        "signed.example DS",
        "signed.example DNSKEY",
    ]
    world.asked.clear()
    judge(world, chain, "alias.signed.example", mono=MONO + 299)
    assert world.asked == ["alias.signed.example A"]
    judge(world, chain, "alias.signed.example", mono=MONO + 301)
    assert len(world.asked) > 2


@pytest.mark.parametrize(("left", "ttl"), [(20, 20), (-3580, EXPIRED_TTL)])
def test_an_answer_lives_no_longer_than_its_signatures_or_shortly_where_they_count_past_their_time(
    left: int, ttl: int
) -> None:
    zones = family_of_zones()
    zones["signed"].sign(expiration=NOW + left)
    assert judge(world_of(zones), chain_for(zones), "www.signed.example").ttl == ttl


def test_many_keys_of_one_tag_and_many_signatures_cost_no_more_than_a_few_checks() -> None:
    """CVE-2023-50387: every signature could be tried with every key."""
    zones = family_of_zones()
    world = world_of(zones)
    zone = zones["signed"]
    key = (dns.name.from_text("www.signed.example"), dns.rdatatype.A)
    good = zone.signatures[key][0]
    bad = [good.replace(signature=bytes([number]) + good.signature[1:]) for number in range(100)]
    zone.signatures[key] = [signature for signature in bad if isinstance(signature, RRSIG)]
    chain = chain_for(zones)
    judge(world, chain, "signed.example", "SOA")
    work = Work(NOW)
    with pytest.raises(Bogus, match="too many signatures"):
        judge(world, chain, "www.signed.example", work=work)
    assert work.checks <= 5


def test_a_long_way_of_aliases_ends() -> None:
    zone = Zone("signed.example", *(f"a{number} 300 CNAME a{number + 1}" for number in range(30)))
    zones = family_of_zones() | {"signed": zone}
    assert said(world_of(zones), chain_for(zones), "a0.signed.example") == "6"


def test_a_response_full_of_proofs_is_not_read_to_its_end() -> None:
    """CVE-2023-50868: proofs are made to be many."""
    zones = family_of_zones(nsec3=True)
    world = world_of(zones)
    zone = zones["signed"]
    signed = [signatures_of(zone, each) for each in zone.chain.values()]

    def fill(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.MX:
            response.authority = [*response.authority[:2], *zone.chain.values(), *signed]

    world.tamper = fill
    work = Work(NOW)
    with pytest.raises(Bogus, match="more than 8 proofs"):
        judge(world, chain_for(zones), "www.signed.example", "MX", work=work)


def test_keys_are_kept_no_longer_for_a_name_inside_a_zone_than_for_the_zone() -> None:
    zones = family_of_zones()
    world, chain = world_of(zones), chain_for(zones)
    zone = zones["signed"]
    del zone.signatures[dns.name.from_text("www.signed.example"), dns.rdatatype.A]
    for rrset in zone.chain.values():  # that no zone begins there may be kept for longer than the keys
        rrset.ttl = 900
        zone.sign_set(rrset)
    assert said(world, chain, "www.signed.example") == "10"  # looked for a zone down to the name itself
    world.asked.clear()
    with pytest.raises(Bogus):
        judge(world, chain, "www.signed.example", mono=MONO + 301)
    assert "signed.example DNSKEY" in world.asked


@pytest.mark.parametrize("section", ["answer", "authority"])
def test_records_of_another_class_are_not_taken(section: str) -> None:
    zones = family_of_zones()
    world = world_of(zones)
    other = dns.rrset.from_text("www.signed.example.", 300, "HS", "A", r"\# 4 c0000242")
    world.tamper = lambda response: getattr(response, section).insert(0, other)
    assert said(world, chain_for(zones), "www.signed.example") == "6"
