"""One answered query as it travels from a resolver to the recorder. A plain tuple: it is made once per query."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """What is recorded of one query. Field order is the wire format of the event pipe (``record.link``)."""

    at: float
    """Wall clock, seconds since the epoch."""
    client: str
    """Address, presentation form."""
    device: str
    """The device as the policy names it (an address, network or name), or the address for an unclaimed one."""
    profile: str
    """Profile id."""
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
    """Where the answer came from: policy, cache, upstream, local, none."""
    upstream: str
    """Name of the upstream that answered; empty unless ``source`` is upstream."""
    protocol: str
    """udp | tcp."""
    micros: int
    """Time spent in safedns and waiting for upstreams, microseconds."""
    log: str
    """full | summary | off: the profile's log level; ``off`` events are never sent."""
