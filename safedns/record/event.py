"""One answered query as it travels from a resolver to the recorder: plain tuples, made once per query.

An ``Outcome`` is everything that is the same each time the same name gets the same answer for the same profile, so a
resolver keeps one per finished reply and the query log stores each only once; an ``Event`` is one query.
"""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """What was decided and answered, without who asked and when."""

    profile: str
    """Profile id; empty where the query was refused before anybody was identified."""
    name: str
    """Canonical qname."""
    qtype: int
    action: str
    """``policy.decision.Action`` value: allowed, blocked, rewritten, dropped."""
    reason: str
    """``policy.decision.ReasonKind`` value."""
    rule: str
    matched: str
    category: str
    rcode: int
    source: str
    """Where the answer came from: policy, cache, stale, upstream, local, none."""
    upstream: str
    """Name of the upstream that answered; empty unless ``source`` is upstream."""
    protocol: str
    """udp | tcp | tls | https | quic."""
    log: str
    """full | summary | off: the profile's log level. An event of level ``off`` is made only to count a minute."""
    meters: tuple[tuple[str, str], ...]
    """What limits of the profile the query counts for: kind and value of each target (``policy.live.Target``)."""


class Event(NamedTuple):
    """One query. Field order is the wire format of the event pipe (``record.link``)."""

    at: float
    """Wall clock, seconds since the epoch."""
    client: str
    """Address, presentation form."""
    device: str
    """The device as the policy names it (address, network, range), or empty for an unclaimed one."""
    micros: int
    """Time from reading the query to handing over the reply, microseconds."""
    outcome: Outcome
