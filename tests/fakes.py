"""Fakes that stand in for the outside world in tests: time that moves when told."""

from __future__ import annotations


class FakeClock:
    """A ``Clock`` that moves only when a test says so."""

    def __init__(self, wall: float = 1_795_000_000.0) -> None:
        self._wall = wall
        self._monotonic = 1000.0

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass on both clocks."""
        self._wall += seconds
        self._monotonic += seconds

    def jump(self, wall: float) -> None:
        """Set the wall clock, as a time server does; the monotonic clock does not notice."""
        self._wall = wall
