"""Histogram buckets: upper bounds in seconds as label strings, and the quick way to count what one query took.

The labels are the contract between whoever counts (pipeline, resolver) and ``safedns.metrics``, which sums them up.
"""

from __future__ import annotations

from bisect import bisect_left

from safedns.record.counters import Counters

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


_LATENCY_BOUNDS = bounds_micros(LATENCY_BUCKETS)


class Latencies:
    """Counts how long queries took. It keeps the cells, for it is asked once a query."""

    __slots__ = ("_cells", "_micros")

    def __init__(self, counters: Counters) -> None:
        self._cells = [counters.cell("latency", label) for label in LATENCY_BUCKETS]
        self._micros = counters.cell("latency_micros")

    def add(self, micros: int, queries: int = 1) -> None:
        """``queries`` took ``micros`` microseconds each; a bound belongs to its own bucket."""
        self._cells[bisect_left(_LATENCY_BOUNDS, micros)][0] += queries
        self._micros[0] += micros * queries
