"""Counters: deltas leave, totals stay."""

from __future__ import annotations

from safedns.record.counters import Counters


def test_a_total_holds_on_over_drains() -> None:
    counters = Counters()
    cell = counters.cell("cache", "hit")
    cell[0] += 2
    assert counters.drain() == {("cache", "hit"): 2}
    cell[0] += 1
    assert counters.total("cache", "hit") == 3
    assert counters.total("cache", "miss") == 0
