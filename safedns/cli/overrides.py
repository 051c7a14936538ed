"""``safedns overrides``: what parents decided for now, and with ``--all`` the audit trail of a year. Reads only.

``--json`` prints a list of objects, the newest first:

    who       {profile, name}
    kind      pause | grant | block | bonus
    target    internet, a service or category id, or a canonical name
    from      when it was made, ISO 8601 with the child's offset
    until     when it ends by itself, likewise; of extra time, the end of its day
    minutes   of extra time; otherwise null
    by, why   who decided, and what was given as the reason
    ended     when it was ended before its time, or null
    ended_by  who did that, or empty
    live      whether it holds now
"""

from __future__ import annotations

import json
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from safedns.app.live import day_on, override_of, state_file, target_of, zone_of
from safedns.cli.common import config_option, state_option
from safedns.cli.deciding import find_profile
from safedns.cli.table import Table
from safedns.cli.verdicts import iso
from safedns.clock import SystemClock
from safedns.policy.household import load_household
from safedns.policy.live import Target
from safedns.policy.model import Policy
from safedns.policy.now import override_words
from safedns.record.state import BonusRow, OverrideRow, StateReader

HEADINGS = ("who", "what", "from", "until", "by", "why", "state")


class Entry(NamedTuple):
    """One decision, in the words and the zone of its child."""

    profile: str
    name: str
    zone: tzinfo
    kind: str
    target: Target
    words: str
    start: float
    until: float
    minutes: int | None
    by: str
    why: str
    ended_at: float | None
    ended_by: str

    def live(self, now: float) -> bool:
        """Whether it holds at ``now``."""
        return self.ended_at is None and now < self.until


@click.command()
@click.argument("child", required=False)
@click.option("--all", "everything", is_flag=True, help="Also what is over: who decided what, when and why.")
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
@config_option
@state_option
def command(*, child: str | None, everything: bool, as_json: bool, config: Path, state: Path) -> None:
    """What parents decided for now, for CHILD or everybody."""
    policy, now = load_household(config).policy, SystemClock.wall()
    profile = find_profile(policy, child).id if child is not None else None
    with StateReader(state_file(state)) as reader:
        found = [
            *(_override(policy, row) for row in reader.overrides(profile)),
            *(_bonus(policy, row) for row in reader.bonuses(profile=profile)),
        ]
    entries = sorted((each for each in found if everything or each.live(now)), key=lambda each: -each.start)
    if as_json:
        click.echo(json.dumps([_as_object(each, now) for each in entries], ensure_ascii=False, indent=2))
        return
    for line in Table(HEADINGS).render([(_cells(each, now, policy.timezone), None) for each in entries]):
        click.echo(line)
    if not entries:
        click.echo("nothing is overridden; the rules of family.yaml hold")


def _override(policy: Policy, row: OverrideRow) -> Entry:
    each = override_of(row)
    name, zone = _whose(policy, row.profile)
    words = override_words(each.kind, each.target)
    return Entry(
        row.profile, name, zone, each.kind, each.target, words, row.start, row.until, None,
        row.made_by, row.why, row.ended_at, row.ended_by,
    )  # fmt: skip


def _bonus(policy: Policy, row: BonusRow) -> Entry:
    target, minutes = target_of(row.target), row.seconds // 60
    name, zone = _whose(policy, row.profile)
    end = 60.0 * day_on(zone, date.fromisoformat(row.day)).end
    return Entry(
        row.profile, name, zone, "bonus", target, f"{target} {minutes} min more", row.made_at, end, minutes,
        row.made_by, row.why, None, "",
    )  # fmt: skip


def _whose(policy: Policy, profile: str) -> tuple[str, tzinfo]:
    """The shown name and the zone of a profile, also of one that is no longer there."""
    for spec in policy.profiles:
        if spec.id == profile:
            return spec.name, zone_of(policy, spec)
    return profile, ZoneInfo(policy.timezone)


def _cells(entry: Entry, now: float, household: str) -> tuple[str, ...]:
    """``household``: the zone that goes without saying."""
    if entry.ended_at is not None:
        state = f"ended {_clock(entry.ended_at, entry.zone)} by {entry.ended_by}"
    else:
        state = "holds now" if entry.live(now) else "over"
    start, until = _clock(entry.start, entry.zone), _clock(entry.until, entry.zone)
    if str(entry.zone) != household:
        until += f" ({entry.zone})"
    return entry.name, entry.words, start, until, entry.by, entry.why, state


def _clock(instant: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(instant, zone).strftime("%Y-%m-%d %H:%M")


def _as_object(entry: Entry, now: float) -> dict[str, Any]:
    return {
        "who": {"profile": entry.profile, "name": entry.name},
        "kind": entry.kind,
        "target": str(entry.target),
        "from": iso(entry.start, entry.zone),
        "until": iso(entry.until, entry.zone),
        "minutes": entry.minutes,
        "by": entry.by,
        "why": entry.why,
        "ended": None if entry.ended_at is None else iso(entry.ended_at, entry.zone),
        "ended_by": entry.ended_by,
        "live": entry.live(now),
    }
