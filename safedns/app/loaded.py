"""One policy in force, with the lists and what holds only for now: made by ``load``, looked at anew by ``renew``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from safedns.app.household import Sealed
from safedns.app.live import days_of, read_live, state_file
from safedns.blocklist.library import Library, open_library
from safedns.errors import StorageError
from safedns.policy.compile import Compiler
from safedns.policy.live import NOTHING_LIVE, Live
from safedns.policy.snapshot import Snapshot

log = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """What a resolver decides by, and what it was made of."""

    sealed: Sealed
    library: Library
    compiler: Compiler
    live: Live
    snapshot: Snapshot
    until: float
    """When the first of the profiles' days ends (epoch seconds): then it is time to ``renew``."""


def load(state: Path, sealed: Sealed, now: float, *, epoch: int, live: Live = NOTHING_LIVE) -> Loaded:
    """Open the lists and compile the policy; ``live`` holds on where ``state.db`` cannot be read."""
    services = (sealed.settings.folder / "services",)
    exceptions = sealed.settings.lists.exceptions
    library = open_library(state, extra_service_folders=services, only=sealed.lists, exceptions=exceptions)
    for problem in library.problems:
        log.warning("%s", problem)
    return _made(state, sealed, library, Compiler(sealed.policy, library), live, now, epoch)


def renew(state: Path, before: Loaded, now: float) -> Loaded:
    """The same policy and lists at ``now``, with what is decided and used by now; quick where little has changed."""
    sealed, library, compiler, live, snapshot, _ = before
    return _made(state, sealed, library, compiler, live, now, snapshot.epoch)


def _made(
    state: Path, sealed: Sealed, library: Library, compiler: Compiler, live: Live, now: float, epoch: int
) -> Loaded:
    try:
        live = read_live(state_file(state), sealed.policy, now)
    except StorageError as error:
        log.warning("%s; what was decided and used before holds on", error)
    until = 60.0 * min(day.end for day in days_of(sealed.policy, now).values())
    return Loaded(sealed, library, compiler, live, compiler.snapshot(now=now, epoch=epoch, live=live), until)
