"""Validation in a resolver: who waits for a verdict hears of it once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from safedns.errors import UpstreamError
from safedns.resolve.resolver import Resolved
from safedns.settings.model import Dnssec
from safedns.wire.answer import decode_answer
from safedns.wire.query import Query
from safedns.wire.request import upstream_request
from safedns.wire.types import Ede
from tests.signed import World
from tests.unit.resolve.house import House, Says
from tests.unit.resolve.virtual import now, play
from tests.worlds import anchor_of, family_of_zones, world_of

NAME = "www.signed.example"
FORGED_SOA = dns.rrset.from_text("signed.example.", 300, "IN", "SOA", "a.attacker. a.attacker. 1 1 1 1 1")


class Place:
    """A resolver that validates, over one upstream on a small Internet. Virtual time begins long before that is signed,
    so that its dates mean nothing."""

    def __init__(self) -> None:
        self.zones = family_of_zones()
        self.world: World = world_of(self.zones)
        self.mute: set[str] = set()
        """Types that the upstream does not answer."""
        self.house = House(only=self._says)
        self.resolver = self.house.resolver
        self.configure(validate=True)

    def configure(self, *, validate: bool) -> None:
        dnssec = Dnssec(validate, (), (anchor_of(self.zones["root"]),))
        self.resolver.configure(replace(self.house.settings, dnssec=dnssec), self.house.cache.settings)

    def _says(self, query: Query) -> Says | None:
        message = dns.message.from_wire(upstream_request(query, 0))
        if dns.rdatatype.to_text(message.question[0].rdtype) in self.mute:
            return None
        return Says(decode_answer(self.world.respond(message).to_wire(max_size=65_535), query))

    def ask(self, name: str = NAME) -> asyncio.Task[Resolved | UpstreamError]:
        return asyncio.get_running_loop().create_task(self.house.ask(name))

    def put_first(self, record: str) -> None:
        """Who sits on the way puts a record before those that were signed."""
        name, ttl, rclass, rtype, rdata = record.split(maxsplit=4)

        def forge(response: dns.message.Message) -> None:
            if response.question[0].rdtype in (dns.rdatatype.A, dns.rdatatype.SOA):
                response.answer.insert(0, dns.rrset.from_text(name, int(ttl), rclass, rtype, rdata))

        self.world.tamper = forge


def test_all_who_ask_meanwhile_wait_for_one_verdict() -> None:
    async def scenario() -> None:
        place = Place()
        first = place.ask()
        await asyncio.sleep(0.03)  # answered, and its keys are being asked for
        others = [place.ask() for _ in range(3)]
        outcomes = await asyncio.gather(first, *others)
        assert [outcome.answer.ad for outcome in outcomes if isinstance(outcome, Resolved)] == [True] * 4
        assert place.world.asked.count(f"{NAME} A") == 1

    play(scenario())


def test_two_answers_that_need_the_same_keys_ask_for_them_once() -> None:
    async def scenario() -> None:
        place = Place()
        await asyncio.gather(place.ask(), place.ask("alias.signed.example"))
        assert place.world.asked.count("signed.example DNSKEY") == 1

    play(scenario())


def test_keys_that_never_come_are_not_waited_for_long() -> None:
    async def scenario() -> None:
        place = Place()
        place.mute = {"DNSKEY"}
        began = now()
        outcome = await place.ask()
        assert isinstance(outcome, UpstreamError)
        assert outcome.ede == Ede.DNSKEY_MISSING
        assert now() - began < 9

    play(scenario())


def test_the_end_of_the_resolver_is_told_to_who_waits_for_a_verdict() -> None:
    async def scenario() -> None:
        place = Place()
        place.mute = {"DNSKEY"}
        waiting = place.ask()
        await asyncio.sleep(0.5)
        await place.resolver.close()
        outcome = await waiting
        assert isinstance(outcome, UpstreamError)
        assert outcome.ede == Ede.NOT_READY

    play(scenario())


@pytest.mark.parametrize("meanwhile", ["turned off", "flushed"])
def test_an_answer_that_was_under_way_is_still_checked(meanwhile: str) -> None:
    async def scenario() -> None:
        place = Place()
        waiting = place.ask()
        await asyncio.sleep(0.03)
        if meanwhile == "turned off":
            place.configure(validate=False)
        else:
            place.resolver.flush(".")
        outcome = await waiting
        assert isinstance(outcome, Resolved)
        assert outcome.answer.ad

    play(scenario())


def test_a_fault_in_checking_fails_the_answer_and_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        place = Place()
        outcome = await place.ask()
        assert isinstance(outcome, UpstreamError)
        assert outcome.ede == Ede.DNSSEC_BOGUS

    def fault(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("safedns.resolve.dnssec.chain.zone_keys", fault)
    play(scenario())


@pytest.mark.parametrize(
    ("name", "forged"),
    [
        ("alias.signed.example", "alias.signed.example. 300 IN CNAME evil.attacker."),
        ("away.signed.example", "away.signed.example. 300 IN CNAME evil.attacker."),
        ("leaf.tree.signed.example", "tree.signed.example. 300 IN DNAME evil.attacker."),
    ],
)
def test_what_goes_out_is_what_was_checked(name: str, forged: str) -> None:
    """A name has one CNAME and one DNAME: of two, only one can have been looked at."""

    async def scenario() -> None:
        place = Place()
        honest = await place.ask(name)
        assert isinstance(honest, Resolved)
        place.resolver.flush(".")
        place.put_first(forged)
        outcome = await place.ask(name)
        assert isinstance(outcome, Resolved)
        assert (outcome.answer.body, outcome.answer.ad) == (honest.answer.body, honest.answer.ad)

    play(scenario())


def test_of_two_soa_records_only_the_one_that_was_signed_goes_out() -> None:
    async def scenario() -> None:
        place = Place()
        place.world.tamper = lambda response: response.authority.insert(0, FORGED_SOA)
        outcome = await place.ask("missing.signed.example")
        assert isinstance(outcome, Resolved)
        assert outcome.answer.ad
        assert b"attacker" not in outcome.answer.body

    play(scenario())
