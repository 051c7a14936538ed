"""Hypothesis strategies: names, queries and responses, made by dnspython so that it can be the judge."""

from __future__ import annotations

import string
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.renderer
import dns.rrset
from hypothesis import strategies as st

_LETTERS = (string.ascii_letters + string.digits + "-_").encode()
_plain_labels = st.lists(st.sampled_from(_LETTERS), min_size=1, max_size=12).map(bytes)
_long_labels = st.integers(13, 63).map(lambda length: b"x" * length)
labels = st.one_of(_plain_labels, _plain_labels, _long_labels, st.binary(min_size=1, max_size=6))


def _fit(chosen: list[bytes]) -> dns.name.Name:
    """As many labels, from the right, as a name has room for."""
    kept: list[bytes] = []
    for label in reversed(chosen):
        if sum(map(len, kept)) + len(kept) + len(label) + 2 > 255:
            break
        kept.insert(0, label)
    return dns.name.Name([*kept, b""])


names = st.lists(labels, max_size=8).map(_fit)
types = st.one_of(st.sampled_from([1, 2, 5, 6, 15, 16, 28, 33, 64, 65, 255, 257]), st.integers(1, 65535))

_options: st.SearchStrategy[list[dns.edns.Option]] = st.lists(
    st.builds(
        # Only codes that dnspython keeps as they are, since it is the judge of what was sent.
        dns.edns.GenericOption,
        st.sampled_from([12, 65001, 65073, 65074, 20292]),
        st.binary(max_size=24),
    ),
    max_size=3,
)


@st.composite
def queries(draw: st.DrawFn) -> dns.message.Message:
    """Any query that a client may send, with and without EDNS."""
    query = dns.message.Message(id=draw(st.integers(0, 0xFFFF)))
    flag = st.sampled_from([0, dns.flags.RD, dns.flags.AD, dns.flags.CD, dns.flags.RD | dns.flags.AD])
    query.flags = dns.flags.Flag(draw(flag))
    qname, qtype = draw(names), draw(types.filter(lambda number: number != 41))
    qclass = draw(st.sampled_from([1, 1, 1, 3, 255]))
    query.find_rrset(query.question, qname, qclass, qtype, create=True, force_unique=True)  # type: ignore[arg-type]
    if draw(st.booleans()):
        flags = draw(st.sampled_from([0, int(dns.flags.DO)]))
        query.use_edns(0, flags, draw(st.integers(0, 0xFFFF)), options=draw(_options))
    return query


_addresses4 = st.ip_addresses(v=4).map(str)
_addresses6 = st.ip_addresses(v=6).map(str)


_SIGNED = "8 2 300 20300101000000 20200101000000 1"


