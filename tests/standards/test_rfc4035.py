"""RFC 4035: Protocol modifications for the DNS security extensions"""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House, answers, ttls
from tests.signed import DAY, NOW, RRSIG_
from tests.standards.conftest import FAMILY
from tests.worlds import Signed, forged

CHECK_DISABLED = dns.flags.RD | dns.flags.CD
SIGNATURE = "RRSIG A 8 3 300 20300101000000 20200101000000 1 example.com. AAAA"
NSEC = "NSEC z.example.com. A RRSIG NSEC"
DENIED = (
    "example.com 60 IN SOA ns.example.com. root.example.com. 1 2 3 4 60",
    f"example.com 60 IN {NSEC}",
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.com 60 IN NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG",
    f"example.com 60 IN {SIGNATURE.replace(' A 8', ' NSEC 8')}",
)


def secure(query: dns.message.Message) -> None:
    query.want_dnssec()


def types(message: dns.message.Message) -> list[str]:
    """Of each set of the answer and authority sections."""
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in (*message.answer, *message.authority)]


@pytest.mark.rfc(4035, "3.2.1")
@pytest.mark.parametrize("edns", [True, False], ids=["EDNS", "no EDNS"])
async def test_section_3_2_1_who_does_not_want_dnssec_records_gets_none(house: House, *, edns: bool) -> None:
    """Whatever an upstream sends along, records of DNSSEC are taken out of answers to who did not set DO."""
    house.table["www.example.com A"] = [*house.table["www.example.com A"], f"www.example.com 300 IN {SIGNATURE}"]
    house.table["gone.example.com A"] = ["NXDOMAIN", *DENIED]
    for name, all_of_it in (
        ("www.example.com", ["A", "RRSIG"]),
        ("gone.example.com", ["SOA", "NSEC", "NSEC3", "RRSIG"]),
    ):
        assert types(await house.ask(name, change=secure)) == all_of_it
        assert types(await house.ask(name, edns=edns)) == all_of_it[:1]


@pytest.mark.rfc(4035, "3.2.1")
@pytest.mark.parametrize("qtype", ["RRSIG", "NSEC"])
async def test_section_3_2_1_but_what_was_asked_for_by_its_type_stays(house: House, qtype: str) -> None:
    """Records of a type of DNSSEC that the query names are not taken out, DO or no DO."""
    house.table[f"www.example.com {qtype}"] = [f"www.example.com 300 IN {SIGNATURE if qtype == 'RRSIG' else NSEC}"]
    assert types(await house.ask("www.example.com", qtype)) == [qtype]


@pytest.mark.rfc(4035, "3.2.2")
async def test_section_3_2_2_cd_comes_back_as_it_was_and_is_passed_on(house: House) -> None:
    """CD is copied from the query into the response, and into what is asked upstream."""
    for cd in (0, int(dns.flags.CD)):
        query = dns.message.make_query("www.example.com", "A", flags=dns.flags.RD | cd)
        reply = dns.message.from_wire(await house.packet(query.to_wire()) or b"")
        sent = dns.message.from_wire(upstream_request(decode_query(query.to_wire()), 0))
        assert (reply.flags & dns.flags.CD, sent.flags & dns.flags.CD) == (cd, cd)


@pytest.mark.rfc(4035, "3.2.2")
async def test_section_3_2_2_cd_comes_back_with_an_error_too(house: House) -> None:
    """CD is copied whatever the response is: also where nothing is answered."""
    for client, name in (("203.0.113.7", "www.example.com"), ("127.0.0.3", "blocked.example")):
        reply = await house.ask(name, client=client, change=lambda query: setattr(query, "flags", CHECK_DISABLED))
        assert (bool(reply.answer), bool(reply.flags & dns.flags.CD)) == (False, True)


@pytest.mark.rfc(4035, "4.9.3")
async def test_section_4_9_3_the_word_of_a_resolver_counts_only_over_a_way_that_nobody_can_change(house: House) -> None:
    """AD from an upstream is relied on where its channel is secure: encrypted, or within this machine."""
    house.table["www.example.com A"] = ["AD", *house.table["www.example.com A"]]
    proven = []
    for server in ("192.0.2.53", "tls://192.0.2.53#dns.example", "127.0.0.9"):
        house.save(settings={"upstreams": {"servers": [server]}}, family=FAMILY)
        house.clock.advance(1000)
        proven.append(bool((await house.ask("www.example.com", change=secure)).flags & dns.flags.AD))
    assert proven == [False, True, True]


