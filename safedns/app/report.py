"""What a resolver says of itself: the status for people and programs, its cache, gauges for metrics."""

from __future__ import annotations

from collections import Counter

from safedns.app.loaded import Loaded
from safedns.blocklist.downloads import Downloads
from safedns.peers import TALLIED, Peers
from safedns.policy.live import Live, Override, Target
from safedns.policy.snapshot import Profile
from safedns.record.counters import Counters, Key
from safedns.resolve.cache import AnswerCache
from safedns.supervisor.channel import Message


def status(loaded: Loaded, now: float) -> Message:
    """What applies to each profile, and which lists there are; ``cli.status`` describes the fields."""
    lists = [{"name": a.name, "category": a.category, "entries": a.header.entries} for a in loaded.library.artefacts]
    return {"profiles": [_profile(loaded, each, now) for each in loaded.snapshot.profiles.values()], "lists": lists}


def cache(kept: AnswerCache, counters: Counters, mono: float) -> Message:
    """The answer cache and what it was good for since the process began; ``cli.cache`` describes the fields."""
    counted = {event: counters.total("cache", event) for event in ("miss", "expired", "stale", "renewed", "evicted")}
    return {
        "entries": len(kept),
        "entries_most": kept.settings.entries,
        "bytes": kept.memory,
        "bytes_most": kept.settings.memory,
        "oldest": kept.oldest(mono),
        "finished": counters.total("memo", "hit"),
        "hit": counters.total("cache", "hit"),
        **counted,
    }


def clients(peers: Peers) -> Message:
    """Who has asked most lately: [address, claim, queries]; not for what they asked."""
    return {"clients": [[*client, queries] for client, queries in peers.tally().most_common(TALLIED)]}


def set_gauges(gauges: dict[Key, float], loaded: Loaded, downloads: Downloads, now: float) -> None:
    """What goes up and down with the policy, the lists, and what holds only for now."""
    snapshot = loaded.snapshot
    for profile in snapshot.profiles.values():
        gauges["next_edge", profile.id] = snapshot.next_edge(profile, now)
        for kind, number in Counter(each.kind for each in overrides_of(loaded.live, profile.id, now)).items():
            gauges["overrides", profile.id, kind] = number
        for quota in snapshot.limits(profile, now):
            gauges["limit_used", profile.id, str(quota.target)] = quota.used
            gauges["limit_allowed", profile.id, str(quota.target)] = quota.allowance + quota.bonus
    if (credentials := loaded.sealed.credentials) is not None:
        gauges["certificate_expires",] = credentials.expires
    for name, category in loaded.sealed.absent:
        gauges["list_entries", name, category] = 0
        gauges["list_held", name] = downloads.held(name).exists()
    for artefact in loaded.library.artefacts:
        gauges["list_entries", artefact.name, artefact.category] = artefact.header.entries
        if checked := downloads.meta(artefact.name).checked:  # ours are never fetched and do not grow old
            gauges["list_updated", artefact.name] = checked
            gauges["list_held", artefact.name] = downloads.held(artefact.name).exists()


def overrides_of(live: Live, profile: str, now: float) -> list[Override]:
    """Those of a profile that hold at ``now``, the newest first; of several about one thing only the newest does."""
    found: dict[Target, Override] = {}
    for each in live.overrides:
        if each.profile == profile and each.start <= now < each.until:
            found.setdefault(each.target, each)
    return list(found.values())


def _profile(loaded: Loaded, profile: Profile, now: float) -> Message:
    return {
        "id": profile.id,
        "name": profile.name,
        "kind": profile.kind,
        "preset": profile.preset,
        "now": loaded.snapshot.now_line(profile, now),
        "overrides": [
            {"kind": each.kind, "target": str(each.target), "until": each.until}
            for each in overrides_of(loaded.live, profile.id, now)
        ],
        "limits": [
            {"target": str(quota.target), "allowance": quota.allowance, "bonus": quota.bonus, "used": quota.used,
             "left": quota.left}
            for quota in loaded.snapshot.limits(profile, now)
        ],
    }  # fmt: skip
