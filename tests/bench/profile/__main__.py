"""``python -m tests.bench.profile``: where the CPU time of a query goes, as a table."""

from __future__ import annotations

import signal
import sys

import click

from safedns.clock import SystemClock
from tests.bench.compare import names
from tests.bench.compare.__main__ import BLOCKED_NAMES, QUICK_NAMES
from tests.bench.compare.dnsperf import installed
from tests.bench.compare.machine import place, versions
from tests.bench.compare.process import BenchError
from tests.bench.compare.systems import SYSTEMS
from tests.bench.profile.measure import Plan, absent, run
from tests.bench.profile.parts import render

QUICK_SECONDS = 3
RATE = 4937
"""Near 5 000, and no multiple of any clock that samples: the kernel's ticks would meet each query at the same place."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rate", type=click.IntRange(100), default=RATE, show_default=True, help="Queries a second.")
@click.option("--seconds", type=click.IntRange(1, 60), default=20, show_default=True, help="Of each load.")
@click.option("--names", "count", type=click.IntRange(2000), default=BLOCKED_NAMES, show_default=True)
@click.option("--quick", is_flag=True, help="A small run that shows that everything works; its figures are rough.")
@click.option("--markdown", is_flag=True, help="Print for a document.")
def main(rate: int, seconds: int, count: int, quick: bool, markdown: bool) -> None:
    """What the microseconds of a query are: the kernel by system call, Python by module, each process."""
    if not installed():
        raise click.ClickException("dnsperf is not installed, and it makes the load; on Debian: apt install dnsperf")
    if reason := absent():
        raise click.ClickException(reason)
    if quick:
        seconds, count = min(seconds, QUICK_SECONDS), min(count, QUICK_NAMES)
    plan = Plan(names.load(count), rate, seconds)
    # Without this, a termination would leave the measured programs behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        seen, remarks = run(plan, SystemClock(), lambda text: click.echo(text, err=True))
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    load = f"load: {rate} queries a second, {seconds} s each; {count} blocked names ({plan.names.origin})"
    click.echo(render(seen, [*place(), load, *versions([SYSTEMS["safedns"]])], remarks, markdown=markdown))


if __name__ == "__main__":
    main()
