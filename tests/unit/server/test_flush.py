"""When events leave for the recorder, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from safedns.server.flush import DELAY, MANY
from tests.unit.record.samples import event
from tests.unit.resolve.virtual import play
from tests.unit.server.scripted import Recording


@contextmanager
def recording(events: int) -> Iterator[Recording]:
    """With so many events that nobody has asked about yet."""
    made = Recording()
    made.sender.pending += [event(micros=number) for number in range(events)]
    try:
        yield made
    finally:
        made.close()


def test_a_few_events_leave_together_a_quarter_of_a_second_after_the_first() -> None:
    async def scenario() -> None:
        with recording(1) as made:
            made.flusher.due()
            await asyncio.sleep(DELAY * 0.6)
            made.sender.pending.append(event())
            made.flusher.due()
            assert (made.received(), len(made.sender.pending)) == (0, 2)
            await asyncio.sleep(DELAY * 0.6)
            assert made.received() > 0
            assert not made.sender.pending
            await asyncio.sleep(DELAY * 2)
            assert made.received() == 0  # the second event made no timer of its own

    play(scenario())


def test_many_events_leave_at_once() -> None:
    async def scenario() -> None:
        with recording(MANY) as made:
            made.flusher.due()
            assert made.received() > 0
            assert not made.sender.pending

    play(scenario())


def test_a_quiet_time_is_followed_by_another_timer() -> None:
    async def scenario() -> None:
        with recording(1) as made:
            for _ in range(3):
                made.flusher.due()
                await asyncio.sleep(DELAY * 1.1)
                assert made.received() > 0

    play(scenario())


def test_closing_sends_what_is_left_and_nothing_afterwards() -> None:
    async def scenario() -> None:
        with recording(1) as made:
            made.flusher.due()
            made.flusher.close()
            assert made.received() > 0
            await asyncio.sleep(DELAY * 2)
            assert made.received() == 0

    play(scenario())
