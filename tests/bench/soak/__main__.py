"""``python -m tests.bench.soak``: run it and print the tables."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.bench.soak.report import render
from tests.bench.soak.run import Plan, soak


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", type=click.FloatRange(0.5), default=30.0, show_default=True, help="How long.")
@click.option("--rate", type=click.IntRange(10, 2000), default=600, show_default=True, help="Queries a second.")
@click.option("--names", type=click.IntRange(1000), default=100_000, show_default=True, help="Names in the lists.")
@click.option("--workers", type=click.IntRange(1, 4), default=1, show_default=True, help="Resolver processes.")
def main(minutes: float, rate: int, names: int, workers: int) -> None:
    """Mixed load with everything that can go wrong; exit 1 if a query or a row is missing that should not be."""
    # Without this, a termination would leave the processes behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory() as folder:
        result = soak(Path(folder), Plan(minutes, rate, names, workers), lambda line: click.echo(line, err=True))
    click.echo(render(result))
    sys.exit(1 if result.problems else 0)


if __name__ == "__main__":
    main()
