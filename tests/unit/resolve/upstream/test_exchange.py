"""An exchange has one carrier at a time, which is released exactly once however the exchange ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange
from safedns.wire.answer import Answer
from tests.unit.resolve.values import address_answer, question


class CountingCarrier:
    """A carrier that counts what it is told to drop."""

    def __init__(self) -> None:
        self.dropped: list[Exchange] = []

    def drop(self, exchange: Exchange) -> None:
        self.dropped.append(exchange)


Outcomes = list[Answer | UpstreamError]


def carried() -> tuple[Exchange, CountingCarrier, Outcomes]:
    told: Outcomes = []
    exchange, carrier = Exchange(question(), told.append), CountingCarrier()
    exchange.carrier = carrier
    return exchange, carrier, told


def answer(exchange: Exchange) -> None:
    exchange.answer(address_answer(exchange.query))


def fail(exchange: Exchange) -> None:
    exchange.fail(UpstreamError("no"))


def cancel(exchange: Exchange) -> None:
    exchange.cancel()


ENDS = [answer, fail, cancel]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("again", ENDS)
async def test_the_first_end_counts_and_the_carrier_is_released_once(
    end: Callable[[Exchange], None], again: Callable[[Exchange], None]
) -> None:
    exchange, carrier, told = carried()
    end(exchange)
    first = list(told)
    again(exchange)
    assert told == first
    assert len(told) == (0 if end is cancel else 1)
    assert not exchange.open
    assert carrier.dropped == [exchange]


async def test_handing_over_releases_the_old_carrier_before_the_new_one_takes_it() -> None:
    exchange, old, _ = carried()
    new = CountingCarrier()

    def take(taken: Exchange) -> None:
        assert old.dropped == [taken]
        taken.carrier = new

    exchange.hand_over(take)
    answer(exchange)
    assert (len(old.dropped), len(new.dropped)) == (1, 1)
