"""Which minutes count as used: the ones in which something was asked, and short gaps between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.record.minutes import BRIDGE, Span, join, minutes_within

MINUTES = st.sets(st.integers(0, 120), max_size=40)


def spans(minutes: set[int]) -> list[Span]:
    return [(minute, minute) for minute in minutes]


def naive(minutes: set[int], fences: set[int]) -> set[int]:
    """Every minute that counts, found one by one."""
    counted = set(minutes)
    for left in minutes:
        right = min((minute for minute in minutes if minute > left), default=left)
        if right - left - 1 <= BRIDGE and not fences & set(range(left + 1, right + 1)):
            counted |= set(range(left, right))
    return counted


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (set(), []),
        ({7}, [(7, 7)]),
        ({7, 8, 9}, [(7, 9)]),
        ({7, 7 + BRIDGE + 1}, [(7, 7 + BRIDGE + 1)]),
        ({7, 7 + BRIDGE + 2}, [(7, 7), (7 + BRIDGE + 2, 7 + BRIDGE + 2)]),
    ],
)
def test_a_gap_of_five_idle_minutes_is_bridged_and_one_of_six_is_not(minutes: set[int], expected: list[Span]) -> None:
    assert BRIDGE == 5
    assert join(spans(minutes)) == expected


def test_a_fence_is_not_bridged_for_what_was_given_must_not_be_burnt_by_the_wait() -> None:
    assert join(spans({10, 14}), {13}) == [(10, 10), (14, 14)]
    assert join(spans({10, 14}), {14}) == [(10, 10), (14, 14)]
    assert join(spans({10, 14}), {10, 15}) == [(10, 14)]
    assert join([(10, 14)], {12}) == [(10, 14)], "what was used stays used"


@given(MINUTES, st.sets(st.integers(0, 120), max_size=4))
def test_spans_hold_exactly_the_minutes_that_a_naive_count_finds(minutes: set[int], fences: set[int]) -> None:
    found = join(spans(minutes), fences)
    assert {minute for first, last in found for minute in range(first, last + 1)} == naive(minutes, fences)
    assert found == sorted(found)


@given(MINUTES, MINUTES, st.sets(st.integers(0, 120), max_size=4))
def test_it_makes_no_difference_in_which_parts_minutes_come(one: set[int], two: set[int], fences: set[int]) -> None:
    assert join([*join(spans(one), fences), *spans(two)], fences) == join(spans(one | two), fences)


@pytest.mark.parametrize(
    ("span", "expected"),
    [((8, 9), 0), ((8, 10), 1), ((10, 10), 1), ((5, 30), 10), ((12, 15), 4), ((19, 22), 1), ((20, 22), 0)],
)
def test_of_a_span_that_passes_midnight_each_day_has_its_own_minutes(span: Span, expected: int) -> None:
    assert minutes_within(span, 10, 20) == expected
