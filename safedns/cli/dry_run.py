"""``safedns dry-run FILE``: what an edited family.yaml would have done to the queries of the log.

Works without the daemon and changes nothing. Each logged query is put to the rules in force and to the new ones, as of
the moment when it was asked; told is where the two differ. Left out on both sides: overrides, used-up limits, and what
the answers led to. ``--json`` prints one object:

    queries    how many were looked at
    different  how many would have been answered otherwise
    changes    [{profile, name, before, after, times, first, last}], the most frequent first; ``profile`` is whose the
               device is by the new rules; ``before`` and ``after`` are {outcome, target, ede, reason} as in ``explain``
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from safedns.cli.common import config_option, say, state_option
from safedns.cli.moments import parse_moment
from safedns.cli.sightings import evidence_in_log
from safedns.cli.table import Table
from safedns.cli.times import Times
from safedns.cli.verdicts import iso, lists_of, outcome_fields, outcome_words, why_words
from safedns.clock import SystemClock
from safedns.policy.decision import Decision
from safedns.policy.household import load_household
from safedns.record.schema import QUERY_LOG
from safedns.record.store import LogFilter, LogRow, QueryLog
from safedns.wire.names import display, key_of

HEADINGS = ("who", "name", "was", "would be", "times", "last")
SHOWN = 50


@dataclass(slots=True)
class Change:
    """Queries of one profile for one name whose outcome would be another."""

    profile: str
    name: str
    before: Decision
    after: Decision
    times: int
    first: float
    last: float


class Comparison:
    """Two sets of rules put to the same queries."""

    def __init__(self, before: Times, after: Times) -> None:
        self.queries = 0
        self.different = 0
        self._before, self._after = before, after
        self._changes: dict[tuple[object, ...], Change] = {}
        self._key = lru_cache(maxsize=50_000)(key_of)

    @property
    def changes(self) -> list[Change]:
        """The most frequent first."""
        return sorted(self._changes.values(), key=lambda change: (-change.times, change.profile, change.name))

    def add(self, row: LogRow) -> None:
        """Judge one logged query twice."""
        self.queries += 1
        _, before = self._judge(self._before, row)
        profile, after = self._judge(self._after, row)
        if (before.action, before.target) == (after.action, after.target):
            return
        self.different += 1
        which = (profile, row.name, before.reason, after.reason, before.action, after.action)
        change = self._changes.setdefault(which, Change(profile, row.name, before, after, 0, row.at, row.at))
        change.times += 1
        change.first, change.last = min(change.first, row.at), max(change.last, row.at)

    def _judge(self, times: Times, row: LogRow) -> tuple[str, Decision]:
        snapshot = times.snapshot(row.at)
        profile = snapshot.identify(evidence_in_log(row.client, row.device)).profile
        return profile.name, snapshot.decide(profile, row.name, self._key(row.name), row.qtype, row.at)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", default="1d", show_default=True, metavar="T", help="30m, 2h, 1d or '2026-11-23 21:30'.")
@click.option("--until", metavar="T", help="Likewise; not included.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object with every change.")
@config_option
@state_option
def command(*, file: Path, since: str, until: str | None, as_json: bool, config: Path, state: Path) -> None:
    """What FILE, an edited copy of family.yaml, would have done to the queries of the log.

    Exit 0, whatever would be different; 1 without a log; 2 for a FILE with mistakes.
    """
    now_in_force, edited = load_household(config), load_household(config, family=file)
    for warning in edited.warnings:
        say(f"warning: {warning}")
    library = lists_of(now_in_force, config, state)
    before, after = Times(now_in_force, library), Times(edited, library)
    wanted = LogFilter(since=_moment("--since", since, before.zone), until=_moment("--until", until, before.zone))
    comparison = Comparison(before, after)
    with QueryLog(state / QUERY_LOG.name, display) as log:
        for row in log.search(wanted):
            if row.source != "local":
                comparison.add(row)
    if as_json:
        click.echo(json.dumps(_object(comparison, before.zone), ensure_ascii=False, indent=2))
    else:
        _show(comparison, before.zone)


def _moment(option: str, text: str | None, zone: tzinfo) -> float | None:
    if text is None:
        return None
    try:
        return parse_moment(text, SystemClock.wall(), zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _show(comparison: Comparison, zone: tzinfo) -> None:
    changes = comparison.changes
    for line in Table(HEADINGS).render([(_cells(change, zone), _colour(change)) for change in changes[:SHOWN]]):
        click.echo(line)
    if len(changes) > SHOWN:
        say(f"and {len(changes) - SHOWN} more lines; --json shows all")
    say(f"{comparison.different} of {comparison.queries} logged queries would have been answered otherwise")


def _cells(change: Change, zone: tzinfo) -> Sequence[str]:
    last = datetime.fromtimestamp(change.last, zone)
    return (
        change.profile,
        display(change.name),
        _words(change.before),
        _words(change.after),
        str(change.times),
        f"{last:%a %H:%M}",
    )


def _words(decision: Decision) -> str:
    return f"{outcome_words(decision)} ({why_words(decision)})"


def _colour(change: Change) -> str | None:
    if change.before.blocked == change.after.blocked:
        return None
    return "red" if change.after.blocked else "green"


def _object(comparison: Comparison, zone: tzinfo) -> dict[str, Any]:
    """The stable form for machines, as the module's docstring describes it."""
    return {
        "queries": comparison.queries,
        "different": comparison.different,
        "changes": [
            {
                "profile": change.profile,
                "name": change.name,
                "before": outcome_fields(change.before),
                "after": outcome_fields(change.after),
                "times": change.times,
                "first": iso(change.first, zone),
                "last": iso(change.last, zone),
            }
            for change in comparison.changes
        ],
    }
