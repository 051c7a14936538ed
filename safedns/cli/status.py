"""``safedns status``: what runs, and what applies to each child now and until when.

``--json`` prints one object; moments are seconds since the epoch, lengths are seconds:

    version, pid, since    of the daemon
    configuration          {ok, problems, loaded}; ``problems`` of files that were not taken, or empty
    listen                 addresses, as ``udp://127.0.0.1:5300``
    processes              [{name, pid, restarts, ready}]
    profiles               [{id, name, kind, preset, now, overrides, limits}]; ``now`` is the line for people
      overrides            [{kind, target, until}], the newest first: pause | grant | block, and what it is about
      limits               [{target, allowance, bonus, used, left}] of today; ``used`` is an estimate
    lists                  [{name, category, entries}]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from safedns.cli.common import say, state_option
from safedns.control import ask


@click.command(help="What runs, what applies to each child now and until when.")
@state_option
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@click.pass_context
def command(context: click.Context, state: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Exit 0; 1 when something is wrong with the configuration or a process; 3 when safedns does not run."""
    answer = ask(state, "status")
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _show(answer)
    context.exit(0 if _well(answer) else 1)


def _well(answer: dict[str, Any]) -> bool:
    return bool(answer["configuration"]["ok"]) and all(process["ready"] for process in answer["processes"])


def _show(answer: dict[str, Any]) -> None:
    for profile in answer["profiles"]:
        click.echo(profile["now"])
    click.echo()
    click.echo(f"safedns {answer['version']} listens on {', '.join(answer['listen'])}")
    for process in answer["processes"]:
        state = "runs" if process["ready"] else "is starting"
        notes = [f"pid {process['pid']}"] if process["pid"] else []
        if restarts := process["restarts"]:
            notes.append(f"started again {'once' if restarts == 1 else f'{restarts} times'}")
        click.echo(f"  {process['name']} {state} ({', '.join(notes)})")
    entries = sum(entry["entries"] for entry in answer["lists"])
    click.echo(f"  {len(answer['lists'])} lists with {entries:,} names (safedns lists status)")
    if not answer["configuration"]["ok"]:
        say("the configuration has problems; the last good one is in use:")
        say(answer["configuration"]["problems"])
