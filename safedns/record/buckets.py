"""Histogram buckets: upper bounds in seconds as label strings, and the quick way from microseconds to a label.

The labels are the contract between whoever counts (pipeline, resolver) and ``safedns.metrics``, which sums them up.
"""

from __future__ import annotations

from bisect import bisect_left

INFINITE = "+Inf"

LATENCY_BUCKETS = (
    "0.0001", "0.0005", "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", INFINITE,
)  # fmt: skip
"""How long one query took, from reading it to handing over the reply."""

UPSTREAM_BUCKETS = ("0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", INFINITE)
"""How long one upstream took to answer."""


def bounds_micros(labels: tuple[str, ...]) -> tuple[int, ...]:
    """The finite upper bounds of ``labels`` in microseconds, ascending."""
    return tuple(round(float(label) * 1_000_000) for label in labels if label != INFINITE)


LATENCY_BOUNDS = bounds_micros(LATENCY_BUCKETS)
"""For hot loops that keep one counter cell a bucket: ``cells[bisect_left(LATENCY_BOUNDS, micros)]``."""


def bucket_of(micros: int) -> str:
    """Label of the ``LATENCY_BUCKETS`` bucket for ``micros`` microseconds; a bound belongs to its own bucket."""
    return LATENCY_BUCKETS[bisect_left(LATENCY_BOUNDS, micros)]
