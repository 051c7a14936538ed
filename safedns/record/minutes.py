"""Minutes of use as spans: which gaps are bridged, and how much of a span lies in a day. Pure.

A minute counts when something was asked in it; between two such minutes at most ``BRIDGE`` idle ones count as well, for
who watches or plays asks only now and then. A fence (a minute in which a parent gave extra time) is never bridged:
what was given must not be burnt by the wait for it.

::

    asked      |x . . x . . . . . . x x|        BRIDGE = 5
    spans      [-------]           [---]
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

BRIDGE = 5
"""Idle minutes between two active ones that count as used."""

Span = tuple[int, int]
"""First and last minute since the epoch, both included."""


def join(spans: Iterable[Span], fences: Collection[int] = ()) -> list[Span]:
    """The union of ``spans`` in order, gaps bridged; ``fences``: minutes that no bridge may lead into or over."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and (first <= joined[-1][1] or _bridged(joined[-1][1], first, fences)):
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def minutes_within(span: Span, start: int, end: int) -> int:
    """How many minutes of ``span`` lie in ``start`` ... ``end`` (half-open)."""
    return max(0, min(span[1] + 1, end) - max(span[0], start))


def _bridged(last: int, first: int, fences: Collection[int]) -> bool:
    return first - last - 1 <= BRIDGE and not any(last < fence <= first for fence in fences)
