"""``safedns check``: every problem of the configuration folder, or a friendly line that it is good."""

from __future__ import annotations

from pathlib import Path

import click

from safedns.app.prepare import certificate_of, warnings_here
from safedns.cli.common import config_option, say
from safedns.policy.household import Household, load_household


@click.command()
@config_option
def command(config: Path) -> None:
    """Say every problem of the configuration: exit 0 if it is good, else 2."""
    household = load_household(config)
    here = warnings_here(household.settings, certificate_of(household.settings))
    household = household._replace(warnings=(*household.warnings, *here))
    for warning in household.warnings:
        say(f"warning: {warning}")
    click.echo(f"{config} is good: {_summary(household)}.")


def _summary(household: Household) -> str:
    policy = household.policy
    children = sum(profile.kind == "child" for profile in policy.profiles)
    counts = (
        (children, "child", "children"),
        (len(policy.profiles) - children, "group", "groups"),
        (sum(len(profile.devices) for profile in policy.profiles), "device entry", "device entries"),
        (len(policy.presets), "preset", "presets"),
        (len(household.warnings), "warning", "warnings"),
    )
    *most, last = (f"{number} {one if number == 1 else many}" for number, one, many in counts)
    return f"{', '.join(most)} and {last}"
