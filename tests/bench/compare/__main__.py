"""``python -m tests.bench.compare``: measure what is installed here and print the table."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import click

from safedns.clock import SystemClock
from tests.bench.compare import names
from tests.bench.compare.dnsperf import installed
from tests.bench.compare.machine import facts
from tests.bench.compare.measure import Plan, run
from tests.bench.compare.process import BenchError
from tests.bench.compare.systems import SYSTEMS, System, scaled
from tests.bench.compare.table import render

BLOCKED_NAMES = 600_000
QUICK_NAMES = 20_000
QUICK_QUERIES = 4000
MOST_WORKERS = 64


def numbers(most: int) -> Callable[[click.Context, click.Parameter, str], tuple[int, ...]]:
    """Reads an option like ``1,2,4``: numbers up to ``most``, each once; else raises ``click.BadParameter``."""

    def read(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
        parts = text.split(",")
        if not all(part.isdecimal() and 1 <= int(part) <= most for part in parts):
            raise click.BadParameter(f"numbers from 1 to {most} with commas between them were expected, as in 1,2,4")
        return tuple(dict.fromkeys(map(int, parts)))

    return read


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(list(SYSTEMS)), help="Measure just this system; repeatable.")
@click.option("--queries", type=click.IntRange(100), default=20_000, show_default=True, help="Queries a measurement.")
@click.option("--rate", type=click.IntRange(10), default=5000, show_default=True, help="Queries a second.")
@click.option(
    "--rounds", type=click.IntRange(1), default=3, show_default=True, help="Repetitions; medians are printed."
)
@click.option(
    "--names", "count", type=click.IntRange(2000), default=BLOCKED_NAMES, show_default=True, help="Blocked names."
)
@click.option("--addresses", type=click.IntRange(1, 50), default=1, show_default=True, help="Client addresses.")
@click.option(
    "--workers",
    default="1",
    show_default=True,
    metavar="N[,N]...",
    callback=numbers(MOST_WORKERS),
    help="Threads or processes that answer, where a system has them; each number is measured.",
)
@click.option("--full-speed", is_flag=True, help="Measure cached and blocked at the highest rate, too.")
@click.option("--quick", is_flag=True, help="A small run that shows that everything works; its figures are rough.")
@click.option("--markdown", is_flag=True, help="Print for a document.")
def main(
    only: tuple[str, ...],
    queries: int,
    rate: int,
    rounds: int,
    count: int,
    addresses: int,
    workers: tuple[int, ...],
    full_speed: bool,
    quick: bool,
    markdown: bool,
) -> None:
    """CPU per query, memory and start time of safedns and of the resolvers installed here, side by side."""
    if not installed():
        _stop("dnsperf is not installed, and it makes the load; on Debian: apt install dnsperf")
    if not sys.platform.startswith("linux"):
        _stop("CPU and memory are read from Linux's /proc, which this system has not")
    if quick:
        queries, rounds, count = min(queries, QUICK_QUERIES), 1, min(count, QUICK_NAMES)
    systems = _present(only)
    if not systems:
        _stop("none of the systems can run here")
    plan = Plan(scaled(systems, workers), names.load(count), queries, rate, rounds, addresses, full_speed)
    # Without this, a termination would leave the measured programs behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        result = run(plan, SystemClock(), lambda text: click.echo(text, err=True))
    except BenchError as error:
        _stop(str(error))
    result.facts.extend(facts(plan))
    click.echo(render(result, markdown=markdown))
    sys.exit(1 if result.failed else 0)


def _present(only: tuple[str, ...]) -> tuple[System, ...]:
    wanted = [SYSTEMS[name] for name in only] or list(SYSTEMS.values())
    for system in wanted:
        if reason := system.absent():
            click.echo(f"without {system.name}: {reason}", err=True)
    return tuple(system for system in wanted if not system.absent())


def _stop(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
