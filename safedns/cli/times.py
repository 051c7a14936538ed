"""One household at many instants, worked out without the daemon: shared by ``test`` and ``dry-run``."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from safedns.blocklist.library import Library
from safedns.policy.compile import compile_snapshot
from safedns.policy.household import Household
from safedns.policy.snapshot import Snapshot


class Times:
    """A snapshot for each day that is asked about, made when it is first needed."""

    def __init__(self, household: Household, library: Library) -> None:
        self.household = household
        self.zone = ZoneInfo(household.policy.timezone)
        self._library = library
        self._snapshots: dict[date, Snapshot] = {}

    def snapshot(self, at: float) -> Snapshot:
        """What the policy means around ``at`` (epoch seconds); a time that somebody asks about is never too early."""
        day = datetime.fromtimestamp(at, self.zone).date()
        if day not in self._snapshots:
            self._snapshots[day] = compile_snapshot(self.household.policy, self._library, now=at, release=0.0)
        return self._snapshots[day]
