"""``safedns lists search``: who holds a name, and what follows for everybody at home now.

Works without the daemon. Where the configuration cannot be used, the lists are searched all the same. ``--json``
prints one object:

    name      canonical
    at        ISO 8601 with offset; null where the configuration cannot be used
    in        [{kind, id, category, entry}]; ``kind`` is list | spared | service | shared, ``entry`` what covers it:
              canonical, or a pattern as its maker wrote it. ``spared``: a list that would block the name but for the
              exception ``entry``; ``shared``: a service that needs the name, which others need too
    profiles  [{profile, name, kind, outcome, target, ede, reason, until}] in the order of family.yaml, each field as
              in ``safedns explain --json``; null where the configuration cannot be used
"""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from safedns.blocklist.library import Hit, open_library
from safedns.cli.common import say
from safedns.cli.verdicts import Verdict, as_line, iso, judge_for_all, lists_of, outcome_fields, snapshot_of
from safedns.clock import SystemClock
from safedns.errors import SafednsError
from safedns.policy.household import load_household


class Judged(NamedTuple):
    """What everybody gets for the name."""

    at: float
    """Epoch seconds."""
    zone: tzinfo
    verdicts: tuple[Verdict, ...]


class Found(NamedTuple):
    """What there is to say about a name."""

    name: str
    holders: list[Hit]
    judged: Judged | None
    """``None`` where the configuration cannot be used."""

    @property
    def lines(self) -> list[str]:
        """One for each child and group."""
        if self.judged is None:
            return []
        return [as_line(verdict, self.judged.at, self.judged.zone) for verdict in self.judged.verdicts]

    def as_object(self) -> dict[str, Any]:
        """The stable form for machines, as the module's docstring describes it."""
        judged = self.judged
        return {
            "name": self.name,
            "at": iso(judged.at, judged.zone) if judged else None,
            "in": [
                {"kind": hit.kind, "id": hit.id, "category": hit.category, "entry": hit.matched} for hit in self.holders
            ],
            "profiles": [_verdict_object(verdict, judged.zone) for verdict in judged.verdicts] if judged else None,
        }


def search(name: str, config: Path, state: Path) -> Found:
    """Look the canonical ``name`` up in the lists and services in use, and put it to everybody's rules."""
    try:
        household = load_household(config)
    except SafednsError as error:
        say(f"what each child gets is not known, the configuration cannot be used: {str(error).splitlines()[0]}")
        library = open_library(state)
        for problem in library.problems:
            say(problem)
        return Found(name, library.search(name), None)
    library, now = lists_of(household, config, state), SystemClock.wall()
    snapshot = snapshot_of(household, library, state, now)
    verdicts = tuple(judge_for_all(household, snapshot, name, now))
    return Found(name, library.search(name), Judged(now, snapshot.zone, verdicts))


def _verdict_object(verdict: Verdict, zone: tzinfo) -> dict[str, Any]:
    profile, (_, decision, until) = verdict
    return {
        "profile": profile.id,
        "name": profile.name,
        "kind": profile.kind,
        **outcome_fields(decision),
        "until": iso(until, zone),
    }
