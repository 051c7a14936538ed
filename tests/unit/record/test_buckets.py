"""Histogram buckets: labels, bounds, and agreement with those who count without importing them."""

from __future__ import annotations

import pytest

from safedns.record.buckets import LATENCY_BUCKETS, UPSTREAM_BUCKETS, Latencies, bounds_micros
from safedns.record.counters import Counters
from safedns.resolve import counting


@pytest.mark.parametrize(
    ("micros", "label"),
    [(0, "0.0001"), (100, "0.0001"), (101, "0.0005"), (25_000, "0.025"), (2_500_000, "2.5"), (2_500_001, "+Inf")],
)
def test_a_latency_falls_into_the_bucket_whose_bound_it_does_not_exceed(micros: int, label: str) -> None:
    counters = Counters()
    Latencies(counters).add(micros, 3)
    assert counters.total("latency", label) == 3
    assert counters.total("latency_micros") == 3 * micros


@pytest.mark.parametrize("labels", [LATENCY_BUCKETS, UPSTREAM_BUCKETS])
def test_bounds_ascend_and_end_with_infinity(labels: tuple[str, ...]) -> None:
    bounds = bounds_micros(labels)
    assert list(bounds) == sorted(set(bounds))
    assert labels[-1] == "+Inf"
    assert len(bounds) == len(labels) - 1


def test_the_resolver_counts_with_the_very_same_upstream_labels() -> None:
    assert counting.LATENCY_LABELS == UPSTREAM_BUCKETS
