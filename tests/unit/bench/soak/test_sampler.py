"""Samples of a process, and the line through them."""

from __future__ import annotations

import os

import pytest

from tests.bench.soak.sampler import look, slope


def test_a_slope_is_growth_an_hour() -> None:
    assert slope([(0.0, 10.0), (1800.0, 11.0), (3600.0, 12.0)]) == pytest.approx(2.0)
    assert slope([(0.0, 10.0)]) == 0.0
    assert slope([]) == 0.0


def test_a_process_is_looked_at_and_one_that_has_ended_is_not() -> None:
    sample = look(os.getpid())
    assert sample is not None
    assert sample.rss >= sample.pss > 1
    assert sample.descriptors >= 3
    assert sample.cpu > 0
    assert look(2**22 + 1) is None
