"""The daemon's settings as typed, immutable values: units are seconds, addresses are parsed. No I/O, no YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

IPNetwork = IPv4Network | IPv6Network
BlockReply = Literal["nxdomain", "null", "nodata", "refused", "page"]

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
"""Who may ask under ``clients: private`` (RFC 1918, 6598, 3927, 4193, 4291), beside the home's own prefixes."""

HOME_ZONES = frozenset(
    {"home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain", "localhost", "corp"}
)
"""Where home routers keep their names: nobody on the Internet can own one below these, so they may lead home."""


SETS_MAX = 63
"""How many sets of upstreams there may be beside the usual one."""


class Endpoint(NamedTuple):
    """An address and port to listen on."""

    host: str
    """IPv4 or IPv6 address; ``0.0.0.0`` and ``::`` mean every local address."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What encrypted DNS shows to who asks."""

    cert: Path
    """PEM: the certificate, then those between it and its authority."""
    key: Path
    """PEM, without a password."""
    name: str
    """Canonical name in the certificate, by which devices know this machine; empty = not told."""


class Credentials(NamedTuple):
    """A certificate that was read and found good."""

    cert: bytes
    """PEM, the whole chain."""
    key: bytes
    """PEM."""
    name: str
    expires: float
    """Epoch seconds."""


class UpstreamSpec(NamedTuple):
    """One upstream as configured."""

    transport: Literal["plain", "tls", "https", "h3", "quic"]
    host: str
    port: int
    name: str
    """As the user wrote it; the metric label and log name."""
    certificate: str = ""
    """The name or address that its certificate must have; empty where nothing is encrypted."""
    pins: tuple[bytes, ...] = ()
    """SHA-256 of the public keys of which it must have one; they count instead of authorities and names."""
    path: str = ""
    """Of ``https`` and ``h3``: what is asked for, e.g. ``/dns-query``."""
    http3: bool = False
    """Of ``https``: asked over HTTP/3 where it offers that."""

    @property
    def named(self) -> bool:
        """Whether its address is not given but has to be found out."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False

    @property
    def secure(self) -> bool:
        """Whether nobody on the way can change what it says: it is encrypted, or on this machine."""
        return self.transport != "plain" or ip_address(self.host).is_loopback


class TrustAnchor(NamedTuple):
    """A key that vouches for a zone, by its digest."""

    name: str
    """Canonical."""
    ds: str
    """Key tag, algorithm, digest type and digest, as in a zone file (RFC 4034 section 5.3)."""


@dataclass(frozen=True, slots=True)
class Dnssec:
    """Whether and how answers of upstreams are checked by their signatures."""

    validate: bool = False
    negative_trust_anchors: tuple[str, ...] = ()
    """Canonical names at and below which nothing is checked (RFC 7646)."""
    trust_anchors: tuple[TrustAnchor, ...] = ()
    """In place of those built in for the same name."""


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where clean queries go."""

    servers: tuple[UpstreamSpec, ...]
    strategy: Literal["fastest", "parallel", "ordered"] = "fastest"
    bootstrap: tuple[UpstreamSpec, ...] = ()
    """Plain ones that find the addresses of upstreams given by name."""
    routes: Mapping[str, tuple[UpstreamSpec, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Canonical domain -> its own upstreams; covers the names below it; the longest wins."""
    sets: Mapping[str, tuple[UpstreamSpec, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Name -> the upstreams of profiles that ask for them, instead of ``servers``; routes count all the same."""
    dnssec: Dnssec = Dnssec()
    """How far they are believed."""

    def set_number(self, name: str) -> int:
        """From 1, by the order of their names; 0 is for ``servers``, and for a name that is none."""
        return sorted(self.sets).index(name) + 1 if name in self.sets else 0

    @property
    def all(self) -> tuple[UpstreamSpec, ...]:
        """Every upstream that is asked anything, once; ``bootstrap`` only where a name has to be looked up."""
        others = (*self.sets.values(), *self.routes.values())
        asked = [*self.servers, *(spec for servers in others for spec in servers)]
        if any(spec.named for spec in asked):
            asked += self.bootstrap
        return tuple(dict.fromkeys(asked))


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """The answer cache."""

    entries: int = 20_000
    stale: int = 86_400
    """Seconds past its TTL that an answer may still serve when every upstream fails (RFC 8767)."""
    memory: int = 64 << 20
    """Bytes that the answers of one resolver process may take."""
    prefetch: bool = False
    """Whether popular answers are renewed before they end."""
    save: bool = False
    """Whether fresh answers are kept over a restart."""


@dataclass(frozen=True, slots=True)
class BlockSettings:
    """What a blocked query is told."""

    reply: BlockReply = "nxdomain"
    ttl: int = 10
    page: tuple[str, ...] = ()
    """Addresses of the page for ``page``; none = the address of this machine that was asked."""


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
    """Routers: believed when they say which device asks, and exempt from the per-client rate limit."""
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
    listen_page: Endpoint | None = None
    """Where browsers find the page that says that a name is closed."""
    private_answers: tuple[str, ...] = ()
    """Canonical names of the Internet that may lead to addresses at home; each covers what is below it."""
    contact: tuple[str, ...] = ()
    """URIs of people to talk to, for whoever finds a name closed."""
    leases: tuple[Path, ...] = ()
    """Lease files of DHCP servers, absolute."""
    folder: Path = Path()
    """The configuration folder that this was read from."""
    listen_tls: tuple[Endpoint, ...] = ()
    listen_https: tuple[Endpoint, ...] = ()
    listen_quic: tuple[Endpoint, ...] = ()
    certificate: Certificate | None = None
    """Given wherever one of the three above is."""
    proxy_protocol: tuple[IPNetwork, ...] = ()
    """Proxies that say for whom they connect; whoever is here must."""

    @property
    def listen(self) -> tuple[tuple[str, Endpoint], ...]:
        """Every address that queries may come to, with its service: ``dns``, ``tls``, ``https`` or ``quic``."""
        services = {"dns": self.listen_dns, **self.listen_encrypted}
        return tuple((service, endpoint) for service, endpoints in services.items() for endpoint in endpoints)

    @property
    def listen_encrypted(self) -> dict[str, tuple[Endpoint, ...]]:
        """Where encrypted DNS is spoken, by service."""
        return {"tls": self.listen_tls, "https": self.listen_https, "quic": self.listen_quic}
