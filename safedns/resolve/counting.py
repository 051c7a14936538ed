"""What resolution counts, and where: the seam to the counters, and one upstream's own cells.

The counters themselves belong to the recorder's side of the house; resolution only needs cells to bump and a
dictionary of gauges to set. No metric text here: names and help live with the metrics reader.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Protocol

LATENCY_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds, seconds, of the latency histogram."""

LATENCY_LABELS = ("0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")


class Counters(Protocol):
    """Plain integer cells by key, and gauges by key."""

    @property
    def gauges(self) -> dict[tuple[str, ...], float]: ...

    def cell(self, *key: str) -> list[int]:
        """The one-element list that counts ``key``; the same list every time."""
        ...


class UpstreamMeter:
    """The cells of one upstream; latency buckets are not cumulative."""

    __slots__ = ("_buckets", "_micros", "answers", "errors", "mismatches", "refusals", "tcp", "timeouts")

    def __init__(self, counters: Counters, name: str) -> None:
        self.answers = counters.cell("upstream_queries", name, "answer")
        self.timeouts = counters.cell("upstream_queries", name, "timeout")
        self.errors = counters.cell("upstream_queries", name, "error")
        self.refusals = counters.cell("upstream_queries", name, "refused")
        self.mismatches = counters.cell("upstream_queries", name, "mismatch")
        self.tcp = counters.cell("upstream_queries", name, "tcp")
        self._buckets = [counters.cell("upstream_latency", name, label) for label in LATENCY_LABELS]
        self._micros = counters.cell("upstream_latency_micros", name)

    def answered(self, seconds: float) -> None:
        """Count one answer that took ``seconds``."""
        self.answers[0] += 1
        self._micros[0] += int(seconds * 1e6)
        self._buckets[bisect_left(LATENCY_BOUNDS, seconds)][0] += 1
