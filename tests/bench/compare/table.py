"""Turns samples into tables: medians with their spread, as aligned text or Markdown. Pure."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MEMORY = "memory MiB"
START = "start s"
IDLE = "idle ms/s"

_TITLE = "CPU microseconds a query, all processes of a system together; median of the rounds (least-most)"
_OTHER_TITLE = (
    "Memory after the load (PSS, all processes), time from start to the first filtered answer, CPU while nobody asks"
)
_SPEED_TITLE = "Answers a second at full speed; the load has the same cores, so read it with care"


Samples = defaultdict[tuple[str, str], list[float]]
"""(system, column) -> one value a round."""


@dataclass(slots=True)
class Result:
    """All that one run found out."""

    systems: Sequence[str]
    workloads: Sequence[str]
    cpu: Samples = field(default_factory=lambda: defaultdict(list))
    """Microseconds a query by workload."""
    other: Samples = field(default_factory=lambda: defaultdict(list))
    """By ``MEMORY``, ``START`` and ``IDLE``."""
    speed: Samples = field(default_factory=lambda: defaultdict(list))
    """Answers a second, for workloads at full speed."""
    facts: list[str] = field(default_factory=list)
    """How it was measured: machine, versions, load."""
    remarks: list[str] = field(default_factory=list)
    """What went wrong or looks odd; a reader must see these."""
    failed: set[str] = field(default_factory=set)
    """Systems that fell out."""

    def remark(self, text: str) -> None:
        """Keep a remark, once however often it is made."""
        if text not in self.remarks:
            self.remarks.append(text)

    def fail(self, system: str, why: str) -> None:
        """Leave ``system`` out from now on."""
        self.failed.add(system)
        self.remark(f"{system} failed: {why}")


def cell(values: Sequence[float], digits: int) -> str:
    """The median, and behind it the least and the most; a dash where nothing was measured."""
    if not values:
        return "-"
    middle = f"{statistics.median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def rows(
    systems: Sequence[str],
    columns: Mapping[str, int],
    samples: Mapping[tuple[str, str], Sequence[float]],
) -> list[list[str]]:
    """A table's cells, its header first; ``columns`` gives each column's digits after the point."""
    body = [
        [system, *(cell(samples.get((system, column), ()), digits) for column, digits in columns.items())]
        for system in systems
    ]
    return [["system", *columns], *body]


def as_text(table: Sequence[Sequence[str]]) -> str:
    """Aligned columns, the first to the left."""
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    )


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    heading, *body = table
    rule = ["---", *("---:" for _ in heading[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heading, rule, *body))


def render(result: Result, *, markdown: bool) -> str:
    """The whole report."""
    fast = dict.fromkeys((work for _, work in result.speed), 0)
    tables = [
        (_TITLE, rows(result.systems, dict.fromkeys(result.workloads, 1), result.cpu)),
        (_OTHER_TITLE, rows(result.systems, {MEMORY: 0, START: 2, IDLE: 1}, result.other)),
        *([(_SPEED_TITLE, rows(result.systems, fast, result.speed))] if fast else ()),
    ]
    parts = [f"{title}:\n\n{as_markdown(table) if markdown else as_text(table)}" for title, table in tables]
    remarks = [f"**Note:** {remark}" if markdown else f"NOTE: {remark}" for remark in result.remarks]
    parts.append("\n".join(f"- {line}" if markdown else line for line in (*result.facts, *remarks)))
    return "\n\n".join(parts)
