"""``safedns explain WHO NAME``: why is a name allowed or blocked for somebody, and until when.

Works without the daemon: reads the configuration, the compiled lists, and what parents decided and children used by
then, and runs the very rules that decide.
``--json`` prints one object:

    at, until    ISO 8601 with offset; ``until`` is null where no change is known within the next two weeks
    who          {profile, name, kind, preset, device}; device is empty for one that nobody has claimed
    query        {name, type}
    outcome      allowed | blocked | rewritten | local | refused; ``local`` is answered here before any rule,
                 ``refused`` goes to an address that ``clients:`` does not admit
    target       the name that answers instead, or empty
    ede          extended error code of the reply (RFC 8914), or null
    reason       {kind, rule, matched, category}, as in the query log
    steps        [{step, text, decided}], the walk as far as it went

``--week`` draws the seven days from ``--at`` on instead, for NAME or, without one, for what time says to everything;
its JSON is ``[{day, changes: [{at, state}]}]``.
"""

from __future__ import annotations

import json
from datetime import datetime, time, tzinfo
from math import inf, isfinite
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from safedns import RELEASE
from safedns.cli.common import config_option, state_option
from safedns.cli.moments import parse_moment
from safedns.cli.sightings import directory_now
from safedns.cli.verdicts import iso, judge, lists_of, outcome_fields, outcome_words, profile_called, snapshot_of
from safedns.cli.week import chart, chart_object
from safedns.clock import SystemClock
from safedns.lan.directory import Directory
from safedns.peers import evidence_at, may_ask
from safedns.policy.clients import parse_address
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.explain import Explanation, Step, when
from safedns.policy.household import load_household
from safedns.policy.model import Policy
from safedns.policy.snapshot import Device, Profile, Snapshot
from safedns.wire.names import display, parse_name
from safedns.wire.types import Ede, parse_type, type_name
from safedns.yamlfile.messages import unknown_word


class Case(NamedTuple):
    """What is to be explained."""

    device: Device
    name: str
    qtype: int
    at: float
    zone: tzinfo


