"""The short-lived process that fetches and compiles the lists that are due; prints ``changed`` if any is new."""

from __future__ import annotations

import argparse
import logging
import sys

from safedns.app.lookup import look_up_through
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.fetch import World
from safedns.blocklist.schedule import due
from safedns.blocklist.update import update
from safedns.clock import SystemClock
from safedns.settings.load import load_settings

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace) -> None:
    """Failures are logged and tried again later; the last good lists stay."""
    clock, catalogue = SystemClock(), load_catalogue()
    settings = load_settings(arguments.config)
    state, lists = arguments.state, settings.lists
    names = due(state, lists, catalogue, arguments.config, now=clock.wall())
    if not names:
        return
    world = World(look_up=look_up_through(settings.upstreams, clock))
    outcomes = update(state, lists, catalogue, arguments.config, clock=clock, names=names, report=log.info, world=world)
    if any(outcome.result == "updated" for outcome in outcomes):
        sys.stdout.write("changed\n")
