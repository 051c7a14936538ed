"""The ``safedns`` command: finds the module of each subcommand when it is asked for, and turns errors into exits."""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
from typing import Any

import click

from safedns import __version__
from safedns.errors import SafednsError

COMMANDS = {
    "serve": "run everything in the foreground",
    "check": "say every problem of the configuration",
    "explain": "why is a name allowed or blocked for somebody",
    "logs": "read the block log",
    "status": "what runs, and what applies to each child now",
    "grant": "open something for a child for a while, or give extra minutes",
    "pause": "close all internet of a child for a while",
    "block": "close something for a child for a while",
    "resume": "end what was decided for a child for now",
    "overrides": "what parents decided for now, and who decided what before",
    "usage": "minutes used of each limit, and how that is known",
    "devices": "who is in this home, and whose each device is",
    "lists": "blocklists: status, update, search, test",
    "test": "do the rules do what the family expects of them",
    "dry-run": "what an edited family.yaml would have done to yesterday's queries",
    "upstreams": "upstreams: status, test",
    "cache": "answers that are kept: stats, flush",
    "reload": "read the configuration again",
    "query": "ask a DNS question and show the answer",
    "phone": "how a child's phone uses safedns outside the home",
    "certificate": "what encrypted DNS shows; make one to try with",
}
"""Command -> what it is for; each lives in ``safedns.cli.COMMAND`` (``_`` for ``-``) as the attribute ``command``."""


class _Lazy(click.Group):
    """Imports a command's module only when it runs: ``safedns serve`` pays for nothing else."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"safedns.cli.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SafednsError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # The reader (head, less) has left; without this the interpreter complains again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(128 + signal.SIGPIPE)


def _show_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:  # noqa: ARG001, FBT001 - click's signature
    """The version, and whether the modules that every query passes through are compiled here."""
    if not wanted or ctx.resilient_parsing:
        return
    module = importlib.util.find_spec("safedns.wire.names")
    compiled = module is not None and not str(module.origin).endswith(".py")
    click.echo(f"safedns, version {__version__}{' (compiled)' if compiled else ''}")
    ctx.exit()


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """A family's own DNS resolver: checks every query against blocklists and each child's schedule."""
