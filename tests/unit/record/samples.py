"""Events as a resolver makes them, with only what a test cares about spelled out."""

from __future__ import annotations

from typing import Any

from safedns.record.event import Event, Outcome

NOON = 1_795_000_000.0
"""Where the fake clock starts: 2026-11-18 11:06:40 UTC."""

_OUTCOME = Outcome(
    profile="binh",
    name="www.example.com",
    qtype=1,
    action="allowed",
    reason="default",
    rule="",
    matched="",
    category="",
    rcode=0,
    source="cache",
    upstream="",
    protocol="udp",
    log="full",
    meters=(),
)


def outcome(**fields: Any) -> tuple[Any, ...]:
    """An outcome as it arrives at the recorder."""
    return tuple(_OUTCOME._replace(**fields))


def event(
    *, at: float = NOON, client: str = "192.168.1.32", device: str = "192.168.1.32", micros: int = 140, **fields: Any
) -> tuple[Any, ...]:
    """An event as it arrives at the recorder; further ``fields`` are the outcome's."""
    return tuple(Event(at, client, device, micros, outcome(**fields)))  # type: ignore[arg-type]  # plain on purpose
