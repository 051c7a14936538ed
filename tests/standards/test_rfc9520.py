"""RFC 9520: Negative caching of DNS resolution failures"""

from __future__ import annotations

import asyncio

import dns.rcode
import pytest

from tests.house import House

NAME = "failing.example.com"


@pytest.mark.rfc(9520, "3.1")
async def test_section_3_1_who_asks_at_the_same_time_shares_one_attempt(house: House) -> None:
    """Resolvers limit how often they try: many who ask the same at once cause one question."""
    await asyncio.gather(*(house.ask(NAME, change=lambda query: query.use_edns(0)) for _ in range(20)))
    assert len(house.asked) == 1


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


@pytest.mark.rfc(9520, "3.2")
async def test_section_3_2_a_failure_concerns_its_own_question_only(house: House) -> None:
    """That one question failed does not keep another from being asked."""
    await house.ask(NAME)
    assert (await house.ask("www.example.com")).answer
