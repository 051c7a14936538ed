"""The short-lived process that reads the configuration, so that no long-lived one carries YAML and validation.

Checks both files, compiles the starter lists where they are missing or outdated, and writes the plan and the sealed
household to standard output. Every problem goes to standard error, and the exit status says that there was one.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from safedns.app.household import Sealed, seal
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.header import header_path
from safedns.blocklist.library import lists_folder
from safedns.blocklist.prepare import prepare as prepare_lists
from safedns.blocklist.wanted import wanted_lists
from safedns.clock import SystemClock
from safedns.errors import Problem
from safedns.policy.household import load_household
from safedns.settings.itself import own_upstreams
from safedns.settings.load import FILE
from safedns.settings.model import Settings
from safedns.supervisor.addresses import local_addresses
from safedns.supervisor.plan import Page, Plan, Prepared

if TYPE_CHECKING:
    from safedns.settings.certificate import Shown


def run(arguments: argparse.Namespace) -> None:
    """Raises ``SafednsError`` with everything that is wrong."""
    sys.stdout.buffer.write(prepare(arguments.config, arguments.state).encode())


def prepare(config: Path, state: Path) -> Prepared:
    """A checked configuration with its starter lists ready."""
    household = load_household(config)
    settings = household.settings
    shown = certificate_of(settings)
    lists_left_out = prepare_lists(state, settings, config, now=SystemClock().wall())
    wanted = wanted_lists(settings.lists, load_catalogue(), config)
    absent = {
        each.name: each.category
        for each in wanted
        if each.file is None and not header_path(lists_folder(state), each.name).exists()
    }
    own_files = (str(each.file) for each in wanted if each.own and each.file is not None)
    metrics = settings.listen_metrics
    plan = Plan(
        listen=tuple((service, endpoint.host, endpoint.port) for service, endpoint in settings.listen),
        metrics=(metrics.host, metrics.port) if metrics is not None else None,
        workers=settings.workers,
        log_keep=settings.log_keep,
        refresh=settings.lists.refresh if any(each.file is None for each in wanted) else 0,
        tryout=tuple(
            (spec.name, device)
            for spec in household.policy.profiles
            for device in spec.devices
            if device.startswith("127.")
        ),
        warnings=(*map(str, (*household.warnings, *warnings_here(settings, shown))), *lists_left_out),
        absent=tuple(absent),
        files=(*certificate_files(settings), *own_files),
        page=_page(settings),
    )
    lists = tuple(each.name for each in wanted if each.name not in absent)
    credentials = shown.credentials if shown else None
    return Prepared(plan, seal(Sealed(settings, household.policy, lists, tuple(absent.items()), credentials)))


def certificate_of(settings: Settings) -> Shown | None:
    """What encrypted listeners are to show; ``None`` without any; raises ``ConfigError`` when it is of no use."""
    if not any(settings.listen_encrypted.values()):
        return None
    from safedns.settings.certificate import read_certificate  # 10 MB that a house without encryption does not need

    return read_certificate(settings, settings.folder / FILE, SystemClock().wall())


def warnings_here(settings: Settings, shown: Shown | None) -> tuple[Problem, ...]:
    """What is doubtful here and now: what ``certificate_of`` gave, and upstreams at addresses of this machine."""
    return (*(shown.warnings if shown else ()), *_asking_itself(settings))


def _asking_itself(settings: Settings) -> Iterator[Problem]:
    """A warning and no more, for addresses come and go; without wildcards the settings themselves say it all."""
    if any(ip_address(endpoint.host).is_unspecified for endpoint in settings.listen_dns):
        addresses = {*local_addresses(socket.AF_INET), *local_addresses(socket.AF_INET6)}
        yield from own_upstreams(settings, settings.folder / FILE, addresses)


def certificate_files(settings: Settings) -> tuple[str, ...]:
    """The files that a renewal replaces."""
    given = settings.certificate
    return () if given is None else (str(given.cert.absolute()), str(given.key.absolute()))


def _page(settings: Settings) -> Page | None:
    endpoint = settings.listen_page
    return None if endpoint is None else Page((endpoint.host, endpoint.port), settings.language, settings.contact)
