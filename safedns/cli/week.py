"""``safedns explain WHO [NAME] --week``: a week as a chart, half an hour a letter, and the minute of every change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import click

from safedns.cli.verdicts import iso
from safedns.policy.decision import Decision, ReasonKind
from safedns.policy.snapshot import Profile, Snapshot
from safedns.policy.timeline import INTERNET, State
from safedns.policy.week import SLOT, Day, week
from safedns.wire.names import key_of


class Cell(NamedTuple):
    """What a half hour shows."""

    letter: str
    words: str
    colour: str


OPEN = Cell(".", "open", "green")
SAFE = Cell("s", "in a safe mode", "cyan")
CLOSED = Cell("#", "closed", "red")
_BY_REASON = {
    ReasonKind.BEDTIME: Cell("b", "bedtime", "blue"),
    ReasonKind.HOMEWORK: Cell("h", "homework: learning only", "magenta"),
    ReasonKind.WINDOW: Cell("w", "closed at this time", "yellow"),
    ReasonKind.LIMIT: Cell("l", "a limit is used up", "yellow"),
    ReasonKind.OVERRIDE: Cell("p", "a parent closed something for now", "red"),
    ReasonKind.CLOCK: Cell("?", "not known", "white"),
}
PARTLY = Cell("-", "open, but for something", "yellow")
GRANTED = Cell("g", "granted by a parent", "green")


def chart(snapshot: Snapshot, profile: Profile, question: tuple[str, int] | None, now: float) -> list[str]:
    """The lines of the chart for a canonical name and type, or (``None``) for what time says to the whole internet."""
    days, width = list(_days(snapshot, profile, question, now)), 24 * 60 // SLOT
    hours = "".join(f"{hour:<{3 * 60 // SLOT}}" for hour in range(0, 24, 3))
    lines = [f"{'':12}{hours[:width]}"]
    for day in days:
        cells = "".join(click.style(cell.letter, fg=cell.colour) if cell else " " for cell in day.cells)
        changes = " ".join(f"{change:%H:%M}" for change in day.changes)
        lines.append(f"{day.day:%a %d %b}  {cells}  {changes}".rstrip())
    shown = dict.fromkeys(cell for day in days for cell in day.cells if cell is not None)
    return [*lines, "", "   ".join(f"{click.style(cell.letter, fg=cell.colour)} {cell.words}" for cell in shown)]


def chart_object(
    snapshot: Snapshot, profile: Profile, question: tuple[str, int] | None, now: float
) -> list[dict[str, Any]]:
    """The same for machines: ``[{day, changes: [{at, state}]}]``; each day begins with what holds at its midnight."""
    look = _look(snapshot, profile, question)
    found = []
    for day in _days(snapshot, profile, question, now):
        begin = datetime.combine(day.day, datetime.min.time(), profile.zone)
        instants = dict.fromkeys((begin.timestamp(), *(change.timestamp() for change in day.changes)))
        changes = [{"at": iso(instant, profile.zone), "state": look(instant).words} for instant in instants]
        found.append({"day": day.day.isoformat(), "changes": changes})
    return found


def _days(snapshot: Snapshot, profile: Profile, question: tuple[str, int] | None, now: float) -> Iterator[Day[Cell]]:
    first = datetime.fromtimestamp(now, profile.zone).date()
    look = _look(snapshot, profile, question)
    return week(first, profile.zone, look, lambda instant: snapshot.next_edge(profile, instant))


def _look(snapshot: Snapshot, profile: Profile, question: tuple[str, int] | None) -> Callable[[float], Cell]:
    if question is None:
        return lambda instant: _of_state(snapshot.state(profile, instant))
    name, qtype = question
    key = key_of(name)
    return lambda instant: _of_decision(snapshot.decide(profile, name, key, qtype, instant))


def _of_decision(decision: Decision) -> Cell:
    if decision.blocked:
        return _BY_REASON.get(decision.reason.kind, CLOSED)
    if decision.target:
        return SAFE
    return GRANTED if decision.reason.kind is ReasonKind.OVERRIDE else OPEN


def _of_state(state: State) -> Cell:
    """What closes most comes first."""
    if any(kind == "pause" for kind, _ in state.overrides):
        return _BY_REASON[ReasonKind.OVERRIDE]
    if state.time in ("bedtime", "homework", "clock"):
        return _BY_REASON[ReasonKind(state.time)]
    if any(INTERNET in what for _, what in state.closed):
        return _BY_REASON[ReasonKind.WINDOW]
    if INTERNET in state.used_up:
        return _BY_REASON[ReasonKind.LIMIT]
    if state.closed or state.used_up:
        return PARTLY
    return GRANTED if state.time == "granted" else OPEN
