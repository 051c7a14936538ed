"""``python -m tests.bench.latency``: time the answers and print the tables."""

from __future__ import annotations

import os
import signal
import sys

import click

from safedns.clock import SystemClock
from tests.bench.compare import names
from tests.bench.compare.__main__ import BLOCKED_NAMES, QUICK_NAMES, numbers
from tests.bench.compare.dnsperf import installed
from tests.bench.compare.machine import crowded, place, versions
from tests.bench.compare.process import BenchError
from tests.bench.compare.systems import SYSTEMS, scaled
from tests.bench.latency.measure import LOG_ROWS, Plan, run
from tests.bench.latency.table import render

MOST_RATE = 20_000
QUICK_SECONDS = 2


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Choice([name for name in SYSTEMS if name != "safedns"]),
    help="Time this system, too; repeatable.",
)
@click.option("--rates", default="1000,10000", show_default=True, metavar="N[,N]...", callback=numbers(MOST_RATE))
@click.option("--seconds", type=click.IntRange(1, 30), default=10, show_default=True, help="Of one measurement.")
@click.option("--workers", default="1", show_default=True, metavar="N[,N]...", callback=numbers(64))
@click.option("--names", "count", type=click.IntRange(2000), default=BLOCKED_NAMES, show_default=True)
@click.option("--quick", is_flag=True, help="A small run that shows that everything works; its figures are rough.")
@click.option("--markdown", is_flag=True, help="Print for a document.")
def main(
    others: tuple[str, ...],
    rates: tuple[int, ...],
    seconds: int,
    workers: tuple[int, ...],
    count: int,
    quick: bool,
    markdown: bool,
) -> None:
    """How long answers take: cached, blocked and new ones, while nothing else happens and while lists are compiled."""
    if not installed():
        raise click.ClickException("dnsperf is not installed, and it fills the log; on Debian: apt install dnsperf")
    if quick:
        seconds, count = min(seconds, QUICK_SECONDS), min(count, QUICK_NAMES)
    chosen = [SYSTEMS[name] for name in ("safedns", *others)]
    if reasons := [reason for system in chosen if (reason := system.absent())]:
        raise click.ClickException("; ".join(reasons))
    plan = Plan(scaled(chosen, workers), names.load(count), rates, seconds)
    # Without this, a termination would leave the measured programs behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        times = run(plan, SystemClock(), lambda text: click.echo(text, err=True))
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    listed = f"{count} blocked names ({plan.names.origin})"
    facts = [
        *place(),
        f"load: {seconds} s a measurement; {listed}; the log that is read holds {LOG_ROWS} queries and more",
        *crowded(max(workers), os.cpu_count() or 1),
        *versions(plan.systems),
    ]
    click.echo(render(times.loads, facts, times.remarks, markdown=markdown))


if __name__ == "__main__":
    main()
