"""``safedns pause``: all internet of a child is closed for a while."""

from __future__ import annotations

from pathlib import Path

import click

from safedns.cli.common import config_option, state_option
from safedns.cli.deciding import INTERNET, find_end, occasion, override, until_options, why_option

EXAMPLE = "safedns pause binh --for 20m"


@click.command()
@click.argument("child")
@until_options
@why_option
@config_option
@state_option
def command(*, child: str, for_text: str | None, until_text: str | None, why: str, config: Path, state: Path) -> None:
    """Close all internet of CHILD, but for what is in `always`.

    It ends by itself; `safedns resume CHILD` ends it sooner.
    """
    now = occasion(config, state, child)
    override(now, "pause", INTERNET, find_end(now, for_text, until_text, EXAMPLE), why)
