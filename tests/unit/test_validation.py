"""Validation on a whole household: what devices are told about answers that are signed, unsigned, or forged."""

from __future__ import annotations

from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from tests.house import answers, extended_error
from tests.signed import DAY, NOW, RRSIG_
from tests.unit.test_dnssec import plain, proven, with_ad, with_cd, with_do
from tests.worlds import Signed, family_of_zones, forged


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return Signed(tmp_path)


async def test_a_signed_answer_is_proven_without_the_upstreams_word(signed: Signed) -> None:
    for change, told in [(plain, False), (with_ad, True), (with_do, True)]:
        replies = [await signed.house.ask("www.signed.example", change=change) for _ in range(3)]
        assert [answers(reply)[0] for reply in replies] == ["www.signed.example A 192.0.2.1"] * 3
        assert [proven(reply) for reply in replies] == [told] * 3


@pytest.mark.parametrize("name", ["www.signed.example", "missing.signed.example", "any.wild.signed.example"])
async def test_signatures_and_proofs_go_only_to_who_sent_do(signed: Signed, name: str) -> None:
    kinds = {RRSIG_, dns.rdatatype.NSEC}
    unsigned = await signed.house.ask(name)
    full = await signed.house.ask(name, change=with_do)
    assert not kinds & {rrset.rdtype for rrset in unsigned.answer + unsigned.authority}
    assert RRSIG_ in {rrset.rdtype for rrset in full.answer + full.authority}


async def test_who_asks_for_proofs_by_type_gets_them(signed: Signed) -> None:
    reply = await signed.house.ask("signed.example", "RRSIG")
    assert reply.rcode() == dns.rcode.NOERROR
    assert not proven(reply)


async def test_an_unsigned_answer_passes_and_is_not_called_proven(signed: Signed) -> None:
    reply = await signed.house.ask("www.unsigned.example", change=with_do)
    assert (answers(reply), proven(reply)) == (["www.unsigned.example A 192.0.2.9"], False)


async def test_the_upstreams_ad_does_not_count(signed: Signed) -> None:
    def claim(response: dns.message.Message) -> None:
        response.flags |= dns.flags.AD

    signed.world.tamper = claim
    assert not proven(await signed.house.ask("www.unsigned.example", change=with_ad))


async def test_what_was_not_signed_fails_and_says_why(signed: Signed) -> None:
    forged(signed.zones["signed"])
    for _ in range(2):
        reply = await signed.house.ask("www.signed.example")
        assert (reply.rcode(), answers(reply)) == (dns.rcode.SERVFAIL, [])
        assert extended_error(reply) == (6, "DNSSEC: the signature of www.signed.example A is not good")


async def test_an_expired_signature_fails_and_says_so(tmp_path: Path) -> None:
    zones = family_of_zones()
    zones["signed"].sign(inception=NOW - 10 * DAY, expiration=NOW - DAY)
    reply = await Signed(tmp_path, zones).house.ask("www.signed.example")
    assert extended_error(reply) == (7, "DNSSEC: the signature of signed.example DNSKEY has expired")


async def test_who_sets_cd_gets_it_all_the_same(signed: Signed) -> None:
    forged(signed.zones["signed"])
    reply = await signed.house.ask("www.signed.example", change=with_cd)
    assert (answers(reply), proven(reply)) == (["www.signed.example A 192.0.2.66"], False)
    assert (await signed.house.ask("www.signed.example")).rcode() == dns.rcode.SERVFAIL


async def test_a_failure_is_remembered_for_a_moment_only(signed: Signed) -> None:
    good = dict(signed.zones["signed"].sets)
    forged(signed.zones["signed"])
    await signed.house.ask("www.signed.example")
    asked = len(signed.house.asked)
    await signed.house.ask("www.signed.example")
    assert len(signed.house.asked) == asked
    signed.zones["signed"].sets = good
    signed.house.clock.advance(2)
    assert answers(await signed.house.ask("www.signed.example")) == ["www.signed.example A 192.0.2.1"]


