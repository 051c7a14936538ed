"""``safedns devices``: who is in this home, whose each device is and why, and what to write for those nobody claimed.

Reads the configuration, the query log, the kernel's neighbour table and the lease files, and asks the daemon, where it
runs, who has asked how much lately. Of profiles that are not logged in full it shows who is
there now, and no history. ``--json`` prints one object:

    devices      [{mac, randomised, vendor, addresses, host, profile, claim, last_seen, queries}], who asked last first;
                 ``claim`` is the line of ``devices:`` that names it, empty for one that nobody has claimed;
                 ``last_seen`` is ISO 8601, null where the log does not know; ``queries`` are those in the log, or
                 those that the daemon knows of, whichever are more
    only_router  the address of a router that asks for everybody, empty for none and without the daemon
    unknown      id of the child or group that unclaimed devices fall under
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from safedns.cli.common import config_option, say, state_option
from safedns.cli.moments import parse_moment
from safedns.cli.sightings import Asking, Sighting, directory_now, lonely_router, owners, sightings
from safedns.cli.table import Table
from safedns.cli.verdicts import iso
from safedns.clock import SystemClock
from safedns.control import ask
from safedns.errors import SafednsError
from safedns.lan.route import default_gateways
from safedns.lan.vendors import is_invented, vendor_of
from safedns.peers import is_inside
from safedns.policy.household import load_household
from safedns.record.schema import QUERY_LOG
from safedns.record.store import ClientSeen, QueryLog
from safedns.settings.model import Settings

HEADINGS = ("whose", "known by", "addresses", "hardware", "maker", "name", "last asked", "queries")


@click.command()
@click.option("--since", default="7d", show_default=True, metavar="T", help="How far back the log is read, as in logs.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object.")
@config_option
@state_option
def command(*, since: str, as_json: bool, config: Path, state: Path) -> None:
    """Every device that is or was there: whose it is, why, and the line to write for one that nobody has claimed."""
    household = load_household(config)
    settings, now = household.settings, SystemClock.wall()
    zone = ZoneInfo(settings.timezone)
    try:
        begin = parse_moment(since, now, zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error
    asking = _asking(state)
    directory = directory_now(settings)
    found = sightings(_clients(state / QUERY_LOG.name, begin), asking, directory, owners(household.policy))
    gateways = default_gateways()
    router = lonely_router(asking, directory.neighbours(), gateways)
    if as_json:
        devices = [as_object(sighting, zone) for sighting in found]
        answer = {"devices": devices, "only_router": router, "unknown": household.policy.unknown}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    _show(found, zone)
    for line in unclaimed_lines(found, household.policy.unknown, gateways):
        click.echo(line)
    if router:
        say(router_words(router, settings))


def _clients(file: Path, begin: float) -> list[ClientSeen]:
    """What the log knows; nothing where there is none yet."""
    if not file.exists():
        return []
    with QueryLog(file) as log:
        return log.clients(begin)


def _asking(state: Path) -> list[Asking]:
    """What the daemon knows; nothing where none answers."""
    try:
        told = ask(state, "clients")
    except SafednsError:
        return []
    return [Asking(*client) for resolver in told["resolvers"] for client in resolver.get("clients", ())]


def as_object(sighting: Sighting, zone: tzinfo) -> dict[str, Any]:
    """One device, as the docstring above describes it."""
    return {
        "mac": sighting.mac,
        "randomised": bool(sighting.mac) and is_invented(sighting.mac),
        "vendor": vendor_of(sighting.mac) if sighting.mac else "",
        "addresses": list(sighting.addresses),
        "host": sighting.host,
        "profile": sighting.owner.profile.id,
        "claim": sighting.owner.claim,
        "last_seen": None if sighting.last is None else iso(sighting.last, zone),
        "queries": sighting.queries,
    }


def _show(found: Sequence[Sighting], zone: tzinfo) -> None:
    if not found:
        say("no device has been seen yet")
    table = Table(HEADINGS)
    for line in table.render([(_cells(each, zone), None if each.owner.claim else "yellow") for each in found]):
        click.echo(line)


def _cells(sighting: Sighting, zone: tzinfo) -> tuple[str, ...]:
    return (
        sighting.owner.profile.name if sighting.owner.claim else "-",
        sighting.owner.claim or "nobody has claimed it",
        ", ".join(sighting.addresses) or "-",
        sighting.mac or "-",
        maker(sighting.mac) or "-",
        sighting.host or "-",
        "-" if sighting.last is None else datetime.fromtimestamp(sighting.last, zone).strftime("%Y-%m-%d %H:%M"),
        str(sighting.queries),
    )


def maker(mac: str) -> str:
    """``Apple, Inc.``; an address that the device made up tells none."""
    if not mac:
        return ""
    return "private Wi-Fi address" if is_invented(mac) else vendor_of(mac)


def unclaimed_lines(found: Sequence[Sighting], unknown: str, gateways: Collection[str]) -> list[str]:
    """What to write into ``family.yaml`` for the devices that nobody has claimed, the router apart."""
    strangers = [
        each
        for each in found
        if not each.owner.claim and each.claimable and not any(address in gateways for address in each.addresses)
    ]
    if not strangers:
        return []
    lines = ["", f"Nobody has claimed these: they fall under `{unknown}`. Under `devices:` of whoever has it, write"]
    for each in strangers:
        about = ", ".join(filter(None, (each.host, maker(each.mac), "" if not each.mac else " ".join(each.addresses))))
        lines.append(f'  - "{each.claimable}"' + (f"  # {about}" if about else ""))
    return lines


def router_words(router: str, settings: Settings) -> str:
    """What is wrong and what to do when only the router asks."""
    if is_inside(router, settings.trusted_forwarders):
        cure = "it is trusted but does not say for which device it asks: have it add that"
    else:
        cure = "have it hand out this machine as DNS server, or add for which device it asks"
    problem = f"nearly every question comes from {router}, as when a router asks for everybody"
    return f"{problem}; {cure} (docs/routers.md, Only the router asks)"
