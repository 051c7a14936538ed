"""What the rules say about a name, worked out without the daemon: shared by ``explain`` and ``lists search``.

Reads the lists and the state that the daemon would use and runs the very rules that decide; must not decide anything of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from math import inf, isfinite
from pathlib import Path
from typing import Any, NamedTuple

from safedns import RELEASE
from safedns.app.live import read_live, state_file
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.library import Library, open_library
from safedns.blocklist.wanted import wanted_lists
from safedns.cli.common import say
from safedns.errors import StorageError
from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.explain import Explanation, Step, when
from safedns.policy.household import Household
from safedns.policy.live import NOTHING_LIVE, Override
from safedns.policy.model import Policy, ProfileSpec
from safedns.policy.snapshot import Profile, Snapshot
from safedns.policy.vocabulary import own_services
from safedns.policy.wording import reason_words
from safedns.resolve.local import local_names
from safedns.wire.names import key_of
from safedns.wire.query import decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import QType


class Verdict(NamedTuple):
    """What a child or group gets for a name."""

    profile: Profile
    explanation: Explanation


def lists_of(household: Household, config: Path, state: Path) -> Library:
    """The lists that the daemon would use; says how many are missing, for they cannot block anything here."""
    wanted = wanted_lists(household.settings.lists, load_catalogue(), config)
    only = [item.name for item in wanted]
    exceptions = household.settings.lists.exceptions
    library = open_library(state, extra_service_folders=(own_services(config),), only=only, exceptions=exceptions)
    if library.problems:
        more = f" (and {len(library.problems) - 1} more)" if len(library.problems) > 1 else ""
        say(f"warning: not every list can be asked: {library.problems[0]}{more}; see `safedns lists status`")
    return library


def profile_called(policy: Policy, who: str) -> ProfileSpec | None:
    """The child or group with that id or shown name, in any letter case."""
    wanted = who.strip().casefold()
    return next((spec for spec in policy.profiles if wanted in (spec.id.casefold(), spec.name.casefold())), None)


def services_of(config: Path, state: Path) -> Library:
    """The services without any list, for what no name is asked of: limits, titles."""
    return open_library(state, extra_service_folders=(own_services(config),), only=())


def snapshot_of(
    household: Household,
    lists: Library,
    state: Path,
    at: float,
    *,
    release: float = RELEASE,
    also: tuple[Override, ...] = (),
) -> Snapshot:
    """The rules at ``at`` (epoch seconds) with what was decided (and ``also`` this) and used by then."""
    live = NOTHING_LIVE
    try:
        live = read_live(state_file(state), household.policy, at)
    except (StorageError, OSError) as error:
        say(f"warning: {error}; overrides and minutes of use are left out here")
    live = live._replace(overrides=(*also, *live.overrides))
    return compile_snapshot(household.policy, lists, now=at, release=release, live=live)


def judge(household: Household, snapshot: Snapshot, profile: Profile, name: str, qtype: int, at: float) -> Explanation:
    """What ``profile`` gets for the canonical ``name`` at ``at`` (epoch seconds): what is answered here comes first."""
    return _local(household, name, qtype) or snapshot.explain(profile, name, key_of(name), qtype, at)


def judge_for_all(household: Household, snapshot: Snapshot, name: str, at: float) -> Iterator[Verdict]:
    """What every child and group gets for the canonical ``name``, in the order of the policy."""
    for profile in snapshot.profiles.values():
        yield Verdict(profile, judge(household, snapshot, profile, name, QType.A, at))


def as_line(verdict: Verdict, at: float, zone: tzinfo) -> str:
    """``Bình: blocked (zalo is off) until 06:30``, ``adults: allowed``."""
    profile, (_, decision, until) = verdict
    words = outcome_words(decision)
    if decision.blocked:
        words += f" ({reason_words(decision.reason, decision.action)})"
    return f"{profile.name}: {words}" + (f" until {when(until, at, zone)}" if isfinite(until) else "")


def outcome_words(decision: Decision) -> str:
    """``blocked``, ``answered by strict.bing.com``, ``answered here``."""
    if decision.reason.kind is ReasonKind.LOCAL:
        return "answered here"
    return f"answered by {decision.target}" if decision.target else decision.action.value


def why_words(decision: Decision) -> str:
    """The kind of rule that decided, and which: ``bedtime``, ``service: tiktok is off``, ``default: open``."""
    kind, rule = str(decision.reason.kind), decision.reason.rule
    words = reason_words(decision.reason, decision.action) if decision.blocked else rule
    return kind if words in ("", kind) else f"{kind}: {words}"


def outcome_fields(decision: Decision) -> dict[str, Any]:
    """``outcome``, ``target``, ``ede`` and ``reason``, as the docstring of ``explain`` describes them."""
    local = decision.reason.kind is ReasonKind.LOCAL
    return {
        "outcome": "local" if local else decision.action.value,
        "target": decision.target,
        "ede": None if decision.action is Action.ALLOW else int(decision.ede),
        "reason": decision.reason._asdict(),
    }


def iso(instant: float, zone: tzinfo) -> str | None:
    """ISO 8601 with offset; ``None`` for an instant that is not known."""
    return datetime.fromtimestamp(instant, zone).isoformat(timespec="seconds") if isfinite(instant) else None


def _local(household: Household, name: str, qtype: int) -> Explanation | None:
    """The answer that comes before every rule: ``records`` and special names."""
    settings = household.settings
    names = local_names(settings)
    if names.answer(decode_query(plain_request(name, qtype, 0))) is None:
        return None
    step = Step("local", "a name of this house or one that must not leave it: answered before any rule", decided=True)
    return Explanation((step,), Decision(Action.ALLOW, Reason(ReasonKind.LOCAL)), inf)
