"""Whoever sits on the way has everything that was ever signed, and may send it wherever he likes.

Whatever he makes of it: no name of a signed zone is found unsigned, and what is found proven is what its owner says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.resolve.dnssec import proofs
from safedns.resolve.dnssec.verdict import Bogus, Security, Unreachable
from tests.signed import World, Zone
from tests.worlds import chain_for, family_of_zones, judge, world_of

QUESTIONS = [
    ("www.signed.example", "A"),
    ("www.signed.example", "TXT"),
    ("any.wild.signed.example", "A"),
    ("empty.signed.example", "A"),
    ("missing.signed.example", "A"),
    ("alias.signed.example", "A"),
    ("leaf.tree.signed.example", "A"),
    ("signed.example", "DS"),
    ("signed.example", "NS"),
    ("leaf.signed2.example", "A"),
    ("missing.example", "A"),
]
Forgery = tuple[list[tuple[int, bool]], list[int], int | None, bool]
"""Sets for the answer (and whether under the name asked for), sets for the authority section, the zone whose proofs all
come along, and whether it says NXDOMAIN."""

FORGERY = st.tuples(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=3),
    st.lists(st.integers(0, 60), max_size=4),
    st.none() | st.integers(0, 4),
    st.booleans(),
)


@pytest.fixture(scope="module", autouse=True)
def _any_number_of_proofs() -> Iterator[None]:
    """The more a forger may send, the more he can do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "MAX_PROOFS", 100)
        yield


@cache
def family(nsec3: bool) -> tuple[dict[str, Zone], World]:
    zones = family_of_zones(nsec3=nsec3)
    return zones, world_of(zones)


def signed_as(zone: Zone, rrset: dns.rrset.RRset, owner: dns.name.Name) -> list[dns.rrset.RRset]:
    """A set and its signatures, under any name."""
    made = [dns.rrset.from_rdata_list(owner, rrset.ttl, list(rrset))]
    if signatures := zone.signatures.get((rrset.name, rrset.rdtype)):
        made.append(dns.rrset.from_rdata_list(owner, rrset.ttl, list(signatures)))
    return made


class Forger(World):
    """Sends some responses of his own making in the place of honest ones."""

    def __init__(self, honest: World, forgeries: list[Forgery | None]) -> None:
        super().__init__(*honest.zones.values())
        self._forgeries = iter(forgeries)
        self._pool = [
            (zone, each) for zone in self.zones.values() for each in (*zone.sets.values(), *zone.chain.values())
        ]

    def respond(self, query: dns.message.Message) -> dns.message.Message:
        response = super().respond(query)
        forgery = next(self._forgeries, None)
        if forgery is None:
            return response
        answers, authorities, everything, denied = forgery
        name = query.question[0].name
        response.set_rcode(dns.rcode.NXDOMAIN if denied else dns.rcode.NOERROR)
        response.answer, response.authority = [], []
        for number, renamed in answers:
            zone, rrset = self._pool[number % len(self._pool)]
            response.answer += signed_as(zone, rrset, name if renamed else rrset.name)
        for number in authorities:
            zone, rrset = self._pool[number % len(self._pool)]
            response.authority += signed_as(zone, rrset, rrset.name)
        if everything is not None:
            zone = list(self.zones.values())[everything]
            for rrset in zone.chain.values():
                response.authority += signed_as(zone, rrset, rrset.name)
        return response


def content(world: World, name: str, qtype: str) -> tuple[int, set[str]]:
    """What is said apart from TTLs."""
    response = world.respond(dns.message.make_query(name, qtype, want_dnssec=True))
    return int(response.rcode()), records(response.answer)


def records(answer: Iterable[dns.rrset.RRset]) -> set[str]:
    return {
        f"{rrset.name} {rrset.rdtype} {rdata}"
        for rrset in answer
        for rdata in rrset
        if rrset.rdtype != dns.rdatatype.RRSIG
    }


@given(
    nsec3=st.booleans(),
    question=st.sampled_from(QUESTIONS),
    first=FORGERY,
    others=st.lists(st.none() | FORGERY, max_size=6),
)
def test_nothing_forged_from_what_was_signed_is_believed(
    nsec3: bool, question: tuple[str, str], first: Forgery, others: list[Forgery | None]
) -> None:
    zones, honest = family(nsec3)
    try:
        verdict = judge(Forger(honest, [first, *others]), chain_for(zones), *question)
    except (Bogus, Unreachable):
        return
    assert verdict.security is Security.SECURE
    assert (verdict.rcode, records(verdict.answer)) == content(honest, *question)


@given(question=st.sampled_from(QUESTIONS), others=st.lists(st.none() | FORGERY, min_size=1, max_size=6))
def test_no_forgery_on_the_way_to_the_keys_makes_a_signed_zone_an_unsigned_one(
    question: tuple[str, str], others: list[Forgery | None]
) -> None:
    zones, honest = family(nsec3=True)
    try:
        verdict = judge(Forger(honest, [None, *others]), chain_for(zones), *question)
    except (Bogus, Unreachable):
        return
    assert verdict.security is Security.SECURE
