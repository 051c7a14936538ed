"""The daemon's settings as typed, immutable values: units are seconds, addresses are parsed. No I/O, no YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

IPNetwork = IPv4Network | IPv6Network
BlockReply = Literal["nxdomain", "null", "nodata", "refused"]

PRIVATE_NETWORKS: tuple[IPNetwork, ...] = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("169.254.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
    IPv6Network("fe80::/10"),
)
"""Who may ask under ``clients: private`` (RFC 1918, 6598, 3927, 4193, 4291)."""


class Endpoint(NamedTuple):
    """An address and port to listen on."""

    host: str
    """IPv4 or IPv6 address; ``0.0.0.0`` and ``::`` mean every local address."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class UpstreamSpec(NamedTuple):
    """One upstream as configured."""

    transport: Literal["plain", "tls", "https", "quic"]
    host: str
    port: int
    name: str
    """As the user wrote it; the metric label and log name."""


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where clean queries go."""

    servers: tuple[UpstreamSpec, ...]
    strategy: Literal["fastest", "parallel", "ordered"] = "fastest"
    bootstrap: tuple[str, ...] = ()
    """Addresses; for upstreams given by name."""
    routes: Mapping[str, tuple[UpstreamSpec, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Canonical domain -> its own upstreams; covers the names below it; the longest wins."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """The answer cache."""

    entries: int = 20_000
    stale: int = 86_400
    """Seconds past its TTL that an answer may still serve when every upstream fails (RFC 8767)."""


@dataclass(frozen=True, slots=True)
class BlockSettings:
    """What a blocked query is told."""

    reply: BlockReply = "nxdomain"
    ttl: int = 10


@dataclass(frozen=True, slots=True)
class ExtraList:
    """A blocklist of the user's own."""

    name: str
    category: str
    source: str
    """https:// or http:// address, or a file path (relative to the configuration folder)."""
    format: str | None = None
    """``None`` = found out from the content."""
    mirrors: tuple[str, ...] = ()
    """Addresses to try after ``source``, in this order."""
    refresh: int | None = None
    """Seconds after which it is fetched again; ``None`` = like the others."""
    part: str = ""
    """Which list of an archive, or which marked lines of a v2fly list; empty for all."""


@dataclass(frozen=True, slots=True)
class ListSettings:
    """Which lists are loaded and how often they are fetched."""

    refresh: int = 86_400
    use: tuple[str, ...] | Literal["recommended"] = "recommended"
    """Catalogue names to download besides the starter lists; an empty tuple downloads none."""
    extra: tuple[ExtraList, ...] = ()
    exceptions: tuple[str, ...] = ()
    """Canonical names that no list blocks, each with what is below it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of ``safedns.yaml``."""

    timezone: str
    """IANA name; ``auto`` is already resolved."""
    language: Literal["en", "vi"]
    listen_dns: tuple[Endpoint, ...]
    listen_metrics: Endpoint | None
    clients: tuple[IPNetwork, ...] | None
    """Who may ask; ``None`` = anybody."""
    trusted_forwarders: tuple[IPNetwork, ...]
    """Routers: exempt from the per-client rate limit."""
    workers: int
    upstreams: Upstreams
    records: Mapping[str, tuple[str, ...]]
    """Canonical name -> addresses answered locally."""
    cache: CacheSettings
    block: BlockSettings
    lists: ListSettings
    log_keep: int
    """Seconds a query log row lives."""
    rate_limit: int = 1000
    """Queries a second one client may send on average, with bursts of twice that; 0 = no limit."""
    folder: Path = Path()
    """The configuration folder that this was read from."""
