"""RFC 9520: Negative caching of DNS resolution failures"""

from __future__ import annotations

import dns.rcode
import pytest

from safedns.errors import UpstreamError
from tests import house as household
from tests.unit.resolve.house import House, silent
from tests.unit.resolve.virtual import play

NAME = "failing.example.com"


@pytest.mark.rfc(9520, "3.1")
@pytest.mark.parametrize("alone", [True, False])
def test_section_3_1_a_server_that_is_silent_is_asked_three_times_at_most(*, alone: bool) -> None:
    """A query is sent to a server over a transport three times at most before the server counts as unresponsive."""

    async def scenario() -> None:
        resolving = House(one=silent) if alone else House(one=silent, two=silent)
        assert isinstance(await resolving.ask(), UpstreamError)
        assert all(1 < times <= 3 for times in resolving.asked().values())

    play(scenario())


@pytest.mark.rfc(9520, "3.2")
@pytest.mark.parametrize("said", ["SERVFAIL", "SILENT"])
async def test_section_3_2_a_failure_is_remembered_for_at_least_a_second(house: household.House, said: str) -> None:
    """Failures are cached for 1 second at least, be they said or be nobody there to say anything."""
    house.table[f"{NAME} A"] = [said]
    assert (await house.ask(NAME)).rcode() == dns.rcode.SERVFAIL
    house.clock.advance(0.9)
    assert (await house.ask(NAME)).rcode() == dns.rcode.SERVFAIL
    assert len(house.asked) == 1


@pytest.mark.rfc(9520, "3.2")
async def test_section_3_2_and_for_five_minutes_at_most_however_often_it_fails(house: household.House) -> None:
    """Failures may be held longer each time, but never for more than 5 minutes."""
    for _ in range(12):
        before = len(house.asked)
        house.clock.advance(300)
        await house.ask(NAME)
        assert len(house.asked) == before + 1
