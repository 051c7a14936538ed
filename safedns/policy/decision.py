"""What the policy says about one query, and why. Values only: made by the snapshot, read by pipeline and explain."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from safedns.wire.types import Ede


class Action(StrEnum):
    """What happens to a query."""

    ALLOW = "allowed"
    BLOCK = "blocked"
    REWRITE = "rewritten"
    REFUSE = "refused"
    """Told an error by safedns itself: a sender that may not ask, a malformed query, an internal failure."""
    DROP = "dropped"


class ReasonKind(StrEnum):
    """Why: a closed set, used as a metric label. The first eleven are the steps of the documented walk, in order."""

    OVERRIDE = "override"
    SAFETY = "safety"
    ALLOW_LIST = "allow"
    BLOCK_LIST = "block"
    BEDTIME = "bedtime"
    HOMEWORK = "homework"
    WINDOW = "window"
    LIMIT = "limit"
    SERVICE = "service"
    CATEGORY = "category"
    DEFAULT = "default"
    SAFE_SEARCH = "safe_search"
    CLOCK = "clock"
    """The machine's clock is plainly wrong, so a child's time rules read as blocked."""
    LOOK_ALIKE = "look_alike"
    """Foreign letters that look like the name of something that is closed."""
    UPSTREAM = "upstream"
    """The resolver that was asked keeps the name closed itself."""
    HOME_ADDRESS = "home_address"
    """A name of the Internet that leads to an address at home."""
    LOCAL = "local"
    """Answered from ``records`` or a special-use name."""
    CLIENT = "client"
    """The sender may not ask, or asks too much."""
    MALFORMED = "malformed"
    FAILURE = "failure"
    """An exception inside safedns: never an unfiltered answer."""


class Reason(NamedTuple):
    """Why a decision fell; everything a parent needs to find the rule again."""

    kind: ReasonKind
    rule: str = ""
    """Which rule, in the words of the policy: a list, service, category or preset (``tiktok``, ``hostsvn-adult``)."""
    matched: str = ""
    """The entry that matched, canonical: ``tiktok.com`` for a query of ``www.tiktok.com``; empty if no name did."""
    category: str = ""


class Decision(NamedTuple):
    """What happens to one query of one profile at one instant."""

    action: Action
    reason: Reason
    ede: int = Ede.FILTERED
    """RFC 8914 code of a blocked or rewritten reply."""
    target: str = ""
    """For ``REWRITE``: the canonical name that answers instead."""

    @property
    def blocked(self) -> bool:
        return self.action is Action.BLOCK
