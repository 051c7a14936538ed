"""Validation in a resolver: who waits for a verdict hears of it once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from safedns.errors import BogusError, UncheckedError, UpstreamError
from safedns.resolve.dnssec import chain, signatures
from safedns.resolve.dnssec.checker import _Judgement
from safedns.resolve.dnssec.keys import Zone
from safedns.resolve.dnssec.records import Signed
from safedns.resolve.dnssec.signatures import Proven
from safedns.resolve.dnssec.work import Fetched, Work
from safedns.resolve.resolver import Resolved
from safedns.settings.model import Dnssec
from safedns.wire.answer import decode_answer
from safedns.wire.query import Query
from safedns.wire.request import upstream_request
from safedns.wire.types import Ede, QType
from tests.signed import World
from tests.unit.resolve.house import House, Says
from tests.unit.resolve.values import question
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


def test_a_name_whose_keys_cannot_be_had_is_not_asked_for_again_because_another_is_answered() -> None:
    """It was answered itself: that somebody answers is no news."""

    async def scenario() -> None:
        place = Place()
        place.mute = {"DNSKEY"}
        first = await place.ask("www.signed2.example")
        assert isinstance(first, UncheckedError)
        assert isinstance(await place.ask("printer.lan"), Resolved)
        again = await place.ask("www.signed2.example")
        assert (str(again), place.world.asked.count("www.signed2.example A")) == (str(first), 1)

    play(scenario())


def test_keys_from_the_cache_are_believed_for_what_is_left_of_their_time() -> None:
    async def scenario() -> None:
        place = Place()
        key = question("signed.example", QType.DNSKEY, do=True, cd=True)
        found = asyncio.get_running_loop().create_future()
        place.resolver.look_up(key, found.set_result)
        assert (await found).answer.ttl == 300
        await asyncio.sleep(200)
        again = asyncio.get_running_loop().create_future()
        place.resolver.look_up(key, again.set_result)
        left = (await again).answer
        assert 99 <= left.ttl <= 101
        assert max(ttl for _, ttl in left.ttls) == left.ttl

    play(scenario())


def test_keys_past_their_time_are_believed_for_a_moment() -> None:
    async def scenario() -> None:
        place = Place()
        await place.ask()
        await asyncio.sleep(301)
        place.mute = {"DNSKEY", "DS"}
        assert isinstance(await place.ask(), Resolved)
        place.mute = set()
        place.world.asked.clear()
        await asyncio.sleep(31)
        await place.ask("other.signed.example")
        assert ". DNSKEY" in place.world.asked

    play(scenario())


def test_a_key_that_many_wait_for_is_checked_once() -> None:
    async def scenario() -> None:
        place = Place()
        with pytest.MonkeyPatch.context() as patch:
            checked: list[str] = []
            check = signatures.check

            def counted(records: Signed, zone: Zone, work: Work) -> Proven:
                checked.append(str(records))
                return check(records, zone, work)

            patch.setattr(chain, "check", counted)
            names = [f"missing{number}.signed.example" for number in range(20)]
            outcomes = await asyncio.gather(*map(place.ask, names))
        assert all(isinstance(outcome, Resolved) and outcome.answer.ad for outcome in outcomes)
        assert checked.count("signed.example DNSKEY") == 1

    play(scenario())


def test_others_get_their_turn_between_the_steps_of_many_answers() -> None:
    async def scenario() -> None:
        place = Place()
        await place.ask()
        steps: list[int] = []
        turn = 0
        running = True

        def next_turn() -> None:
            nonlocal turn
            turn += 1
            if running:
                asyncio.get_running_loop().call_soon(next_turn)

        with pytest.MonkeyPatch.context() as patch:
            step = _Judgement._step

            def counted(self: _Judgement, fetched: Fetched | None) -> None:
                steps.append(turn)
                step(self, fetched)

            names = [f"missing{number}.signed.example" for number in range(20)]
            waiting = [place.ask(name) for name in names]
            next_turn()
            patch.setattr(_Judgement, "_step", counted)
            await asyncio.gather(*waiting)
            running = False
        paced = [number for number in steps if steps.count(number) > 1]
        assert len(steps) > 60
        assert len(set(paced)) <= 1  # where all the answers come in, at once

    play(scenario())


def test_answers_that_wait_for_a_verdict_count_as_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safedns.resolve.resolver.IN_FLIGHT_MAX", 6)

    async def scenario() -> None:
        place = Place()
        place.mute = {"DNSKEY"}
        waiting = [place.ask(f"{number}.signed.example") for number in range(5)]
        await asyncio.sleep(0.5)
        refused = await place.ask("6.signed.example")
        assert isinstance(refused, UpstreamError)
        assert "under way already" in str(refused)
        await asyncio.gather(*waiting)

    play(scenario())


def test_what_a_forger_makes_too_long_is_bogus_and_leaves_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        place = Place()
        long = ".".join(["a" * 60] * 3)
        name = f"{long}.tree.signed.example"
        alias = dns.rrset.from_text(f"{name}.", 300, "IN", "CNAME", "www.attacker.")
        dname = dns.rrset.from_text("tree.signed.example.", 300, "IN", "DNAME", f"{long}.attacker.")

        def lie(response: dns.message.Message) -> None:
            response.answer = [dname, alias]

        place.world.tamper = lie
        assert isinstance(await place.ask(name), BogusError)

    play(scenario())
    assert not [record for record in caplog.records if record.exc_info]
