"""What is true only for now: a parent's overrides and the minutes used today. Plain values out of ``state.db``.

YAML says how things are meant; this says what a parent decided a moment ago, and what has been used up. Read by
``compile``; made by ``record.state`` (through ``app``), or by hand in a test. Holds no rules and reads no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

OverrideKind = Literal["pause", "grant", "block"]
TargetKind = Literal["internet", "service", "category", "name"]


class Target(NamedTuple):
    """What an override or a limit is about."""

    kind: TargetKind
    value: str = ""
    """A service or category id, a canonical name; empty for ``internet``."""

    def __str__(self) -> str:
        """As parents write it: ``internet``, ``roblox``, ``games``, ``example.com``."""
        return self.value or self.kind


class Override(NamedTuple):
    """A parent's temporary exception for one profile: half-open, epoch seconds."""

    number: int
    """Later ones have higher numbers; of several that cover a name the newest decides."""
    profile: str
    kind: OverrideKind
    target: Target
    start: float
    until: float


class Used(NamedTuple):
    """Minutes used, and extra minutes given, of one limit on one local day."""

    seconds: int = 0
    """Estimated from queries."""
    bonus: int = 0
    """Seconds that a parent added for this day."""


class Live(NamedTuple):
    """Everything that holds only for now."""

    overrides: tuple[Override, ...] = ()
    """The newest first; ended ones are left out."""
    used: Mapping[tuple[str, Target, date], Used] = MappingProxyType({})
    """By profile id, target and local day of that profile."""


NOTHING_LIVE = Live()
"""No override, nothing used."""
