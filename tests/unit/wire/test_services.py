"""SVCB and HTTPS records without what leads round a filter; dnspython is the judge of what is left."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.answer import Answer, decode_answer
from safedns.wire.query import Query, decode_query
from safedns.wire.reply import build_reply, patch_ttls, reply_ttls
from safedns.wire.services import without_hints

from .strategies import names

SIGNATURE = "{} 300 IN RRSIG {} 13 2 300 20270101000000 20260101000000 12345 example.com. AAAA"
ECH = "ech=AAQAAQID"


def exchange(
    name: str, qtype: str, *lines: str, authority: str = "", additional: str = "", do: bool = True
) -> tuple[Query, Answer]:
    """A question and its answer from zone-file lines, with the AD bit set; ``authority`` may have several."""
    query = dns.message.make_query(name, qtype, use_edns=0, want_dnssec=do)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AD
    for section, texts in (
        (response.answer, "\n".join(lines)),
        (response.authority, authority),
        (response.additional, additional),
    ):
        section += [_rrset(text) for text in texts.splitlines()]
    asked = decode_query(query.to_wire())
    return asked, decode_answer(response.to_wire(max_size=65535), asked)


def _rrset(line: str) -> dns.rrset.RRset:
    owner, ttl, rclass, rtype, rdata = line.split(maxsplit=4)
    return dns.rrset.from_text(owner, int(ttl), rclass, rtype, rdata)


def shown(query: Query, answer: Answer) -> list[list[str]]:
    """The three sections of the reply, as dnspython reads it."""
    message = dns.message.from_wire(build_reply(query, answer))
    sections = (message.answer, message.authority, message.additional)
    return [[line for rrset in section for line in rrset.to_text().splitlines()] for section in sections]


@pytest.mark.parametrize(
    ("given_", "left"),
    [
        ('1 . alpn="h2,h3" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"', '1 . alpn="h2,h3"'),
        (f"1 svc.example.net. {ECH} port=8443", '1 svc.example.net. port="8443"'),
        ('1 . alpn="h2" dohpath="/dns-query{?dns}"', '1 . alpn="h2"'),
        (f'1 . mandatory="alpn,ech" alpn="h2" {ECH}', '1 . mandatory="alpn" alpn="h2"'),
        (f"1 . mandatory=ech {ECH}", "1 ."),
        ("1 . ipv4hint=192.0.2.1 key65400=x", '1 . key65400="x"'),
        ("0 alias.example.net.", "0 alias.example.net."),
    ],
)
@pytest.mark.parametrize("rtype", ["HTTPS", "SVCB"])
def test_hints_keys_and_paths_go_and_everything_else_stays(rtype: str, given_: str, left: str) -> None:
    query, answer = exchange("www.example.com.", rtype, f"www.example.com. 300 IN {rtype} {given_}")
    assert shown(query, without_hints(query, answer)) == [[f"www.example.com. 300 IN {rtype} {left}"], [], []]


def test_an_answer_is_marked_when_it_has_something_to_take_out_and_not_afterwards() -> None:
    query, answer = exchange("www.example.com.", "HTTPS", "www.example.com. 300 IN HTTPS 1 . ipv4hint=192.0.2.1")
    assert answer.services
    bare = without_hints(query, answer)
    assert (bare.services, bare.addresses, bare.negative) == (False, (), False)


def test_signatures_of_edited_records_go_others_stay_and_nothing_is_called_proven_any_more() -> None:
    query, answer = exchange(
        "www.example.com.",
        "HTTPS",
        "www.example.com. 300 IN CNAME web.example.com.",
        SIGNATURE.format("www.example.com.", "CNAME"),
        "web.example.com. 60 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1",
        SIGNATURE.format("web.example.com.", "HTTPS"),
    )
    assert answer.ad
    bare = without_hints(query, answer)
    section, _, _ = shown(query, bare)
    assert [line.split()[3:5] for line in section] == [
        ["CNAME", "web.example.com."],
        ["RRSIG", "CNAME"],
        ["HTTPS", "1"],
    ]
    assert not bare.ad
    assert (bare.targets, bare.ttl) == (("web.example.com",), 60)


@pytest.mark.parametrize("do", [True, False])
def test_proofs_of_what_was_not_edited_stay_for_who_asked_with_do(do: bool) -> None:
    nothing_closer = "example.com. 60 IN NSEC z.example.com. A RRSIG NSEC"
    query, answer = exchange(
        "www.example.com.",
        "HTTPS",
        "www.example.com. 300 IN CNAME web.example.com.",
        SIGNATURE.format("www.example.com.", "CNAME"),
        "web.example.com. 60 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1",
        SIGNATURE.format("web.example.com.", "HTTPS"),
        authority=f"{nothing_closer}\n{SIGNATURE.format('example.com.', 'NSEC')}",
        do=do,
    )
    proofs = [line.split()[3:5] for section in shown(query, without_hints(query, answer)) for line in section]
    assert [words[1] for words in proofs if words[0] == "RRSIG"] == (["CNAME", "NSEC"] if do else [])
    assert (["NSEC", "z.example.com."] in proofs) is do


def test_addresses_that_come_along_go_and_the_authority_stays() -> None:
    query, answer = exchange(
        "www.example.com.",
        "HTTPS",
        "www.example.com. 300 IN HTTPS 1 web.example.com. ipv4hint=192.0.2.1",
        authority="example.com. 900 IN NS ns.example.com.",
        additional="web.example.com. 300 IN A 192.0.2.1",
    )
    assert shown(query, without_hints(query, answer)) == [
        ["www.example.com. 300 IN HTTPS 1 web.example.com."], ["example.com. 900 IN NS ns.example.com."], []
    ]  # fmt: skip


def test_the_owner_keeps_the_letter_case_of_each_question() -> None:
    _, answer = exchange("www.example.com.", "HTTPS", "www.example.com. 300 IN HTTPS 1 . ipv4hint=192.0.2.1")
    other = decode_query(dns.message.make_query("wWw.ExAmple.Com.", "HTTPS").to_wire())
    assert shown(other, without_hints(other, answer))[0] == ["wWw.ExAmple.Com. 300 IN HTTPS 1 ."]


def test_records_that_differed_in_their_hints_alone_become_one() -> None:
    hints = ("192.0.2.1", "192.0.2.2")
    lines = [f"www.example.com. 300 IN HTTPS 1 . alpn=h2 ipv4hint={hint}" for hint in hints]
    query, answer = exchange("www.example.com.", "HTTPS", *lines)
    assert (answer.counts[0], without_hints(query, answer).counts[0]) == (2, 1)


def test_the_same_answer_is_rewritten_once() -> None:
    query, answer = exchange("www.example.com.", "HTTPS", "www.example.com. 300 IN HTTPS 1 . ipv4hint=192.0.2.1")
    assert without_hints(query, answer) is without_hints(query._replace(id=7), answer)


_parameters = st.lists(
    st.sampled_from(["alpn=h2", "port=8443", "ipv4hint=192.0.2.1", "ipv6hint=2001:db8::1", ECH, "key65400=x"]),
    unique_by=lambda text: text.partition("=")[0],
    max_size=5,
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[Query, Answer]:
    """A question for HTTPS and an answer whose records share suffixes, so that compression has something to do."""
    name = draw(names.filter(lambda found: 1 < len(found.labels) < 20 and len(found.to_wire() or b"") < 200))
    owners = [name.to_text(), dns.name.Name([b"cdn", *name.labels]).to_text(), "b.EXAMPLE.net."]
    owner = st.sampled_from(owners)
    lines: list[str] = []
    for rtype in draw(st.lists(st.sampled_from(["HTTPS", "SVCB", "CNAME", "MX", "TXT"]), min_size=1, max_size=6)):
        own, target = draw(owner), draw(owner)
        if rtype == "CNAME" and any(line.startswith(f"{own} ") and " CNAME " in line for line in lines):
            continue  # a name has one alias at most (RFC 2181 section 10.1), and dnspython keeps but one
        rdata = {"CNAME": target, "MX": f"10 {target}", "TXT": '"some text"'}.get(rtype)
        rdata = rdata or f"{draw(st.integers(1, 9))} {target} {' '.join(draw(_parameters))}"
        lines.append(f"{own} {draw(st.integers(0, 0xFFFFFFFF >> 1))} IN {rtype} {rdata}")
    return exchange(name.to_text(), "HTTPS", *lines, authority=f"{draw(owner)} 5 IN SOA {draw(owner)} . 1 2 3 4 50")


@given(answers(), st.integers(0, 1000))
def test_whatever_is_rewritten_dnspython_reads_the_same_records_without_the_revealing_parameters(
    pair: tuple[Query, Answer], age: int
) -> None:
    query, answer = pair
    bare = without_hints(query, answer)
    expected = dns.message.from_wire(build_reply(query, answer))
    found = dns.message.from_wire(build_reply(query, bare))
    services = [rrset for rrset in found.answer if rrset.rdtype in (dns.rdatatype.HTTPS, dns.rdatatype.SVCB)]
    assert not any({4, 5, 6, 7} & rdata.params.keys() for rrset in services for rdata in rrset)
    assert [_without(rrset) for rrset in found.answer] == [_without(rrset) for rrset in expected.answer]
    texts = [[rrset.to_text().lower() for rrset in message.authority] for message in (found, expected)]
    assert texts[0] == texts[1]  # names are spelled out, so letter case is the question's own no more
    assert bare.counts[2] == 0
    aged = bytearray(build_reply(query, bare))
    patch_ttls(aged, reply_ttls(query, bare), age, None)
    assert bytes(aged) == build_reply(query, bare, age=age)


def _without(rrset: dns.rrset.RRset) -> tuple[object, ...]:
    texts = {
        " ".join(
            word
            for word in rdata.to_text().lower().split()
            if word.partition("=")[0] not in ("ipv4hint", "ipv6hint", "ech")
        )
        for rdata in rrset
    }
    return rrset.name, rrset.ttl, rrset.rdtype, texts
