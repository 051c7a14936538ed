"""``safedns cache``: how full the answer cache of the running safedns is and what it is good for; flush.

``stats --json`` prints a list, an object for each resolver process (``workers``):

    entries, entries_most  answers that are kept, also outdated ones; how many may be
    bytes, bytes_most      memory that they take, estimated; how much they may
    oldest                 seconds since the first of them was stored; null where there is none
    finished, hit          queries answered from finished replies, and from the cache, since the process began
    miss, expired          look-ups that found nothing, or nothing that was still good
    stale                  outdated answers that served because no upstream answered
    renewed                popular answers that were asked for before their end (``prefetch``)
    evicted                answers that had to go to make room
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from safedns.cli.common import say, state_option
from safedns.control import ask
from safedns.wire.names import display, parse_name

FIELDS = (
    "entries", "entries_most", "bytes", "bytes_most", "oldest",
    "finished", "hit", "miss", "expired", "stale", "renewed", "evicted",
)  # fmt: skip


@click.group("cache", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Answers that are kept: stats (the default), flush."""
    if context.invoked_subcommand is None:
        context.invoke(stats)


@command.command()
@state_option
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects, one for each process.")
@click.pass_context
def stats(context: click.Context, state: Path, *, as_json: bool) -> None:
    """How many answers are kept, and what they are good for; exit 1 where a process does not say, 3 where none runs."""
    caches, silent = _told(ask(state, "cache"))
    if as_json:
        click.echo(json.dumps([{field: cache[field] for field in FIELDS} for cache in caches], indent=1))
    else:
        for line in _lines(caches):
            click.echo(line)
    _end(context, silent)


@command.command()
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="Forget every answer.")
@state_option
@click.pass_context
def flush(context: click.Context, name: str | None, state: Path, *, everything: bool) -> None:
    """Forget what is known of NAME and of all names below it; exit 1 where a process did not, 3 where none runs."""
    if (name is None) is not everything:
        raise click.UsageError("expected a name, such as example.com, or --all")
    try:
        wanted = "." if name is None else parse_name(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    caches, silent = _told(ask(state, "cache", flush=wanted))
    forgotten = sum(cache["forgotten"] for cache in caches)
    below = "" if wanted == "." else f" for {display(wanted)} and names below it"
    click.echo(f"forgot {forgotten:,} {'answer' if forgotten == 1 else 'answers'}{below}")
    _end(context, silent)


def _told(answer: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """What the processes said, and how many said nothing."""
    caches = [cache for cache in answer["caches"] if cache]
    return caches, len(answer["caches"]) - len(caches)


def _end(context: click.Context, silent: int) -> None:
    if silent:
        say(f"{silent} resolver {'process' if silent == 1 else 'processes'} did not answer")
        context.exit(1)


def _lines(caches: list[dict[str, Any]]) -> Iterator[str]:
    total = {field: sum(cache[field] for cache in caches) for field in FIELDS if field != "oldest"}
    yield f"{total['entries']:,} answers are kept, of {total['entries_most']:,} that may be"
    yield f"{_mebibytes(total['bytes'])} of {_mebibytes(total['bytes_most'])} of memory"
    if ages := [cache["oldest"] for cache in caches if cache["oldest"] is not None]:
        yield f"the oldest was stored {max(ages) // 60:,} minutes ago"
    yield f"{total['finished'] + total['hit']:,} queries were answered by them, {total['stale']:,} by outdated ones"
    yield f"{total['miss'] + total['expired']:,} had to be asked for, {total['expired']:,} of them again"
    yield f"{total['renewed']:,} were renewed before their end"
    yield f"{total['evicted']:,} answers had to make room"


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"
