"""``safedns grant``: open something for a child for a while, or give extra minutes to one of today's limits."""

from __future__ import annotations

from pathlib import Path

import click

from safedns.app.live import day_of, state_file
from safedns.blocklist.library import Library
from safedns.cli.common import config_option, state_option
from safedns.cli.deciding import (
    Occasion,
    find_end,
    find_target,
    length,
    occasion,
    override,
    take_effect,
    until_options,
    who_decides,
    why_option,
)
from safedns.cli.verdicts import lists_of, services_of, snapshot_of
from safedns.errors import SafednsError
from safedns.policy.limits import Quota
from safedns.policy.live import Override, Target
from safedns.policy.now import quota_words
from safedns.policy.wording import reason_words
from safedns.record.state import StateWriter
from safedns.wire.names import key_of
from safedns.wire.types import QType

EXAMPLE = "safedns grant binh games --for 20m"


@click.command()
@click.argument("child")
@click.argument("target", default="internet")
@until_options
@click.option("--bonus", "bonus_text", metavar="LENGTH", help="Extra time for today's limit on TARGET, such as 15m.")
@why_option
@config_option
@state_option
def command(
    *,
    child: str,
    target: str,
    for_text: str | None,
    until_text: str | None,
    bonus_text: str | None,
    why: str,
    config: Path,
    state: Path,
) -> None:
    """Open TARGET for CHILD: internet (the default), a service, a category or a name; exit 1 if it would stay closed.

    A grant of the internet lifts bedtime, homework, windows and limits; one of anything else also what is off, or
    blocked by name. Neither lifts safety, but for a single name. It ends by itself; `safedns resume CHILD` ends it
    sooner.
    """
    now = occasion(config, state, child)
    what = find_target(config, target)
    if bonus_text is not None:
        if for_text is not None or until_text is not None:
            raise click.UsageError("--bonus adds minutes to today's limit; it goes with neither --for nor --until")
        _give_bonus(now, what, bonus_text, why)
        return
    end = find_end(now, for_text, until_text, EXAMPLE)
    if (objection := _objection(now, what, end)) is not None:
        raise SafednsError(objection)
    override(now, "grant", what, end, why)


def _objection(now: Occasion, target: Target, end: float) -> str | None:
    """Why a grant would open nothing at all, if so."""
    name = now.spec.name
    if target.kind == "internet":
        return _nothing_to_lift(now)
    if target.kind == "category":
        if target.value not in (now.rules.safety or ()):
            return None
        return (
            f"{target} stays closed for {name}'s safety; a grant lifts that only for a single name, such as example.com"
        )
    lists = lists_of(now.household, now.config, now.state)
    grant = Override(0, now.spec.id, "grant", target, now.now, end)
    snapshot = snapshot_of(now.household, lists, now.state, now.now, also=(grant,))
    names = (target.value,) if target.kind == "name" else lists.services[target.value].names
    verdicts = [snapshot.decide(snapshot.profiles[now.spec.id], each, key_of(each), QType.A, now.now) for each in names]
    if all(verdict.blocked for verdict in verdicts):
        return f"{target} would stay closed for {name} all the same: {reason_words(verdicts[0].reason)}"
    return None


def _nothing_to_lift(now: Occasion) -> str | None:
    """A grant of the internet lifts time and a pause; where there is neither, it would do nothing."""
    rules = now.rules
    if rules.bedtime or rules.homework or rules.windows or rules.limits:
        return None
    snapshot = snapshot_of(now.household, services_of(now.config, now.state), now.state, now.now)
    state = snapshot.state(snapshot.profiles[now.spec.id], now.now)
    if any(kind == "pause" for kind, _ in state.overrides):
        return None
    return (
        f"no bedtime, homework, window or limit closes anything for {now.spec.name}, so there is nothing to lift; "
        "grant a service, a category or a site, such as example.com"
    )


def _give_bonus(now: Occasion, target: Target, text: str, why: str) -> None:
    lists = services_of(now.config, now.state)
    limits = limits_today(now, lists)
    if target not in limits:
        others = ", ".join(map(str, limits)) or "none"
        raise click.UsageError(f"{now.spec.name} has no limit for {target} today; limits today: {others}")
    try:
        seconds = length(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    day = day_of(now.zone, now.now).date.isoformat()
    with StateWriter(state_file(now.state)) as writer:
        writer.add_bonus(now.spec.id, target, day=day, seconds=seconds, at=now.now, by=who_decides(), why=why)
    take_effect(now.state)
    click.echo(f"{now.spec.name}: {quota_words(limits_today(now, lists)[target], lists.services)}")


def limits_today(now: Occasion, lists: Library) -> dict[Target, Quota]:
    """The limits that hold today, and how they stand."""
    snapshot = snapshot_of(now.household, lists, now.state, now.now)
    return {quota.target: quota for quota in snapshot.limits(snapshot.profiles[now.spec.id], now.now)}
