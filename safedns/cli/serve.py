"""``safedns serve``: everything, in the foreground."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from functools import partial
from pathlib import Path

import click

from safedns.app.logs import set_up_logging
from safedns.app.serve import serve
from safedns.cli.common import config_option, default_config, default_state, say, state_option
from safedns.supervisor.plan import Prepared
from safedns.supervisor.privileges import become

SERVICE_USER = "safedns"
_OVER = {"dns": "", "tls": " (TLS)", "https": " (HTTPS)", "quic": " (QUIC)"}


@click.command(help="Run everything in the foreground; Ctrl-C ends it.")
@config_option
@state_option
@click.option("--user", help=f"Give up root and become this user (default: {SERVICE_USER}, where it exists).")
def command(config: Path, state: Path, user: str | None) -> None:
    """Give up root, then run the process tree until it is told to stop."""
    set_up_logging("supervisor")
    if os.geteuid() == 0:
        _leave_root(user)
    serve(config.absolute(), state.absolute(), partial(_greet, config, state))


def _leave_root(user: str | None) -> None:
    if user is None and SERVICE_USER not in {account.pw_name for account in pwd.getpwall()}:
        say("running as root, for there is no user 'safedns' to become (see docs/operations.md)")
        return
    become(user or SERVICE_USER)


def _greet(config: Path, state: Path, prepared: Prepared) -> None:
    """Say where it listens and, where devices of the household live on this machine, what to try."""
    plan = prepared.plan
    for warning in plan.warnings:
        say(f"warning: {warning}")
    where = ", ".join(f"{host} port {port}{_OVER[service]}" for service, host, port in plan.listen)
    say(f"safedns answers on {where}; Ctrl-C ends it")
    _, host, port = plan.listen[0]
    if not plan.tryout or not host.startswith("127."):
        return
    program = sys.argv[0] if sys.argv[0].endswith("safedns") else "safedns"
    click.echo("Try, in another terminal:")
    for who, address in plan.tryout:
        click.echo(f"  dig @{host} -p {port} -b {address} tiktok.com     # as {who}")
    of_state = "" if _same(state, default_state()) else f" --state {shlex.quote(str(state))}"
    of_both = ("" if _same(config, default_config()) else f" --config {shlex.quote(str(config))}") + of_state
    click.echo(f"  {program} explain {plan.tryout[0][1]} tiktok.com{of_both}     # why")
    click.echo(f"  {program} logs --blocked{of_both}     # the block log; --follow to watch it")
    click.echo(f"  {program} status{of_state}     # what applies to each child now")
    if plan.metrics is not None:
        click.echo(f"  curl http://{plan.metrics[0]}:{plan.metrics[1]}/metrics")


def _same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()
