"""``safedns reload``: read the configuration again, now."""

from __future__ import annotations

from pathlib import Path

import click

from safedns.cli.common import say, state_option
from safedns.control import ask


@click.command(help="Read the configuration again (saving a file does the same).")
@state_option
@click.pass_context
def command(context: click.Context, state: Path) -> None:
    """Exit 0 when it is in use, 2 when it has problems and the last good one stays."""
    answer = ask(state, "reload")
    if answer["ok"]:
        click.echo("the configuration is in use")
        return
    say(str(answer["problems"]))
    say("the last good configuration stays in use")
    context.exit(2)