@pytest.mark.rfc(4035, "3.2.2")
async def test_section_3_2_2_what_was_not_checked_is_not_given_to_who_wants_it_checked(house: House) -> None:
    """Answers got with checking disabled are kept apart from the others."""
    await house.ask("www.example.com", change=lambda query: setattr(query, "flags", query.flags | dns.flags.CD))
    await house.ask("www.example.com")
    assert len(house.asked) == 2


@pytest.mark.rfc(4035, "3.2.3")
async def test_section_3_2_3_nothing_that_the_filter_made_is_called_authentic(house: House) -> None:
    """AD says that all of the answer is authentic: what was blocked or rewritten never has it, nor signatures."""
    for name in ("blocked.example", "www.youtube.com"):
        reply = await house.ask(name, client="127.0.0.3", change=secure)
        assert not reply.flags & dns.flags.AD
        assert dns.rdatatype.RRSIG not in [rrset.rdtype for rrset in reply.answer + reply.authority]


@pytest.mark.rfc(4035, "3.2.3")
async def test_section_3_2_3_ad_is_never_set_without_the_upstreams_word(house: House) -> None:
    """A forwarder that does not validate has no opinion of its own: without AD from upstream there is none."""
    reply = await house.ask("www.example.com", change=secure)
    assert (bool(reply.flags & dns.flags.AD), answers(reply)) == (False, ["www.example.com A 192.0.2.1"])


@pytest.mark.rfc(4035, "3.2.3")
async def test_section_3_2_3_a_record_that_was_edited_is_no_longer_signed(house: House) -> None:
    """An HTTPS record whose hints were taken out has lost its signature, and the answer is not called authentic."""
    house.table["www.example.com HTTPS"] = [
        "AD",
        'www.example.com 300 IN HTTPS 1 . alpn="h2" ipv4hint="192.0.2.1"',
        f"www.example.com 300 IN {SIGNATURE.replace(' A 8', ' HTTPS 8')}",
    ]
    whole = await house.ask("www.example.com", "HTTPS", change=secure)
    edited = await house.ask("www.example.com", "HTTPS", client="127.0.0.3", change=secure)
    assert [len(whole.answer), bool(whole.flags & dns.flags.AD)] == [2, True]
    assert [len(edited.answer), bool(edited.flags & dns.flags.AD)] == [1, False]


@pytest.mark.rfc(4035, "3.2.1")
async def test_section_3_2_1_who_validates_asks_upstream_with_do(signed: Signed) -> None:
    """A security-aware resolver sets DO when it asks, whatever its own client has set."""
    await signed.house.ask("www.signed.example")
    assert {bool(query.ednsflags & dns.flags.DO) for query in signed.world.queries} == {True}


@pytest.mark.rfc(4035, "3.2.3")
async def test_section_3_2_3_ad_is_set_where_every_record_was_found_authentic(signed: Signed) -> None:
    """AD may be set only when all of the answer, and what proves a negative one, was found authentic."""
    told = {
        name: bool((await signed.house.ask(name, change=secure)).flags & dns.flags.AD)
        for name in ("www.signed.example", "missing.signed.example", "away.signed.example", "www.unsigned.example")
    }
    assert list(told.values()) == [True, True, False, False]


@pytest.mark.rfc(4035, "4.3")
async def test_section_4_3_what_is_bogus_is_not_given_out(signed: Signed) -> None:
    """Data that ought to be signed and does not pass the check is answered with SERVFAIL."""
    forged(signed.zones["signed"])
    reply = await signed.house.ask("www.signed.example")
    assert (reply.rcode(), answers(reply)) == (dns.rcode.SERVFAIL, [])


@pytest.mark.rfc(4035, "4.7")
async def test_section_4_7_a_bad_answer_is_remembered_for_a_short_time_only(signed: Signed) -> None:
    """Who caches that data was bad keeps that for a short time, so that a repair is seen."""
    forged(signed.zones["signed"])
    await signed.house.ask("www.signed.example")
    key = (dns.name.from_text("www.signed.example"), dns.rdatatype.A)
    signed.zones["signed"].sets[key] = dns.rrset.from_text(key[0], 300, "IN", "A", "192.0.2.1")
    signed.house.clock.advance(2)
    assert answers(await signed.house.ask("www.signed.example")) == ["www.signed.example A 192.0.2.1"]


