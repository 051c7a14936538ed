"""What is counted of one upstream."""

from __future__ import annotations

import pytest

from safedns.resolve.counting import LATENCY_BOUNDS, LATENCY_LABELS, UpstreamMeter
from tests.unit.resolve.values import FakeCounters


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, "0.001"), (0.001, "0.001"), (0.0011, "0.005"), (0.3, "0.5"), (1.0, "1"), (2.5, "2.5"), (2.6, "+Inf")],
)
def test_an_answer_falls_into_one_bucket_by_upper_bound(seconds: float, bucket: str) -> None:
    counters = FakeCounters()
    UpstreamMeter(counters, "one").answered(seconds)
    filled = [label for label in LATENCY_LABELS if counters["upstream_latency", "one", label]]
    assert filled == [bucket]
    assert counters["upstream_latency_micros", "one"] == int(seconds * 1e6)
    assert counters["upstream_queries", "one", "answer"] == 1


def test_labels_are_the_bounds_and_infinity() -> None:
    assert [float(label) for label in LATENCY_LABELS] == [*LATENCY_BOUNDS, float("inf")]
