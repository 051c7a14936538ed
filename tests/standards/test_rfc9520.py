"""RFC 9520: Negative caching of DNS resolution failures"""

from __future__ import annotations

import dns.rcode
import pytest

from safedns.errors import UpstreamError
from tests.house import House
from tests.unit.resolve import house as resolving_house
from tests.unit.resolve.virtual import play

NAME = "failing.example.com"


@pytest.mark.rfc(9520, "3.1")
@pytest.mark.parametrize("alone", [True, False])
def test_section_3_1_a_server_that_is_silent_is_asked_three_times_at_most(*, alone: bool) -> None:
    """A query is sent to a server over a transport three times at most before the server counts as unresponsive."""

    async def scenario() -> None:
        silent = resolving_house.silent
        resolving = resolving_house.House(one=silent) if alone else resolving_house.House(one=silent, two=silent)
        assert isinstance(await resolving.ask(), UpstreamError)
        assert all(1 < times <= 3 for times in resolving.asked().values())

    play(scenario())


@pytest.mark.rfc(9520, "3.2")
@pytest.mark.parametrize("said", ["SERVFAIL", "SILENT"])
async def test_section_3_2_a_failure_is_remembered_for_at_least_a_second(house: House, said: str) -> None:
    """Failures are cached for 1 second at least, be they said or be nobody there to say anything."""
    house.table[f"{NAME} A"] = [said]
    assert (await house.ask(NAME)).rcode() == dns.rcode.SERVFAIL
    house.clock.advance(0.9)
    assert (await house.ask(NAME)).rcode() == dns.rcode.SERVFAIL
    assert len(house.asked) == 1


@pytest.mark.rfc(9520, "3.2")
@pytest.mark.parametrize("said", ["SERVFAIL", "SILENT"])
async def test_section_3_2_that_others_are_answered_meanwhile_does_not_shorten_it(house: House, said: str) -> None:
    """A failure is remembered for that second though other questions are answered in it."""
    house.table[f"{NAME} A"] = [said]
    await house.ask(NAME)
    await house.ask("www.example.com")
    house.clock.advance(0.9)
    await house.ask(NAME)
    assert [asked.name for asked in house.asked].count(NAME) == 1


@pytest.mark.rfc(9520, "3.2")
async def test_section_3_2_and_for_five_minutes_at_most_however_often_it_fails(house: House) -> None:
    """Failures may be held longer each time, but never for more than 5 minutes."""
    for _ in range(12):
        before = len(house.asked)
        house.clock.advance(300)
        await house.ask(NAME)
        assert len(house.asked) == before + 1
