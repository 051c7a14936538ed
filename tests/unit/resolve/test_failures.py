"""Failed questions are not asked again at once, and are not held against the network for ever."""

from __future__ import annotations

import pytest

from safedns.resolve.failures import HOLD_MAX, Failures, is_over
from safedns.wire.answer import Answer
from tests.unit.resolve.values import failure_answer, question

KEY = b"key"


def test_a_failure_holds_for_a_second() -> None:
    failures = Failures()
    failures.add(KEY, None, now=10.0)
    assert failures.recent(KEY, 10.9) is not None
    assert failures.recent(KEY, 11.0) is None


def test_failing_again_and_again_holds_twice_as_long_each_time_up_to_the_limit() -> None:
    failures = Failures()
    now = 0.0
    holds = []
    for _ in range(7):
        failures.add(KEY, None, now)
        failure = failures.recent(KEY, now)
        assert failure is not None
        holds.append(failure.hold)
        now = failure.until
    assert holds == [1, 2, 4, 8, 16, HOLD_MAX, HOLD_MAX]


def test_a_failure_of_long_ago_starts_from_the_beginning() -> None:
    failures = Failures()
    failures.add(KEY, None, now=0.0)
    failures.add(KEY, None, now=1.0)
    failures.add(KEY, None, now=100.0)
    assert failures.recent(KEY, 101.0) is None


def test_what_the_upstream_said_is_kept() -> None:
    failures = Failures()
    said = failure_answer(question())
    failures.add(KEY, said, now=0.0)
    failure = failures.recent(KEY, 0.5)
    assert failure is not None
    assert failure.answer is said


def test_an_answered_question_is_forgotten() -> None:
    failures = Failures()
    failures.add(KEY, None, now=0.0)
    failures.forget(KEY)
    assert failures.recent(KEY, 0.0) is None


def is_held(failures: Failures, heard: float, now: float) -> bool:
    failure = failures.recent(KEY, now)
    return failure is not None and not is_over(failure, heard, now)


def fail(*attempts: tuple[float, float], answer: Answer | None = None) -> Failures:
    """One attempt after another, each of 4 s: when it began, when the upstream had last answered anybody."""
    failures = Failures()
    for began, heard in attempts:
        failures.add(KEY, answer, began + 4, began=began, heard=heard)
    return failures


def test_what_nobody_answered_in_an_outage_is_held_until_it_is_over_but_for_a_second_at_least() -> None:
    failures = fail((10, 9), (20, 9), (30, 9))  # held for 4 s, until 38
    assert is_held(failures, heard=9, now=37.9)
    assert is_held(failures, heard=34.1, now=34.9)
    assert not is_held(failures, heard=34.1, now=35)


@pytest.mark.parametrize("heard", [10.0, 12.0, 14.5, 21.0])
def test_what_nobody_answered_while_others_got_answers_is_held_whoever_gets_one(heard: float) -> None:
    assert is_held(fail((10, 9), (20, heard)), heard=24.5, now=25.9)


def test_a_failure_at_the_very_start_of_an_outage_is_not_held_against_the_name_for_long() -> None:
    failures = fail((10, 10.1), (20, 10.1), (30, 10.1))
    assert not is_held(failures, heard=34.1, now=35)


def test_what_an_upstream_has_said_is_no_outage() -> None:
    assert is_held(fail((10, 9), (20, 9), answer=failure_answer(question())), heard=24.1, now=25.5)


def test_it_is_bounded_and_the_oldest_goes_first() -> None:
    failures = Failures()
    for number in range(6000):
        failures.add(number.to_bytes(2), None, now=0.0)
    assert len(failures) == 5000
    assert failures.recent((0).to_bytes(2), 0.0) is None
    assert failures.recent((5999).to_bytes(2), 0.0) is not None
