"""``safedns usage``: minutes used of each limit on a day, and the evidence: which names were asked in which minutes.

Every number is an estimate (see docs/limits.md). Works without the daemon. ``--json`` prints a list of objects, one for
each profile with limits that day:

    who         {profile, name}
    day         YYYY-MM-DD by the child's clocks
    names_kept  whether names are kept as evidence: those of profiles with `log: full`
    limits      [{target, allowance, bonus, used, left, estimated, spans}]; seconds; ``estimated`` is always true
                spans: [{from, to, names}], ISO 8601 with offset, ``to`` not included; names, the most frequent first
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from safedns.app.live import Day, day_of, day_on, state_file, zone_of
from safedns.blocklist.library import Library
from safedns.cli.common import config_option, state_option
from safedns.cli.deciding import find_profile
from safedns.cli.verdicts import iso, services_of, snapshot_of
from safedns.clock import SystemClock
from safedns.policy.household import load_household
from safedns.policy.limits import Quota
from safedns.policy.model import ProfileSpec
from safedns.policy.now import ESTIMATED, title_of
from safedns.policy.snapshot import Profile, Snapshot
from safedns.record.minutes import Span
from safedns.record.state import StateReader
from safedns.wire.names import display

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
SHOWN = 4
"""Names that a line of evidence shows."""


class Used(NamedTuple):
    """One span of use, cut to its day, with the names that made it count, the most frequent first."""

    start: float
    end: float
    names: list[str]


class Report(NamedTuple):
    """A profile's day."""

    profile: Profile
    day: Day
    limits: list[tuple[Quota, list[Used]]]


@click.command()
@click.argument("child", required=False)
@click.option("--day", "day_text", metavar="DAY", help="2026-11-27; today by default.")
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
@config_option
@state_option
def command(*, child: str | None, day_text: str | None, as_json: bool, config: Path, state: Path) -> None:
    """Minutes used of the limits of CHILD or everybody (estimated), and from which names that is known."""
    household = load_household(config)
    lists = services_of(config, state)
    rules = cache(partial(snapshot_of, household, lists, state))
    wanted = [find_profile(household.policy, child)] if child is not None else household.policy.profiles
    day = _date(day_text)
    with StateReader(state_file(state)) as reader:
        reports = [_report(rules, reader, spec, zone_of(household.policy, spec), day) for spec in wanted]
    limited = [report for report in reports if report.limits]
    if as_json:
        click.echo(json.dumps([_as_object(report) for report in limited], ensure_ascii=False, indent=2))
        return
    if not limited:
        click.echo("no limit holds that day")
    for report in limited:
        click.echo("\n".join(_as_text(report, lists)))


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    with suppress(ValueError):
        if FIRST_DAY <= (day := date.fromisoformat(text.strip())) <= LAST_DAY:
            return day
    raise click.UsageError(f"{text!r} is no day; expected one such as 2026-11-27")


def _report(
    rules: Callable[[float], Snapshot], reader: StateReader, spec: ProfileSpec, zone: tzinfo, wanted: date | None
) -> Report:
    day = day_of(zone, SystemClock.wall()) if wanted is None else day_on(zone, wanted)
    noon = 30.0 * (day.start + day.end)  # what a limit allows is the same at any hour of its day
    snapshot = rules(noon)
    profile = snapshot.profiles[spec.id]
    uses = list(reader.uses(day.start, day.end, spec.id))
    limits = []
    for quota in snapshot.limits(profile, noon):
        target = (quota.target.kind, quota.target.value)
        spans = [use.span for use in uses if use.target == target]
        limits.append((quota, [_used(reader, spec.id, target, span, day) for span in spans]))
    return Report(profile, day, limits)


def _used(reader: StateReader, profile: str, target: tuple[str, str], span: Span, day: Day) -> Used:
    first, end = max(span[0], day.start), min(span[1] + 1, day.end)
    names = Counter(each.name for each in reader.evidence(profile, target, (first, end - 1)))
    return Used(first * 60.0, end * 60.0, [name for name, _ in names.most_common()])


def _as_text(report: Report, lists: Library) -> Iterator[str]:
    profile = report.profile
    yield f"{profile.name}, {report.day.date:%a %d %b %Y}"
    for quota, spans in report.limits:
        whole = (quota.allowance + quota.bonus) // 60
        yield f"  {title_of(quota.target, lists.services)}: {quota.used // 60} of {whole} min used {ESTIMATED}"
        for used in spans:
            more = f" and {len(used.names) - SHOWN} more" if len(used.names) > SHOWN else ""
            end = "24:00" if used.end == 60.0 * report.day.end else _clock(used.end, profile)
            yield f"    {_clock(used.start, profile)}-{end}  {_names(used)}{more}".rstrip()
    if profile.log != "full":
        yield f"  no names are kept for {profile.name} (log: {profile.log})"


def _names(used: Used) -> str:
    return ", ".join(display(name) for name in used.names[:SHOWN])


def _clock(instant: float, profile: Profile) -> str:
    return datetime.fromtimestamp(instant, profile.zone).strftime("%H:%M")


def _as_object(report: Report) -> dict[str, Any]:
    profile = report.profile
    return {
        "who": {"profile": profile.id, "name": profile.name},
        "day": report.day.date.isoformat(),
        "names_kept": profile.log == "full",
        "limits": [_limit(quota, spans, profile) for quota, spans in report.limits],
    }


def _limit(quota: Quota, spans: list[Used], profile: Profile) -> dict[str, Any]:
    return {
        "target": str(quota.target),
        "allowance": quota.allowance,
        "bonus": quota.bonus,
        "used": quota.used,
        "left": quota.left,
        "estimated": True,
        "spans": [
            {"from": iso(used.start, profile.zone), "to": iso(used.end, profile.zone), "names": used.names}
            for used in spans
        ],
    }