def _proofs(name: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Type and text of records that are there for DNSSEC alone."""
    return st.one_of(
        st.tuples(st.just("RRSIG"), name.map(lambda text: f"A {_SIGNED} {text} AAAA")),
        st.tuples(st.just("NSEC"), name.map(lambda text: f"{text} A RRSIG NSEC")),
        st.just(("NSEC3", "1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG")),
    )


@st.composite
def records(draw: st.DrawFn, owners: list[dns.name.Name], *, proofs: bool = False) -> dns.rrset.RRset:
    """One record; its names come from ``owners``, so that compression has something to do.

    ``proofs``: as often as not one of those that are there for DNSSEC alone.
    """
    name = st.sampled_from(owners).map(lambda owner: owner.to_text())
    prove = proofs and draw(st.booleans())
    rtype, text = draw(
        _proofs(name)
        if prove
        else st.one_of(
            st.tuples(st.just("A"), _addresses4),
            st.tuples(st.just("AAAA"), _addresses6),
            st.tuples(st.sampled_from(["CNAME", "NS", "PTR", "DNAME"]), name),
            st.tuples(st.just("MX"), name.map(lambda text: f"10 {text}")),
            st.tuples(st.just("SRV"), name.map(lambda text: f"1 2 443 {text}")),
            st.tuples(st.just("RP"), st.tuples(name, name).map(" ".join)),
            st.tuples(st.just("SOA"), st.tuples(name, name).map(lambda pair: f"{pair[0]} {pair[1]} 1 2 3 4 50")),
            st.tuples(st.just("TXT"), st.just('"some text" "more"')),
            st.tuples(
                st.sampled_from(["HTTPS", "SVCB"]),
                st.tuples(name, _addresses4, _addresses6).map(
                    lambda parts: f'1 {parts[0]} alpn="h2" ipv4hint={parts[1]} ipv6hint={parts[2]}'
                ),
            ),
            st.tuples(st.just("TYPE731"), st.just(r"\# 4 c00cc00c")),
        )
    )
    ttl = draw(st.one_of(st.integers(0, 600), st.integers(0, 0x7FFFFFFF)))
    return dns.rrset.from_text(draw(st.sampled_from(owners)), ttl, "IN", rtype, text)


_renderer: Any = dns.renderer.Renderer  # dnspython leaves it untyped


@st.composite
def exchanges(draw: st.DrawFn, *, proofs: bool = False) -> tuple[bytes, bytes]:
    """A query and a response to it: compressed, any sections, with the OPT nowhere, last, or before other records."""
    query = draw(queries())
    question = query.question[0]
    relative = dns.name.Name([b"cdn"])
    owners = [question.name, dns.name.from_text("a.b.example.net."), dns.name.from_text("B.example.NET.")]
    if len(question.name.to_wire() or b"") < 240:
        owners.append(relative.concatenate(question.name))
    section = st.lists(records(owners, proofs=proofs), max_size=6 if proofs else 3)
    rcode = draw(st.sampled_from([0, 0, 0, 3, 2, 5, 16, 23]))
    flags = dns.flags.QR | draw(st.sampled_from([0, int(dns.flags.AA), int(dns.flags.AD), int(dns.flags.RA)]))
    renderer: Any = _renderer(draw(st.integers(0, 0xFFFF)), flags | (rcode & 15))
    renderer.add_question(question.name, question.rdtype, question.rdclass)
    chaos = question.rdclass == dns.rdataclass.CH  # has no such records, and the answer section none of another class
    for number in (dns.renderer.ANSWER, dns.renderer.AUTHORITY):
        for found in draw(st.just([]) if chaos and number == dns.renderer.ANSWER else section):
            renderer.add_rrset(number, found)
    additional = draw(section)
    opt_at = len(additional) if rcode > 15 else draw(st.integers(-1, len(additional)))
    for index, rrset in enumerate([*additional, None]):
        if index == opt_at:
            renderer.add_edns(0, rcode >> 4 << 24, 1232)
        if rrset is not None:
            renderer.add_rrset(dns.renderer.ADDITIONAL, rrset)
    renderer.write_header()
    wire: bytes = renderer.get_wire()
    return query.to_wire(), wire


def lives(judge: dns.message.Message, *, negative: bool) -> list[int]:
    """The TTL of each record of a response as it is to be read.

    A set has the lowest of its TTLs, a negative answer's SOA lives for its MINIMUM only and for three hours at most,
    everything else for a day.
    """
    read = [rrset for section in (judge.answer, judge.authority, judge.additional) for rrset in section]
    sets = [(rrset.name, rrset.rdtype, rrset.rdclass) for rrset in read]
    found = [
        min(rrset.ttl, 86_400)
        if rrset.rdtype in (dns.rdatatype.RRSIG, dns.rdatatype.SOA)
        else min(86_400, *(other.ttl for each, other in zip(sets, read, strict=True) if each == key))
        for key, rrset in zip(sets, read, strict=True)
    ]
    for number, rrset in enumerate(judge.authority, len(judge.answer)):
        if negative and rrset.rdtype == dns.rdatatype.SOA:
            minimum = rrset[0].minimum
            found[number] = min(found[number], minimum if minimum < 1 << 31 else 0, 10_800)
            break
    return found
