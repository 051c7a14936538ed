"""``safedns logs``: the query log for people (a table) and programs (JSON lines, CSV). Reads only.

JSON and CSV carry the fields of ``FIELDS``, in that order; their names and meaning are stable.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import click

from safedns.cli.common import config_option, say, state_option
from safedns.cli.moments import parse_moment
from safedns.cli.table import Table
from safedns.clock import SystemClock
from safedns.errors import SafednsError
from safedns.policy.decision import Action, Reason, ReasonKind
from safedns.policy.wording import reason_words
from safedns.record.schema import QUERY_LOG
from safedns.record.store import LogFilter, LogRow, QueryLog
from safedns.wire.names import display
from safedns.wire.types import type_name
from safedns.yamlfile.messages import unknown_word

FIELDS = {
    "time": "when it was asked, ISO 8601 with the household's offset",
    "profile": "child or group; empty where nobody was identified",
    "device": "the device as the policy names it; empty for an unclaimed one",
    "client": "address that asked",
    "name": "what was asked for, canonical",
    "type": "record type, e.g. AAAA",
    "decision": "allowed, blocked, rewritten or dropped",
    "reason": "kind of the rule that decided, as in the metrics",
    "rule": "which rule: a list, service, preset",
    "matched": "the entry that matched",
    "category": "category of that entry",
    "why": "the reason in plain words",
    "rcode": "response code, a number",
    "source": "where the answer came from: policy, cache, stale, upstream, local, none",
    "upstream": "the upstream that answered",
    "protocol": "udp, tcp, tls, https or quic",
    "micros": "microseconds from question to answer",
}
"""What a JSON object or CSV line holds."""

POLL_EVERY = 0.5
DEFAULT_LIMIT = 100
BLOCK = 500
"""Rows of a table that are aligned together; columns may widen with the next ones."""
HEADINGS = ("time", "who", "device", "name", "type", "decision", "why", "answer")

Titles = Callable[[str], str | None]
"""Service id -> its title, or ``None`` where there is no such service."""


class Output(Protocol):
    """One way of showing rows."""

    def show(self, rows: Iterable[LogRow]) -> None:
        """Print ``rows``."""
        ...


def why(row: LogRow, title: Titles) -> str:
    """The reason in plain words: ``TikTok is off``, ``bedtime``, ``list hostsvn-adult (adult)``."""
    try:
        kind = ReasonKind(row.reason)
    except ValueError:
        return row.reason
    service = title(row.rule) if row.rule else None
    if row.action == Action.ALLOW:
        return _why_allowed(row, kind, service)
    if kind in (ReasonKind.SAFETY, ReasonKind.CATEGORY) and row.rule:
        return f"{service or f'list {row.rule}'} ({row.category})"
    reason = Reason(kind, service or row.rule, row.matched, row.category)
    words = reason_words(reason, Action.REWRITE if row.action == Action.REWRITE else Action.BLOCK)
    if kind is ReasonKind.BLOCK_LIST:
        return f"{words} ({display(row.matched)})"
    if kind in (ReasonKind.WINDOW, ReasonKind.LIMIT) and service:
        return f"{service}: {words}"
    return words


def _why_allowed(row: LogRow, kind: ReasonKind, service: str | None) -> str:
    if kind is ReasonKind.DEFAULT:
        return ""
    if kind is ReasonKind.SERVICE:
        return f"{service or row.rule} is on"
    if kind is ReasonKind.CATEGORY:
        return f"{row.category} is on"
    return reason_words(Reason(kind, service or row.rule, row.matched, row.category), Action.ALLOW)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, zone: tzinfo | None, title: Titles) -> None:
        self._zone = zone
        self._title = title

    def show(self, rows: Iterable[LogRow]) -> None:
        """Print ``rows``."""
        for row in rows:
            click.echo(json.dumps(_fields(row, self._zone, self._title), ensure_ascii=False))


class Csv:
    """Comma-separated values with a header line."""

    def __init__(self, zone: tzinfo | None, title: Titles) -> None:
        self._zone = zone
        self._title = title
        self._writer = csv.DictWriter(sys.stdout, FIELDS, lineterminator="\n")
        self._writer.writeheader()

    def show(self, rows: Iterable[LogRow]) -> None:
        """Print ``rows``."""
        self._writer.writerows(_fields(row, self._zone, self._title) for row in rows)
        sys.stdout.flush()


class People:
    """A table, what was blocked in red on a terminal."""

    def __init__(self, zone: tzinfo | None, title: Titles) -> None:
        self._zone = zone
        self._title = title
        self._table = Table(HEADINGS)

    def show(self, rows: Iterable[LogRow]) -> None:
        """Print ``rows``."""
        remaining = iter(rows)
        while block := list(islice(remaining, BLOCK)):
            lines = [(self._cells(row), "red" if row.action == Action.BLOCK else None) for row in block]
            for line in self._table.render(lines):
                click.echo(line)

    def _cells(self, row: LogRow) -> tuple[str, ...]:
        return (
            datetime.fromtimestamp(row.at, self._zone).strftime("%Y-%m-%d %H:%M:%S"),
            row.profile or "-",
            row.device or row.client,
            display(row.name),
            type_name(row.qtype),
            row.action,
            why(row, self._title),
            f"{row.source} {row.upstream}".rstrip(),
        )


def _fields(row: LogRow, zone: tzinfo | None, title: Titles) -> dict[str, object]:
    stored = row._asdict()
    made = {
        "time": datetime.fromtimestamp(row.at, zone).astimezone(zone).isoformat(timespec="milliseconds"),
        "type": type_name(row.qtype),
        "decision": row.action,
        "why": why(row, title),
    }
    return {field: made[field] if field in made else stored[field] for field in FIELDS}


def follow(log: QueryLog, wanted: LogFilter, output: Output, wait: Callable[[], None]) -> None:
    """Show the last rows, then each new one as it is written, until ``wait`` raises ``KeyboardInterrupt``."""
    last = log.last_id()

    def noted(rows: Iterable[LogRow]) -> Iterator[LogRow]:
        nonlocal last
        for row in rows:
            last = max(last, row.id)
            yield row

    output.show(noted(log.search(wanted)))
    with suppress(KeyboardInterrupt):
        while True:
            wait()
            newest = log.last_id()
            if newest < last:
                # Every row was purged, and the numbers began again.
                last = 0
            output.show(noted(log.follow(wanted, last)))
            last = max(last, newest)


def service_titles(config: Path) -> Titles:
    """Looks up the title of a service, each once: only those that appear are read."""
    from safedns.blocklist.bundled import bundled
    from safedns.blocklist.services import load_service

    @cache
    def title(service: str) -> str | None:
        try:
            folders = (config / "services", bundled("blocklists", "services"))
            found = next((path for folder in folders if (path := folder / f"{service}.yaml").is_file()), None)
            return load_service(found).title if found else None
        except SafednsError:
            return None

    return title


def household_zone(config: Path) -> tzinfo | None:
    """The household's time zone; the machine's (``None``) where the configuration cannot be read."""
    from safedns.settings.load import load_settings

    try:
        return ZoneInfo(load_settings(config).timezone)
    except SafednsError:
        return None


def find_profile(config: Path, log: QueryLog, text: str) -> str:
    """The id of the child or group that ``text`` means: an id or a shown name, or one that only the log still knows.

    Raises ``click.BadParameter`` for a word that neither knows; without a readable configuration it is taken as it is.
    """
    from safedns.cli.verdicts import profile_called
    from safedns.policy.household import load_household

    try:
        policy = load_household(config).policy
    except SafednsError:
        return text
    if (profile := profile_called(policy, text)) is not None:
        return profile.id
    if text in log.profiles():
        return text
    message = unknown_word(text, [profile.id for profile in policy.profiles], "is no child or group")
    raise click.BadParameter(message, param_hint="--child")


def _moment(zone: tzinfo | None, option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_moment(text, SystemClock().wall(), zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


@click.command(help="The query log, the newest last.")
@click.option("--child", metavar="X", help="A child or group, by short or shown name.")
@click.option("--device", metavar="D", help="A device as the policy names it, or an address.")
@click.option("--blocked", is_flag=True, help="Only what was blocked.")
@click.option("--since", metavar="T", help="30m, 2h, 1d, 21:30 or '2026-11-23 21:30'.")
@click.option("--until", metavar="T", help="Likewise; not included.")
@click.option("--name", metavar="PART", help="Part of a name.")
@click.option("--follow", "following", is_flag=True, help="Go on with new rows until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a header.")
@click.option("--limit", type=click.IntRange(min=0), default=DEFAULT_LIMIT, show_default=True, help="0 = all.")
@config_option
@state_option
def command(
    *,
    child: str | None,
    device: str | None,
    blocked: bool,
    since: str | None,
    until: str | None,
    name: str | None,
    following: bool,
    as_json: bool,
    as_csv: bool,
    limit: int,
    config: Path,
    state: Path,
) -> None:
    """Exit 0, also when no row matches; 1 when there is no log to read; 2 for an option that makes no sense."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    zone = household_zone(config)
    wanted = LogFilter(
        device=device,
        blocked=blocked,
        since=_moment(zone, "--since", since),
        until=_moment(zone, "--until", until),
        name_part=name,
        limit=limit or None,
    )
    with QueryLog(state / QUERY_LOG.name, display) as log:
        if child is not None:
            wanted = wanted._replace(profile=find_profile(config, log, child))
        shape = JsonLines if as_json else Csv if as_csv else People
        output: Output = shape(zone, service_titles(config))
        if following:
            follow(log, wanted, output, lambda: time.sleep(POLL_EVERY))
        else:
            output.show(_told_when_cut(log.search(wanted), limit))


def _told_when_cut(rows: Iterable[LogRow], limit: int) -> Iterator[LogRow]:
    """The rows; behind the last one that ``limit`` (0 = none) lets through, a message says so."""
    for number, row in enumerate(rows, 1):
        yield row
        if number == limit:
            say(f"these are the last {limit}; there may be older ones: --limit 0 shows all")
