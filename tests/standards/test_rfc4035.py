"""RFC 4035: Protocol modifications for the DNS security extensions"""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rdatatype
import pytest

from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House, answers
from tests.standards.conftest import FAMILY

CHECK_DISABLED = dns.flags.RD | dns.flags.CD
SIGNATURE = "A 8 3 300 20300101000000 20200101000000 1 example.com. AAAA"


def secure(query: dns.message.Message) -> None:
    query.want_dnssec()


@pytest.mark.rfc(4035, "3.2.1")
async def test_section_3_2_1_who_does_not_want_dnssec_records_gets_none(house: House) -> None:
    """DO in the query decides whether signatures come along; an answer with them is not given to who did not ask."""
    plain = list(house.table["www.example.com A"])
    house.table["www.example.com A"] = [*plain, f"www.example.com 300 IN RRSIG {SIGNATURE}"]
    signed = await house.ask("www.example.com", change=secure)
    house.table["www.example.com A"] = plain
    unsigned = await house.ask("www.example.com")
    assert [rrset.rdtype for rrset in signed.answer] == [dns.rdatatype.A, dns.rdatatype.RRSIG]
    assert [rrset.rdtype for rrset in unsigned.answer] == [dns.rdatatype.A]


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
        f"www.example.com 300 IN RRSIG {SIGNATURE.replace('A 8', 'HTTPS 8', 1)}",
    ]
    whole = await house.ask("www.example.com", "HTTPS", change=secure)
    edited = await house.ask("www.example.com", "HTTPS", client="127.0.0.3", change=secure)
    assert [len(whole.answer), bool(whole.flags & dns.flags.AD)] == [2, True]
    assert [len(edited.answer), bool(edited.flags & dns.flags.AD)] == [1, False]
