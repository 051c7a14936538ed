"""Bootstrap: the addresses of upstreams that are given by name."""

from __future__ import annotations

import asyncio

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.bootstrap import KEEP_MIN, SECOND_FAMILY, Bootstrap
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.flight import Member
from safedns.resolve.strategy import Health
from safedns.resolve.upstream.place import Place
from safedns.tasks import spawn
from safedns.wire.answer import make_answer
from safedns.wire.query import Query
from safedns.wire.types import QType
from tests.unit.resolve.house import Says, Script, ScriptedUpstream, says_no, silent, unreachable
from tests.unit.resolve.values import FakeCounters
from tests.unit.resolve.virtual import LoopClock, now, play

NAME = "dns.test"
_V6 = bytes.fromhex("20010db8000000000000000000000001")


def knows(*, v4: bytes = b"\xc0\0\2\1", v6: bytes = _V6, ttl: int = 300, v6_after: float = 0.01) -> Script:
    """Answers with an address of each family, or none where it is empty."""

    def script(query: Query) -> Says:
        rdata, after = (v4, 0.01) if query.qtype == QType.A else (v6, v6_after)
        records = [(query.name, query.qtype, ttl, rdata)] if rdata else []
        return Says(make_answer(query, records, soa_ttl=None if rdata else 60), after)

    return script


class Asking:
    """A bootstrap over scripted upstreams. Make it inside a running loop."""

    def __init__(self, *scripts: Script) -> None:
        self.upstreams = [ScriptedUpstream(f"upstream {number}", script) for number, script in enumerate(scripts)]
        self.bootstrap = Bootstrap(LoopClock())
        self.bootstrap.ask(
            tuple(Member(one, Health(), UpstreamMeter(FakeCounters(), one.name), secure=True) for one in self.upstreams)
        )

    @property
    def place(self) -> Place:
        return self.bootstrap.place(NAME)

    @property
    def asked(self) -> int:
        return sum(len(one.asked) for one in self.upstreams)


def test_a_name_has_addresses_of_both_families_ipv4_first() -> None:
    async def scenario() -> None:
        asking = Asking(knows())
        start = now()
        assert await asking.place.find() == ("192.0.2.1", "2001:db8::1")
        assert now() - start == pytest.approx(0.01, abs=0.001)

    play(scenario())


def test_one_family_is_enough() -> None:
    async def scenario() -> None:
        assert await Asking(knows(v6=b"")).place.find() == ("192.0.2.1",)
        assert await Asking(knows(v4=b"")).place.find() == ("2001:db8::1",)

    play(scenario())


def test_a_family_that_is_slow_to_come_is_not_waited_for() -> None:
    async def scenario() -> None:
        start = now()
        assert await Asking(knows(v6_after=3.0)).place.find() == ("192.0.2.1",)
        assert now() - start == pytest.approx(0.01 + SECOND_FAMILY, abs=0.001)

    play(scenario())


def test_addresses_are_kept_for_their_ttl_and_at_least_a_minute() -> None:
    async def scenario(ttl: int, kept: float) -> None:
        asking = Asking(knows(ttl=ttl))
        await asking.place.find()
        await asyncio.sleep(kept - 1)
        await asking.place.find()
        assert asking.asked == 2
        await asyncio.sleep(2)
        await asking.place.find()
        assert asking.asked == 4

    play(scenario(300, 300))
    play(scenario(1, KEEP_MIN))


def test_an_address_that_worked_is_tried_first() -> None:
    async def scenario() -> None:
        place = Asking(knows()).place
        await place.find()
        place.worked("2001:db8::1")
        assert await place.find() == ("2001:db8::1", "192.0.2.1")

    play(scenario())


def test_a_name_is_looked_up_again_when_nobody_was_reached() -> None:
    async def scenario() -> None:
        asking = Asking(knows())
        await asking.place.find()
        asking.place.failed()
        asking.upstreams[0].script = knows(v4=b"\xc0\0\2\2")
        assert await asking.place.find() == ("192.0.2.2", "2001:db8::1")

    play(scenario())


@pytest.mark.parametrize("trouble", [says_no(2), unreachable, silent])
def test_old_addresses_serve_while_bootstrap_fails(trouble: Script) -> None:
    async def scenario() -> None:
        asking = Asking(knows())
        await asking.place.find()
        asking.place.failed()
        asking.upstreams[0].script = trouble
        assert await asking.place.find() == ("192.0.2.1", "2001:db8::1")

    play(scenario())


@pytest.mark.parametrize("trouble", [says_no(2), unreachable, silent])
def test_the_next_bootstrap_is_asked_when_one_fails(trouble: Script) -> None:
    async def scenario() -> None:
        asking = Asking(trouble, knows())
        assert await asking.place.find() == ("192.0.2.1", "2001:db8::1")

    play(scenario())


@pytest.mark.parametrize("scripts", [(), (unreachable,), (silent,), (knows(v4=b"", v6=b""),)])
def test_a_name_that_nobody_knows_is_an_error(scripts: tuple[Script, ...]) -> None:
    async def scenario() -> None:
        with pytest.raises(UpstreamError, match=r"bootstrap finds no address of dns\.test"):
            await Asking(*scripts).place.find()

    play(scenario())


def test_closing_ends_what_is_being_looked_up() -> None:
    async def scenario() -> None:
        asking = Asking(silent)
        looking = spawn(asking.bootstrap.find(NAME), "look up")
        await asyncio.sleep(0.1)
        asking.bootstrap.close()
        with pytest.raises(UpstreamError):
            await looking

    play(scenario())
