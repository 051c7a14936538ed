"""Percentiles of answer times, and the tables of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.bench.compare.table import as_markdown, as_text
from tests.bench.latency.load import ANSWER_WITHIN, Load

SHARES = (0.5, 0.99, 0.999, 1.0)
TOO_LATE = 500.0
"""Microseconds."""
QUIET = "quiet"
COMPILE = "lists compile"
COMPILE_AND_READ = "lists compile, log read"
SITUATIONS = (QUIET, COMPILE, COMPILE_AND_READ)


class Case(NamedTuple):
    """One measurement."""

    rate: int
    """Queries a second."""
    system: str
    path: str
    situation: str


def percentile(micros: Sequence[float], lost: int, share: float) -> float:
    """The time within which ``share`` of all queries were answered (nearest rank); infinite if it is not reached."""
    rank = max(1, math.ceil(share * (len(micros) + lost)))
    return sorted(micros)[rank - 1] if rank <= len(micros) else math.inf


def cell(load: Load) -> str:
    """Milliseconds: median, 99 %, 99.9 %, the longest."""
    return " / ".join(_milliseconds(percentile(load.micros, load.lost, share)) for share in SHARES)


def _milliseconds(micros: float) -> str:
    return f"{micros / 1000:.2f}" if micros < math.inf else f">{ANSWER_WITHIN * 1000:.0f}"


def rows(loads: Mapping[Case, Load], rate: int) -> list[list[str]]:
    """The cells of the table for one rate, its header first."""
    lines = dict.fromkeys((case.system, case.path) for case in loads if case.rate == rate)
    body = [
        [
            f"{system}, {path}",
            *(
                cell(loads[case]) if (case := Case(rate, system, path, situation)) in loads else "-"
                for situation in SITUATIONS
            ),
        ]
        for system, path in lines
    ]
    return [["answers", *SITUATIONS], *body]


def added(loads: Mapping[Case, Load]) -> list[str]:
    """By how much the other work moves the 99th percentile of cached answers, where both are known."""
    told = []
    for case, busy in loads.items():
        quiet = loads.get(case._replace(situation=QUIET))
        if case.path == "cached" and case.situation == COMPILE_AND_READ and quiet is not None:
            slower = percentile(busy.micros, busy.lost, 0.99) - percentile(quiet.micros, quiet.lost, 0.99)
            if math.isfinite(slower):
                asked = f"{case.system}, cached at {case.rate} a second"
                told.append(f"{asked}: the other work adds {slower / 1000:.2f} ms to the 99 %")
    return told


def overdue(loads: Mapping[Case, Load]) -> list[str]:
    """A remark where the load itself was so late that the times are not the systems' alone."""
    late = [micros for load in loads.values() for micros in load.late]
    if not late or percentile(late, 0, 0.99) < TOO_LATE:
        return []
    return ["the load itself had to wait for the processor, so the times are too long; run it as root"]


def lateness(loads: Mapping[Case, Load]) -> list[str]:
    """How far the load itself is behind the times: a part of them."""
    late = [micros for load in loads.values() for micros in load.late]
    if not late:
        return []
    parts = ", ".join(f"{share:.1%} {_milliseconds(percentile(late, 0, share))}" for share in SHARES)
    order = "before everything else" if all(load.first for load in loads.values()) else "like any other program"
    return [f"the load ran {order}; it sent this many ms late, which the times include: {parts}"]


def render(loads: Mapping[Case, Load], facts: Sequence[str], remarks: Sequence[str], *, markdown: bool) -> str:
    """The whole report."""
    shape = as_markdown if markdown else as_text
    parts = [
        f"Milliseconds to an answer at {rate} queries a second (median / 99 % / 99.9 % / longest):\n\n"
        f"{shape(rows(loads, rate))}"
        for rate in dict.fromkeys(case.rate for case in loads)
    ]
    notes = [f"**Note:** {remark}" if markdown else f"NOTE: {remark}" for remark in (*remarks, *overdue(loads))]
    lines = (*facts, *added(loads), *lateness(loads), *notes)
    return "\n\n".join([*parts, "\n".join(f"- {line}" if markdown else line for line in lines)])
