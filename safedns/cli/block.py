"""``safedns block``: close a service, a category or a name for a child for a while."""

from __future__ import annotations

from pathlib import Path

import click

from safedns.cli.common import config_option, state_option
from safedns.cli.deciding import INTERNET, find_end, find_target, occasion, override, until_options, why_option

EXAMPLE = "safedns block binh tiktok --for 1h"


@click.command()
@click.argument("child")
@click.argument("target")
@until_options
@why_option
@config_option
@state_option
def command(
    *,
    child: str,
    target: str,
    for_text: str | None,
    until_text: str | None,
    why: str,
    config: Path,
    state: Path,
) -> None:
    """Close TARGET for CHILD: a service, a category or a name; the internet as a whole is a pause.

    It ends by itself; `safedns resume CHILD` ends it sooner. To close something for good, write it into family.yaml.
    """
    now = occasion(config, state, child)
    what = find_target(config, target)
    override(now, "pause" if what == INTERNET else "block", what, find_end(now, for_text, until_text, EXAMPLE), why)
