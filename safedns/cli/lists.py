"""``safedns lists``: how the blocklists stand, bringing them up to date, who holds a name, what a file would hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from heapq import nsmallest
from pathlib import Path

import click

from safedns.app.lookup import look_up_through
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.fetch import World
from safedns.blocklist.formats import KNOWN
from safedns.blocklist.networks import network_of_key
from safedns.blocklist.status import ListStatus, list_status
from safedns.blocklist.update import update as update_lists
from safedns.blocklist.wanted import wanted_lists
from safedns.blocklist.wellknown import newly_blocked
from safedns.cli.common import config_option, say, state_option
from safedns.cli.table import Table
from safedns.clock import SystemClock
from safedns.control import ask
from safedns.courtesy import step_back
from safedns.errors import NotRunningError
from safedns.wire.names import display, name_of_key, parse_name

_SAMPLES = 5
_CLEAR = "\r\x1b[K"
"""Takes what stands on the line of a terminal away."""
_BAR = 30
"""Characters."""


_RELATIONS = {"list": "list", "spared": "excepted", "service": "service", "shared": "shared"}
"""What is printed for a kind of hit."""


@click.group("lists")
def command() -> None:
    """Blocklists: status, update, search, test."""


@command.command()
@config_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
def status(config: Path, state: Path, *, as_json: bool) -> None:
    """Each list: category, names, age, when it is fetched next, size, format, and what is wrong with it."""
    from safedns.settings.load import load_settings  # pydantic: only where settings are read

    wanted = wanted_lists(load_settings(config).lists, load_catalogue(), config)
    rows = list_status(state, wanted, now=SystemClock.wall())
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=1))
    else:
        _print_table(
            ("LIST", "CATEGORY", "NAMES", "AGE", "NEXT", "SIZE", "FORMAT", "PROBLEM"), map(_status_cells, rows)
        )


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@config_option
@state_option
@click.option("--accept", is_flag=True, help="Take the named lists although they are held back.")
@click.pass_context
def update(ctx: click.Context, names: tuple[str, ...], config: Path, state: Path, *, accept: bool) -> None:
    """Fetch and compile the lists NAME..., or all that are in use; exit 1 if one failed or was held back.

    A running safedns uses them at once.
    """
    from safedns.settings.load import load_settings  # pydantic: only where settings are read

    if accept and not names:
        raise click.UsageError("--accept needs the names of the lists that are to be taken")
    step_back()
    terminal = sys.stderr.isatty()
    settings, clock = load_settings(config), SystemClock()
    outcomes = update_lists(
        state,
        settings.lists,
        load_catalogue(),
        config,
        clock=clock,
        names=names,
        accept=accept,
        report=lambda line: say(f"{_CLEAR}{line}" if terminal else line),
        progress=_show_progress if terminal else None,
        world=World(look_up=look_up_through(settings.upstreams, clock)),
    )
    if any(outcome.result == "updated" for outcome in outcomes):
        with suppress(NotRunningError):
            ask(state, "reload")
    ctx.exit(0 if all(outcome.ok for outcome in outcomes) else 1)


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object.")
@config_option
@state_option
@click.pass_context
def search(ctx: click.Context, name: str, config: Path, state: Path, *, as_json: bool) -> None:
    """Every list and service that holds NAME or needs it, and what each child and group gets for it now.

    Exit 1 if no list and no service holds it.
    """
    from safedns.cli.search import search as search_for  # pydantic: only where settings are read

    try:
        wanted = parse_name(name)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    found = search_for(wanted, config, state)
    if as_json:
        click.echo(json.dumps(found.as_object(), ensure_ascii=False, indent=2))
    elif found.holders:
        rows = ((_RELATIONS[hit.kind], hit.id, hit.category, display(hit.matched)) for hit in found.holders)
        _print_table(("IN", "NAME", "CATEGORY", "ENTRY"), rows)
        if shared := [hit.id for hit in found.holders if hit.kind == "shared"]:
            click.echo(f"\nshared by {', '.join(shared)}: needed by all of them, so it is not blocked with any")
    else:
        say(f"{display(wanted)} is in no list and no service")
    if not as_json and found.lines:
        click.echo("\n".join(["", *found.lines] if found.holders else found.lines))
    ctx.exit(0 if found.holders else 1)


@command.command("test")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "list_format", help=f"Instead of finding it out: {KNOWN}.")
@click.pass_context
def test_file(ctx: click.Context, file: Path, list_format: str | None) -> None:
    """What the list FILE would do: format, what it blocks, what is skipped and why; exit 1 if it blocks nothing."""
    terminal = sys.stderr.isatty()
    contents = read_list(file, list_format, partial(_show_progress, file.name, "reading") if terminal else None)
    if terminal:
        click.echo(_CLEAR, err=True, nl=False)
    click.echo(f"format   {contents.format}")
    for opens, count, what, examples in _holdings(contents):
        click.echo(f"{'allows' if opens else 'blocks'}   {count} {what}{_examples(examples)}")
    click.echo(f"needless {contents.needless} repeated or covered by another{_examples(contents.subsumed)}")
    click.echo(f"skipped  {sum(count.total for count in contents.skipped.values())}")
    for reason, skipped in sorted(contents.skipped.items(), key=lambda item: -item[1].total):
        click.echo(f"  {skipped.total} {reason}; line {skipped.line}: {skipped.example}")
    if needed := newly_blocked(load_catalogue().well_known, "", contents, None):
        click.echo(f"beware   {len(needed)} names that everybody needs{_examples(needed[:_SAMPLES])}")
    ctx.exit(0 if contents.entries else 1)


def _show_progress(name: str, what: str, done: int, total: int) -> None:
    share = done / total if total else 0.0
    bar = f"[{'#' * int(share * _BAR):-<{_BAR}}] {share:4.0%}" if total else f"{done / 1e6:.1f} MB"
    click.echo(f"{_CLEAR}{name}: {what} {bar}", err=True, nl=False)


def _status_cells(row: ListStatus) -> tuple[str, ...]:
    return (
        row.name,
        row.category,
        "-" if row.entries is None else str(row.entries),
        "-" if row.age is None else _length(row.age),
        "-" if row.due is None else _length(row.due),
        "-" if row.size is None else f"{row.size / 1024:.0f} KiB",
        row.format or "-",
        row.problem,
    )


def _length(seconds: float) -> str:
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "now"


_HOLDINGS = {
    "below": "names, each with all below it",
    "exact": "names alone",
    "inner": "names without themselves, only what is below",
    "allow": "names, each with all below it",
    "allow-exact": "names alone",
    "allow-inner": "names without themselves, only what is below",
    "important": "names in spite of exceptions, each with all below it",
    "important-exact": "names alone, in spite of exceptions",
    "important-inner": "names without themselves, only what is below, in spite of exceptions",
    "important-allow": "names in spite of everything, each with all below it",
    "important-allow-exact": "names alone, in spite of everything",
    "important-allow-inner": "names without themselves, only what is below, in spite of everything",
    "network": "networks of addresses",
    "allow-network": "networks of addresses",
}


def _holdings(contents: Contents) -> Iterator[tuple[bool, int, str, list[str]]]:
    """What a list holds: whether that opens, how many, in words, and the first few."""
    for kind, words in _HOLDINGS.items():
        if keys := contents.tries.get(kind):
            yield "allow" in kind, len(keys), words, [_shown(kind, key) for key in nsmallest(_SAMPLES, keys)]
    for allow in (False, True):
        texts = [pattern.text for pattern in contents.patterns if pattern.allow is allow]
        if texts:
            yield allow, len(texts), "patterns", texts[:_SAMPLES]


def _shown(kind: str, key: str) -> str:
    return str(network_of_key(key)) if kind.endswith("network") else display(name_of_key(key))


def _examples(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for line in Table(headings).render([(row, None) for row in rows]):
        click.echo(line)
