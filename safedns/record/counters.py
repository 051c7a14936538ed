"""Plain integer counters of one resolver process. Increments cost one list access; deltas leave with the events.

A counter is named by a tuple of strings, the metric's key first, then its label values: ``("queries", "binh",
"blocked", "service", "udp")``. Which keys exist, and what they mean, is one table in ``safedns.metrics``.
"""

from __future__ import annotations

Key = tuple[str, ...]
Cell = list[int]


class Counters:
    """Cells that components keep and bump (``cell[0] += 1``), and gauges that are set."""

    __slots__ = ("_cells", "_drained", "gauges")

    def __init__(self) -> None:
        self._cells: dict[Key, Cell] = {}
        self._drained: dict[Key, int] = {}
        self.gauges: dict[Key, float] = {}
        """Last value of what goes up and down; sent whole."""

    def cell(self, *key: str) -> Cell:
        """The one-element list that counts ``key``; the same list for the same key, for ever."""
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = [0]
        return found

    def drain(self) -> dict[Key, int]:
        """What was counted since the last drain, without zeros; starts again at nought."""
        deltas: dict[Key, int] = {}
        for key, cell in self._cells.items():
            if cell[0]:
                deltas[key] = cell[0]
                self._drained[key] = self._drained.get(key, 0) + cell[0]
                cell[0] = 0
        return deltas

    def total(self, *key: str) -> int:
        """What was counted under ``key`` since the start, drained or not."""
        return self._drained.get(key, 0) + self.cell(*key)[0]
