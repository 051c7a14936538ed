"""Everything is looked at for garbage when nobody asks, and at the start; never in the middle of answers."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from safedns.app.garbage import EVERY, QUIET, THRESHOLDS, Garbage
from tests.fakes import FakeClock


class Processor:
    """A process that uses as much of its processor as the test says."""

    def __init__(self) -> None:
        self.used = 0.0

    def __call__(self) -> float:
        return self.used


class Cycle:
    """Something that only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def the_collector_as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def processor() -> Processor:
    return Processor()


@pytest.fixture
def garbage(clock: FakeClock, processor: Processor) -> Garbage:
    garbage = Garbage(clock, processor)
    garbage.loaded()
    return garbage


def test_what_was_loaded_at_the_start_is_never_looked_at_again(garbage: Garbage) -> None:
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == THRESHOLDS


def test_a_quiet_second_is_used_once_it_is_time(garbage: Garbage, clock: FakeClock) -> None:
    lost = weakref.ref(Cycle())
    clock.advance(EVERY - 1)
    assert not garbage.look()
    clock.advance(1)
    assert garbage.look()
    assert lost() is None
    assert not garbage.look()


def test_nothing_is_looked_at_while_answers_are_made(garbage: Garbage, clock: FakeClock, processor: Processor) -> None:
    clock.advance(EVERY)
    for _ in range(3):
        processor.used += 2 * QUIET
        assert not garbage.look()
    assert garbage.look()


def test_after_a_reload_the_next_quiet_second_is_used(garbage: Garbage, processor: Processor) -> None:
    garbage.loaded()
    processor.used += 2 * QUIET
    assert not garbage.look()
    assert garbage.look()
    assert not garbage.look()