async def test_keys_that_were_found_bogus_are_asked_for_anew(signed: Signed) -> None:
    def cut(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.DNSKEY:
            response.answer = [rrset for rrset in response.answer if rrset.rdtype != RRSIG_]

    signed.world.tamper = cut
    assert (await signed.house.ask("www.signed.example")).rcode() == dns.rcode.SERVFAIL
    signed.world.tamper = plain
    signed.house.clock.advance(2)
    assert answers(await signed.house.ask("www.signed.example"))


async def test_no_older_answer_takes_the_place_of_one_that_failed(signed: Signed) -> None:
    await signed.house.ask("www.signed.example")
    forged(signed.zones["signed"])
    signed.house.clock.advance(301)
    assert (await signed.house.ask("www.signed.example")).rcode() == dns.rcode.SERVFAIL


async def test_older_keys_serve_while_newer_ones_cannot_be_had(signed: Signed) -> None:
    def silence(response: dns.message.Message) -> None:
        if response.question[0].rdtype in (dns.rdatatype.DNSKEY, dns.rdatatype.DS):
            response.set_rcode(dns.rcode.SERVFAIL)

    await signed.house.ask("www.signed.example")
    signed.house.clock.advance(301)
    signed.world.tamper = silence
    reply = await signed.house.ask("www.signed.example")
    assert (answers(reply), extended_error(reply)) == (["www.signed.example A 192.0.2.1"], None)
    other = await signed.house.ask("leaf.signed2.example")
    assert other.rcode() == dns.rcode.SERVFAIL
    assert extended_error(other) == (22, "DNSSEC: no upstream answers signed2.example DS")


async def test_a_negative_trust_anchor_lets_a_broken_zone_through(signed: Signed) -> None:
    forged(signed.zones["signed"])
    signed.save(negative_trust_anchors=["signed.example"])
    reply = await signed.house.ask("www.signed.example", change=with_ad)
    assert (answers(reply), proven(reply)) == (["www.signed.example A 192.0.2.66"], False)
    assert (await signed.house.ask("leaf.signed2.example", change=with_ad)).flags & dns.flags.AD


async def test_names_of_the_home_and_routes_are_not_checked(tmp_path: Path) -> None:
    upstreams = {"servers": ["127.0.0.9:53"], "routes": {"signed.example": "127.0.0.8:53"}}
    signed = Signed(tmp_path, upstreams=upstreams)
    forged(signed.zones["signed"])
    assert answers(await signed.house.ask("www.signed.example")) == ["www.signed.example A 192.0.2.66"]
    assert "signed.example DS" not in signed.world.asked
    lan = dns.rrset.from_text("printer.lan.", 300, "IN", "A", "192.168.1.9")
    signed.zones["root"].sets[lan.name, lan.rdtype] = lan
    assert answers(await signed.house.ask("printer.lan")) == ["printer.lan A 192.168.1.9"]


async def test_what_the_upstream_keeps_closed_is_closed_and_not_called_bogus(signed: Signed) -> None:
    def close(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.A:
            response.answer = [dns.rrset.from_text(response.question[0].name, 300, "IN", "A", "0.0.0.0")]

    signed.world.tamper = close
    reply = await signed.house.ask("www.signed.example")
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert signed.house.events.pending[-1][4].reason == "upstream"
    assert signed.house.counter("dnssec", "filtered") == 1


async def test_a_closed_answer_brings_no_addresses_along_even_where_home_names_may_lead_home(signed: Signed) -> None:
    def close(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.A:
            name = response.question[0].name
            response.answer = [dns.rrset.from_text(name, 300, "IN", "A", "0.0.0.0", "192.0.2.66")]

    signed.settings = {"private_answers": ["signed.example"]}
    signed.save()
    signed.world.tamper = close
    assert answers(await signed.house.ask("www.signed.example")) == []


async def test_turning_it_on_forgets_what_was_not_checked(signed: Signed) -> None:
    signed.save(validate="off")
    forged(signed.zones["signed"])
    assert answers(await signed.house.ask("www.signed.example"))
    signed.save()
    assert (await signed.house.ask("www.signed.example")).rcode() == dns.rcode.SERVFAIL


async def test_outcomes_are_counted(signed: Signed) -> None:
    forged(signed.zones["signed"])
    for name in ("www.unsigned.example", "missing.signed.example", "www.signed.example"):
        await signed.house.ask(name)
    outcomes = ("secure", "insecure", "bogus", "unknown", "filtered")
    assert [signed.house.counter("dnssec", outcome) for outcome in outcomes] == [1, 1, 1, 0, 0]


async def test_a_proven_denial_answers_for_what_is_below(signed: Signed) -> None:
    await signed.house.ask("missing.signed.example")
    asked = len(signed.house.asked)
    reply = await signed.house.ask("below.missing.signed.example", change=with_ad)
    assert (reply.rcode(), proven(reply), len(signed.house.asked)) == (dns.rcode.NXDOMAIN, True, asked)


async def test_with_a_clock_that_is_plainly_wrong_names_still_resolve(signed: Signed) -> None:
    signed.house.clock.jump(0.0)
    assert answers(await signed.house.ask("www.signed.example"))


async def test_questions_for_one_answer_end(signed: Signed) -> None:
    def slow(_: dns.message.Message) -> None:
        signed.house.clock.advance(3)

    signed.world.tamper = slow
    reply = await signed.house.ask("www.signed.example")
    assert extended_error(reply) == (22, "DNSSEC: its keys cannot be found within 5 s")


async def test_an_answer_of_very_many_records_is_not_read(signed: Signed) -> None:
    many = [f"192.0.{number // 256}.{number % 256}" for number in range(401)]

    def fill(response: dns.message.Message) -> None:
        if response.question[0].rdtype == dns.rdatatype.A:
            response.answer = [dns.rrset.from_text_list(response.question[0].name, 300, "IN", "A", many)]

    signed.world.tamper = fill
    reply = await signed.house.ask("www.unsigned.example")
    assert extended_error(reply) == (6, "DNSSEC: it cannot be read: it has more than 400 records")


async def test_proven_is_said_only_of_what_was_checked(signed: Signed) -> None:
    def add(response: dns.message.Message) -> None:
        response.authority += [dns.rrset.from_text("signed.example.", 300, "IN", "NS", "evil.attacker.")]
        response.additional += [dns.rrset.from_text("evil.attacker.", 300, "IN", "A", "192.0.2.66")]

    signed.world.tamper = add
    for name in ("www.signed.example", "missing.signed.example", "any.wild.signed.example"):
        reply = await signed.house.ask(name, change=with_do)
        assert proven(reply)
        assert "attacker" not in reply.to_text()
