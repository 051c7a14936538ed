"""``safedns upstreams``: how the upstreams are doing in the running safedns, and a test of each without it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safedns.cli.common import config_option, state_option
from safedns.cli.table import Table
from safedns.clock import SystemClock
from safedns.control import ask
from safedns.record.counters import Counters

if TYPE_CHECKING:
    from safedns.resolve.examine import Examined


@click.group("upstreams", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Upstreams: status (the default), test."""
    if context.invoked_subcommand is None:
        context.invoke(status)


@command.command()
@state_option
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
@click.pass_context
def status(context: click.Context, state: Path, *, as_json: bool) -> None:
    """Each upstream as the running safedns knows it; exit 1 when none is in use, 3 when safedns does not run."""
    rows = ask(state, "status")["upstreams"]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        _print_table(("UPSTREAM", "STATE", "TIME", "FAILURES IN A ROW"), map(_health_cells, rows))
    context.exit(0 if any(row["up"] for row in rows) else 1)


def _health_cells(row: dict[str, Any]) -> tuple[str, ...]:
    state = (
        "in use" if row["up"] else f"rests for {row['rests_seconds']} s" if row["rests_seconds"] else "is tried again"
    )
    time = "not asked yet" if row["milliseconds"] is None else f"{row['milliseconds']:.1f} ms"
    return row["name"], state, time, str(row["failures"] or "")


@command.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
@click.pass_context
def test(context: click.Context, config: Path, *, as_json: bool) -> None:
    """Ask each upstream a few times, the running safedns or none; exit 1 if one does not serve.

    What it is asked for: the root of all names, and some names that show whether it filters (docs/upstreams.md).
    """
    # The YAML border and the transports are loaded only where something is asked.
    from safedns.resolve.examine import examine
    from safedns.settings.load import load_settings

    logging.getLogger("safedns").addHandler(logging.NullHandler())  # what goes wrong stands in the table's end
    upstreams = load_settings(config).upstreams
    found = examine(upstreams, SystemClock(), Counters())
    complaints = [
        f"{one.name}: {text}" for one in found for text in _complaints(one, validates=upstreams.dnssec.validate)
    ]
    if as_json:
        click.echo(json.dumps([_object(one) for one in found], ensure_ascii=False, indent=1))
    else:
        headings = ("UPSTREAM", "FOR", "ADDRESS", "FIRST", "THEN", "PROTOCOL", "DNSSEC", "CAN", "FILTERS")
        _print_table(headings, map(_cells, found))
        for line in complaints:
            click.echo(line)
    context.exit(1 if complaints else 0)


def _complaints(one: Examined, *, validates: bool) -> Iterator[str]:
    """Why it does not serve as it should."""
    if one.problem:
        yield one.problem
    if validates and one.leaves_signatures_out:
        yield "it leaves signatures out: with `dnssec: {validate: on}` signed names fail there"
    if one.known is not None and one.lets_adult_through:
        yield f"it opens adult names, which {one.known.name} keeps closed: is somebody else answering in its place?"


def _object(one: Examined) -> dict[str, Any]:
    return {
        "name": one.name,
        "transport": one.transport,
        "for": list(one.used_for),
        "answers": one.answers,
        "problem": one.problem,
        "address": one.facts.address,
        "first_milliseconds": round(one.first_ms, 2),
        "milliseconds": round(one.median_ms, 2),
        "protocol": one.facts.protocol,
        "dnssec": one.dnssec,
        "cookies": one.facts.cookies,
        "padding": one.facts.padding,
        "http3": one.facts.http3,
        "resumes": one.facts.resumed,
        "filters": one.filtering.closes if one.filtering is not None else None,
        "known_as": one.known.name if one.known is not None else "",
    }


def _cells(one: Examined) -> tuple[str, ...]:
    times = (f"{one.first_ms:.1f} ms", f"{one.median_ms:.1f} ms") if one.answers else ("no answer", "")
    used_for = ", ".join(one.used_for)
    protocol = one.facts.protocol or ("" if one.transport != "plain" else "not encrypted")
    return (
        one.name,
        used_for,
        one.facts.address,
        *times,
        protocol,
        one.dnssec,
        ", ".join(_abilities(one)),
        _filters(one),
    )


def _filters(one: Examined) -> str:
    return "" if one.filtering is None else ", ".join(one.filtering.closes) or "nothing seen"


def _abilities(one: Examined) -> Iterator[str]:
    if one.facts.cookies:
        yield "cookies"
    if one.facts.padding:
        yield "padding"
    if one.facts.http3:
        yield "HTTP/3"
    if one.facts.resumed:
        yield "resumes"


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for line in Table(headings).render([(row, None) for row in rows]):
        click.echo(line)