@pytest.mark.rfc(4035, "4.9.3")
async def test_section_4_9_3_the_upstreams_ad_means_nothing_to_who_checks_himself(signed: Signed) -> None:
    """A security-aware resolver sets AD by its own check, not by what it is told."""
    signed.world.tamper = lambda response: setattr(response, "flags", response.flags | dns.flags.AD)
    assert not (await signed.house.ask("www.unsigned.example", change=secure)).flags & dns.flags.AD


@pytest.mark.rfc(4035, "5.2")
async def test_section_5_2_below_a_delegation_without_ds_nothing_has_to_be_signed(signed: Signed) -> None:
    """Where it is proven that a zone has no DS, its records are taken as those of an unsigned zone."""
    assert answers(await signed.house.ask("www.unsigned.example")) == ["www.unsigned.example A 192.0.2.9"]


@pytest.mark.rfc(4035, "5.2")
async def test_section_5_2_an_algorithm_that_is_not_known_makes_a_zone_unsigned(signed: Signed) -> None:
    """Where no DS has an algorithm that the resolver knows, the zone is treated as unsigned."""
    name = dns.name.from_text("signed.example")
    unknown = signed.zones["signed"].ds().replace(algorithm=200)
    signed.zones["example"].sets[name, dns.rdatatype.DS] = dns.rrset.from_rdata(name, 300, unknown)
    signed.zones["example"].sign()
    assert answers(await signed.house.ask("www.signed.example")) == ["www.signed.example A 192.0.2.1"]


@pytest.mark.rfc(4035, "5.3.1")
@pytest.mark.parametrize(("inception", "expiration"), [(-9, -2), (2, 9)])
async def test_section_5_3_1_a_signature_counts_between_its_dates_only(
    signed: Signed, inception: int, expiration: int
) -> None:
    """The time now must lie between the signature's inception and its expiration."""
    now = signed.house.clock.wall()
    signed.zones["signed"].sign(inception=now + inception * DAY, expiration=now + expiration * DAY)
    assert (await signed.house.ask("www.signed.example")).rcode() == dns.rcode.SERVFAIL


@pytest.mark.rfc(4035, "5.3.3")
@pytest.mark.parametrize(("left", "told"), [(40, 40), (1, 1), (-1, 10), (-3500, 10)])
async def test_section_5_3_3_records_live_no_longer_than_their_signature(signed: Signed, left: int, told: int) -> None:
    """The TTL of authentic records is at most what the signature has left, and the TTL that was signed."""
    now = signed.house.clock.wall()
    signed.zones["signed"].sign(inception=NOW - DAY, expiration=now + left)
    assert ttls(await signed.house.ask("www.signed.example")) == [told]


@pytest.mark.rfc(4035, "5.3.4")
@pytest.mark.parametrize("proof", [True, False])
async def test_section_5_3_4_a_wildcard_needs_proof_that_the_name_itself_is_not_there(
    signed: Signed, *, proof: bool
) -> None:
    """A positive answer made from a wildcard is authentic only with proof that no closer name exists."""

    def take_away(response: dns.message.Message) -> None:
        if not proof and response.question[0].rdtype == dns.rdatatype.A:
            response.authority = []

    signed.world.tamper = take_away
    reply = await signed.house.ask("any.wild.signed.example")
    assert (reply.rcode() == dns.rcode.NOERROR) is proof


@pytest.mark.rfc(4035, "5.4")
async def test_section_5_4_what_is_denied_is_denied_with_proof(signed: Signed) -> None:
    """A negative answer of a signed zone counts only with the records that prove it."""

    def take_away(response: dns.message.Message) -> None:
        response.authority = [each for each in response.authority if each.rdtype in (dns.rdatatype.SOA, RRSIG_)]

    assert (await signed.house.ask("missing.signed.example")).rcode() == dns.rcode.NXDOMAIN
    signed.world.tamper = take_away
    assert (await signed.house.ask("other.signed.example")).rcode() == dns.rcode.SERVFAIL