@click.command()
@click.argument("who")
@click.argument("name", required=False)
@click.option("--type", "type_text", default="A", metavar="TYPE", help="Record type; A by default.")
@click.option(
    "--at", "at_text", metavar="TIME", help="'2026-11-23 21:30' in the household's time zone; now by default."
)
@click.option("--week", "as_week", is_flag=True, help="Draw the week from then on, half an hour a letter.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object.")
@config_option
@state_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    who: str,
    name: str | None,
    type_text: str,
    at_text: str | None,
    as_week: bool,
    as_json: bool,
    config: Path,
    state: Path,
) -> None:
    """Why NAME is allowed or blocked for WHO (a child, group, device or address), and until when.

    With --week: what holds in the next seven days, for NAME or, without one, for all internet.

    Exit 0 if it is allowed (or a week was drawn), 1 if it is blocked or refused, 2 for an unknown WHO or a bad option.
    """
    if name is None and not as_week:
        raise click.UsageError("Missing argument 'NAME'; only --week can do without.")
    household = load_household(config)
    now = SystemClock.wall()
    try:
        question = None if name is None else (parse_name(name), parse_type(type_text))
        at = now if at_text is None else _moment(at_text, now, household.policy.timezone)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    # A time that somebody asks about is meant, however early; only the machine's own may be wrong.
    release = RELEASE if at_text is None else 0.0
    snapshot = snapshot_of(household, lists_of(household, config, state), state, at, release=release)
    directory = directory_now(household.settings)
    device = _known_device(household.policy, snapshot, who, directory)
    if as_week or question is None:
        _show_week(snapshot, device.profile, question, at, as_json=as_json)
        return
    case = Case(device, *question, at, snapshot.zone)
    if parse_address(who) is not None and not may_ask(household.settings, who, directory, device):
        explanation = REFUSED
    else:
        explanation = judge(household, snapshot, device.profile, case.name, case.qtype, at)
    if as_json:
        click.echo(json.dumps(as_object(case, explanation), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(as_text(case, explanation)))
    ctx.exit(1 if explanation.decision.action in (Action.BLOCK, Action.REFUSE) else 0)


def _show_week(
    snapshot: Snapshot, profile: Profile, question: tuple[str, int] | None, at: float, *, as_json: bool
) -> None:
    if as_json:
        click.echo(json.dumps(chart_object(snapshot, profile, question, at), ensure_ascii=False, indent=2))
        return
    preset = f" (preset {profile.preset})" if profile.preset else ""
    what = "all internet" if question is None else display(question[0])
    click.echo("\n".join((f"{profile.name}{preset}: {what}", "", *chart(snapshot, profile, question, at))))


def _known_device(policy: Policy, snapshot: Snapshot, who: str, directory: Directory) -> Device:
    device = find_device(policy, snapshot, who, directory)
    if device is None:
        known = [*(spec.id for spec in policy.profiles), *(text for spec in policy.profiles for text in spec.devices)]
        raise click.UsageError(unknown_word(who, known, "is no child, group, device or address"))
    return device


REFUSED = Explanation(
    (Step("clients", "`clients:` in safedns.yaml does not admit this address, so no rule is asked", decided=True),),
    Decision(Action.REFUSE, Reason(ReasonKind.CLIENT), Ede.PROHIBITED),
    inf,
)
"""What an address gets that may not ask here."""


def find_device(policy: Policy, snapshot: Snapshot, who: str, directory: Directory) -> Device | None:
    """Whom ``who`` means: the id or shown name of a profile, a device as the policy writes it, or any address, with
    what ``directory`` knows of it."""
    if (called := profile_called(policy, who)) is not None:
        return Device("", snapshot.profiles[called.id])
    wanted = who.strip().casefold()
    for spec in policy.profiles:
        for text in spec.devices:
            if wanted == text.casefold():
                return Device(text, snapshot.profiles[spec.id])
    return snapshot.identify(evidence_at(wanted, directory)) if parse_address(wanted) is not None else None


def as_text(case: Case, explanation: Explanation) -> list[str]:
    """The walk for a person: one line a step, the deciding one marked, then the outcome.

    Times are the household's; where the child's clocks show others, the zone is told.
    """
    profile = case.device.profile
    known = [case.device.name, f"preset {profile.preset}" if profile.preset else ""]
    details = f" ({', '.join(filter(None, known))})" if any(known) else ""
    asked = datetime.fromtimestamp(case.at, case.zone)
    whose = f" ({case.zone})" if str(case.zone) != str(profile.zone) else ""
    width = max(len(step.kind) for step in explanation.steps)
    return [
        (
            f"{profile.name}{details} asks for {display(case.name)} {type_name(case.qtype)}, "
            f"{asked:%a %d %b %Y %H:%M}{whose}"
        ),
        "",
        *(f"{'->' if step.decided else '  '} {step.kind:{width}}  {step.text}" for step in explanation.steps),
        "",
        _outcome(case, explanation),
    ]


def as_object(case: Case, explanation: Explanation) -> dict[str, Any]:
    """The stable form for machines, as the module's docstring describes it."""
    profile, decision = case.device.profile, explanation.decision
    return {
        "at": iso(case.at, case.zone),
        "until": iso(explanation.until, case.zone),
        "who": {
            "profile": profile.id,
            "name": profile.name,
            "kind": profile.kind,
            "preset": profile.preset,
            "device": case.device.name,
        },
        "query": {"name": case.name, "type": type_name(case.qtype)},
        **outcome_fields(decision),
        "steps": [{"step": step.kind, "text": step.text, "decided": step.decided} for step in explanation.steps],
    }


def _outcome(case: Case, explanation: Explanation) -> str:
    decision = explanation.decision
    if decision.reason.kind is ReasonKind.LOCAL:
        return "answered here, for everybody alike"
    if decision.action is Action.REFUSE:
        return "refused: this address may not ask here"
    words = outcome_words(decision)
    if isfinite(explanation.until):
        return f"{words} until {when(explanation.until, case.at, case.zone)}"
    return f"{words}; nothing within the next two weeks changes that"


def _moment(text: str, now: float, zone_name: str) -> float:
    """As everywhere, but a time of day alone is today's: rules are asked about the evening to come."""
    zone = ZoneInfo(zone_name)
    try:
        clock = time.fromisoformat(text.strip())
    except ValueError:
        return parse_moment(text, now, zone)
    return datetime.combine(datetime.fromtimestamp(now, zone).date(), clock, zone).timestamp()
