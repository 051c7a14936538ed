"""Failed questions are not asked again at once, and are not held against the network for ever."""

from __future__ import annotations

from safedns.resolve.failures import HOLD_MAX, Failures
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


def test_when_the_network_is_back_only_what_nobody_answered_is_forgotten() -> None:
    failures = Failures()
    failures.add(b"silence", None, now=0.0)
    failures.add(b"servfail", failure_answer(question()), now=0.0)
    failures.forget_unanswered()
    assert failures.recent(b"silence", 0.0) is None
    assert failures.recent(b"servfail", 0.0) is not None


def test_it_is_bounded_and_the_oldest_goes_first() -> None:
    failures = Failures()
    for number in range(6000):
        failures.add(number.to_bytes(2), None, now=0.0)
    assert len(failures) == 5000
    assert failures.recent((0).to_bytes(2), 0.0) is None
    assert failures.recent((5999).to_bytes(2), 0.0) is not None
