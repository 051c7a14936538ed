"""What the commands by which a parent decides something for now share: for whom, about what, until when, who says so.

They write to ``state.db`` themselves, so that they also work while the daemon is down, and then let the daemon read it.
"""

from __future__ import annotations

import os
import pwd
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

import click

from safedns.app.live import state_file, zone_of
from safedns.cli.common import Command, say
from safedns.cli.moments import parse_end
from safedns.cli.verdicts import profile_called
from safedns.clock import SystemClock
from safedns.control import ask
from safedns.errors import NotRunningError, SafednsError
from safedns.policy.courses import preset_for
from safedns.policy.explain import when
from safedns.policy.household import Household, load_household
from safedns.policy.live import OverrideKind, Target
from safedns.policy.model import NO_RULES, Policy, ProfileSpec, Rules, merge
from safedns.policy.now import override_words
from safedns.policy.schedule import expand
from safedns.policy.vocabulary import vocabulary
from safedns.record.state import StateWriter
from safedns.settings.words import duration_within
from safedns.yamlfile.messages import unknown_word

INTERNET = Target("internet")
LONGEST = 31 * 86_400
"""Seconds: what is to last longer belongs into ``family.yaml``."""
BEDTIME_WITHIN = 14
"""Days in which the next bedtime is looked for."""

length = duration_within(60, LONGEST, "1 minute to 31 days; what is to last longer belongs into family.yaml")
"""The grammar of ``--for``."""


class Occasion(NamedTuple):
    """One decision of a parent: at home, for whom, and when it is made."""

    config: Path
    state: Path
    household: Household
    spec: ProfileSpec
    now: float

    @property
    def zone(self) -> tzinfo:
        """Whose clocks count."""
        return zone_of(self.household.policy, self.spec)

    @property
    def rules(self) -> Rules:
        """What is written for the profile, over its preset of today."""
        today = datetime.fromtimestamp(self.now, self.zone).date()
        preset = preset_for(self.spec, self.household.policy.presets, today)
        return merge(preset.rules if preset else NO_RULES, self.spec.rules)


def occasion(config: Path, state: Path, child: str) -> Occasion:
    """Now, for the profile that ``child`` means."""
    household = load_household(config)
    return Occasion(config, state, household, find_profile(household.policy, child), SystemClock.wall())


def find_profile(policy: Policy, who: str) -> ProfileSpec:
    """The child or group with that id or shown name."""
    if (spec := profile_called(policy, who)) is not None:
        return spec
    raise click.UsageError(unknown_word(who, [spec.id for spec in policy.profiles], "is no child or group"))


def find_target(config: Path, text: str) -> Target:
    """``internet``, a service, a category, or a name."""
    try:
        return vocabulary(config).target(text.strip().casefold())
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def find_end(occasion: Occasion, for_text: str | None, until_text: str | None, example: str) -> float:
    """When it ends, seconds since the epoch; ``example`` is shown where neither is said."""
    if (for_text is None) == (until_text is None):
        raise click.UsageError(
            f"say either how long (--for 20m) or until when (--until 20:30, --until bedtime), as in: {example}"
        )
    try:
        if for_text is not None:
            return occasion.now + length(for_text)
        assert until_text is not None  # noqa: S101 - one of them is given
        end = _next_bedtime(occasion) if until_text == "bedtime" else parse_end(until_text, occasion.now, occasion.zone)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if end - occasion.now > LONGEST:
        raise click.UsageError(
            f"{until_text} is more than 31 days ahead; what is to last longer belongs into family.yaml"
        )
    return end


def _next_bedtime(occasion: Occasion) -> float:
    name, bedtime = occasion.spec.name, occasion.rules.bedtime
    if not bedtime:
        raise ValueError(f"{name} has no bedtime; say --until 20:30 or --for 20m")
    yesterday = datetime.fromtimestamp(occasion.now, occasion.zone).date() - timedelta(1)
    hours = expand(bedtime, occasion.household.policy.calendar, occasion.zone, yesterday, BEDTIME_WITHIN + 2)
    for start, end in hours:
        if start <= occasion.now < end:
            raise ValueError(f"it is bedtime for {name} now; say --until 22:00 or --for 20m")
        if start > occasion.now:
            return start
    raise ValueError(f"{name} has no bedtime within the next {BEDTIME_WITHIN} days; say --until 20:30 or --for 20m")


def who_decides() -> str:
    """The user behind the command, also behind ``sudo``."""
    if before := os.environ.get("SUDO_USER"):
        return before
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def override(occasion: Occasion, kind: OverrideKind, target: Target, until: float, why: str) -> None:
    """Write it down, let it take effect, and say what holds now."""
    with StateWriter(state_file(occasion.state)) as writer:
        writer.add_override(occasion.spec.id, kind, target, start=occasion.now, until=until, by=who_decides(), why=why)
    take_effect(occasion.state)
    whose = "" if str(occasion.zone) == occasion.household.policy.timezone else f" ({occasion.zone})"
    end = when(until, occasion.now, occasion.zone)
    click.echo(f"{occasion.spec.name}: {override_words(kind, target)} until {end}{whose}")


def take_effect(state: Path) -> None:
    """Let the daemon read what was written; where it does not run, it will when it starts."""
    try:
        taken = ask(state, "live")["ok"]
    except NotRunningError:
        say("safedns does not run; this counts as soon as it does")
    except SafednsError as error:
        say(f"written down, but {error}")
    else:
        if not taken:
            say("safedns is busy; this counts in a moment")


def until_options(command: Command) -> Command:
    """``--for`` and ``--until``, passed on as ``for_text`` and ``until_text``."""
    command = click.option("--until", "until_text", metavar="TIME", help="20:30, '2026-11-28 07:00', or bedtime.")(
        command
    )
    return click.option("--for", "for_text", metavar="LENGTH", help="20m, 1h, '1h 30m', 1 day.")(command)


def why_option(command: Command) -> Command:
    """``--why TEXT``."""
    return click.option("--why", default="", metavar="TEXT", help="For the audit trail: why.")(command)
