"""``safedns resume``: end everything that was decided for a child for now."""

from __future__ import annotations

from pathlib import Path

import click

from safedns.app.live import override_of, state_file
from safedns.cli.common import config_option, state_option
from safedns.cli.deciding import occasion, take_effect, who_decides
from safedns.policy.explain import when
from safedns.policy.now import override_words
from safedns.record.state import StateWriter


@click.command()
@click.argument("child")
@config_option
@state_option
def command(*, child: str, config: Path, state: Path) -> None:
    """End every pause, grant and block of CHILD; extra minutes stay given."""
    now = occasion(config, state, child)
    with StateWriter(state_file(state)) as writer:
        ended = writer.end_overrides(now.spec.id, at=now.now, by=who_decides())
    take_effect(state)
    if not ended:
        click.echo(f"{now.spec.name}: there was nothing to end; the rules of family.yaml hold")
    for each in map(override_of, ended):
        words = override_words(each.kind, each.target)
        click.echo(f"{now.spec.name}: no longer {words} (it was until {when(each.until, now.now, now.zone)})")
