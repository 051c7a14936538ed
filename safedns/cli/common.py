"""What every command shares: where configuration and state lie, and how errors and results are printed.

Results go to standard output, messages to standard error; exit codes: 0 good, 1 the answer is no, 2 bad usage or
configuration, 3 not running.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

SYSTEM_CONFIG = Path("/etc/safedns")
SYSTEM_STATE = Path("/var/lib/safedns")


def default_config() -> Path:
    """``$SAFEDNS_CONFIG``, else ``/etc/safedns`` where there is one, else ``config`` here."""
    if given := os.environ.get("SAFEDNS_CONFIG"):
        return Path(given)
    return SYSTEM_CONFIG if SYSTEM_CONFIG.is_dir() else Path("config")


def default_state() -> Path:
    """``$SAFEDNS_STATE``, else ``/var/lib/safedns`` where it exists, else ``var`` here."""
    if given := os.environ.get("SAFEDNS_STATE"):
        return Path(given)
    return SYSTEM_STATE if SYSTEM_STATE.is_dir() else Path("var")


def config_option(command: Command) -> Command:
    """``--config DIR``, passed on as ``config: Path``."""
    return click.option(
        "--config",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_config,
        help="Configuration folder (safedns.yaml, family.yaml).",
    )(command)


def state_option(command: Command) -> Command:
    """``--state DIR``, passed on as ``state: Path``."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_state,
        help="State folder (lists, query log, control socket).",
    )(command)


def say(message: str) -> None:
    """One message line to standard error."""
    click.echo(message, err=True)
