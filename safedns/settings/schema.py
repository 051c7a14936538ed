"""``safedns.yaml`` as it may be written: one pydantic model a section. Descriptions feed the editor's JSON schema.

What this version cannot do yet is refused here in words; only what may wait (``console``) is taken, and ``load`` warns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from safedns.settings import words
from safedns.settings.model import (
    PRIVATE_NETWORKS,
    SETS_MAX,
    BlockReply,
    Endpoint,
    IPNetwork,
    TrustAnchor,
    UpstreamSpec,
)
from safedns.settings.timezone import zone_name
from safedns.settings.words import DAY
from safedns.yamlfile.messages import expected_word, show
from safedns.yamlfile.validate import EMPTY_LIST, EMPTY_MAPPING, Model, OneOrList, Text, distinct, each

ON_OFF_SCHEMA: dict[str, Any] = {"enum": ["on", "off", True, False]}
"""An editor that reads YAML 1.1 sees booleans where ``on`` and ``off`` are written."""
DURATION_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": "^(\\d+ *[A-Za-z]+ *)+$",
    "examples": ["45m", "2h", "1 day"],
}
SIZE_SCHEMA: dict[str, Any] = {"type": "string", "pattern": "^\\d+ *[A-Za-z]+$", "examples": ["64 MiB"]}
_OFF_SCHEMA: dict[str, Any] = {"enum": ["off", False]}
_COUNT_SCHEMA: dict[str, Any] = {"type": ["integer", "string"], "pattern": "^\\d+$"}
_ENDPOINT_SCHEMA: dict[str, Any] = {"type": "string", "examples": ["0.0.0.0:53", "[::]:53"]}
MAX_CONTACTS = 3
"""Each has at most 40 characters: with the reason they must fit into one small datagram."""
REPLIES = get_args(BlockReply)
_WORD_LIST_SCHEMA: dict[str, Any] = {"type": "array", "items": {"type": "string"}}


def _or_off(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, _OFF_SCHEMA]}


def _storage(text: str) -> str:
    if text.startswith(("postgresql:", "postgres:")):
        raise ValueError("PostgreSQL is not in this version yet; use `sqlite`")
    if text != "sqlite":
        raise ValueError(expected_word(text, ("sqlite",)))
    return text


def _reply(text: str) -> str:
    if text not in REPLIES:
        raise ValueError(expected_word(text, REPLIES))
    return text


def _clients(tree: object) -> tuple[IPNetwork, ...] | None:
    wanted = "expected `private`, `any` or a list of networks such as `[192.168.1.0/24]`"
    if isinstance(tree, list):
        if not tree:
            raise ValueError(f"nobody may ask; {wanted}")
        return each(tree, words.network)
    if tree not in ("private", "any"):
        raise ValueError(f"{show(tree) if isinstance(tree, str) else 'a mapping'} is not known here; {wanted}")
    return PRIVATE_NETWORKS if tree == "private" else None


def _lists_to_use(tree: object) -> tuple[str, ...] | Literal["recommended"]:
    if tree == "recommended":
        return "recommended"
    if tree == "none":
        return ()
    if isinstance(tree, list):
        return each(tree, str)
    raise ValueError("this is not a choice of lists; expected `recommended`, `none` or a list of catalogue names")


def _source(text: str) -> str:
    if "://" in text and not text.startswith(("https://", "http://")):
        raise ValueError(f"{show(text)} cannot be fetched; expected an https:// address or a file")
    return text


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError(f"{show(text)} cannot be fetched; expected an https:// address")
    return text


def _at_least_one(found: list[Endpoint]) -> list[Endpoint]:
    if not found:
        raise ValueError("nobody could ask; expected at least one address such as 127.0.0.1:5300")
    return _once(found)


def _once(found: list[Endpoint]) -> list[Endpoint]:
    for index, item in enumerate(found):
        if item in found[:index]:
            raise ValueError(f"{show(str(item))} is listed twice; expected it once")
    return found


def _short_in_all(found: list[str]) -> list[str]:
    if len(found) > MAX_CONTACTS:
        raise ValueError(f"{len(found)} contacts do not fit into a reply; expected at most {MAX_CONTACTS}")
    return found


def _some(found: list[UpstreamSpec]) -> list[UpstreamSpec]:
    if not found:
        raise ValueError("no upstream is given; expected at least one such as 9.9.9.9")
    return found


def _not_too_many(found: dict[str, list[UpstreamSpec]]) -> dict[str, list[UpstreamSpec]]:
    if len(found) > SETS_MAX:
        raise ValueError(f"these are {len(found)} sets; expected at most {SETS_MAX}")
    return found


def _name_or_none(text: str) -> str:
    return words.name(text) if text else ""


def _none_if_off(tree: object) -> object:
    return [] if tree == "off" else tree


ListenAddress = Annotated[Endpoint, Text(words.endpoint, _ENDPOINT_SCHEMA)]
ListenAddressOrOff = Annotated[
    Endpoint | None, Text(words.unless("off", None, words.endpoint), _or_off(_ENDPOINT_SCHEMA))
]
Upstream = Annotated[
    UpstreamSpec,
    Text(words.upstream, {"type": "string", "examples": ["9.9.9.9", "tls://9.9.9.9#dns.quad9.net"]}),
]
PlainUpstream = Annotated[UpstreamSpec, Text(words.plain_upstream, {"type": "string", "examples": ["9.9.9.9"]})]
Address = Annotated[str, Text(words.address, {"type": "string", "examples": ["192.168.1.9", "fd00::9"]})]
Network = Annotated[IPNetwork, Text(words.network, {"type": "string", "examples": ["192.168.1.1", "fd00::/8"]})]
Name = Annotated[str, Text(words.name, {"type": "string", "examples": ["printer.lan"]})]
Contact = Annotated[str, Text(words.contact, {"type": "string", "examples": ["tel:111", "mailto:ba@home.example"]})]
File = Annotated[Path, Text(words.absolute_file, {"type": "string", "examples": ["/var/lib/misc/dnsmasq.leases"]})]
OnOff = Annotated[bool, Text(words.on_off, ON_OFF_SCHEMA)]
Refresh = Annotated[int, Text(words.duration_within(3600, 30 * DAY, "1 hour to 30 days"), DURATION_SCHEMA)]
Later = WithJsonSchema(_or_off(_WORD_LIST_SCHEMA))
EncryptedAddresses = Annotated[
    list[ListenAddress],
    EMPTY_LIST,
    BeforeValidator(_none_if_off),
    AfterValidator(_once),
    WithJsonSchema(_or_off({"type": "array", "items": _ENDPOINT_SCHEMA})),
]
Anchor = Annotated[
    TrustAnchor,
    Text(words.trust_anchor, {"type": "string", "examples": ["example.com. DS 12345 13 2 49FD46E6C4B4..."]}),
]
SetName = Annotated[str, Text(words.set_name, {"type": "string", "examples": ["family"]})]


class Listen(Model):
    """Where this machine listens."""

    dns: Annotated[list[ListenAddress], EMPTY_LIST, AfterValidator(_at_least_one)] = Field(
        default=[Endpoint("0.0.0.0", 53), Endpoint("::", 53)],  # noqa: S104 - every device at home is to ask
        description="DNS over UDP and TCP: addresses with port.",
    )
    tls: EncryptedAddresses = Field(
        default=[], description="DNS over TLS: addresses with port, usually 853. Needs a certificate."
    )
    https: EncryptedAddresses = Field(
        default=[], description="DNS over HTTPS: addresses with port, usually 443. Needs a certificate."
    )
    quic: EncryptedAddresses = Field(
        default=[], description="DNS over QUIC: addresses with port, usually 853. Needs a certificate."
    )
    console: ListenAddressOrOff = Field(
        default=None, description="The web console for parents (not in this version yet); off to run without."
    )
    metrics: ListenAddressOrOff = Field(default=None, description="Prometheus metrics at /metrics; off to run without.")
    page: ListenAddressOrOff = Field(
        default=None, description="The page for `block: {reply: page}`, e.g. 0.0.0.0:80; off to run without."
    )


class Certificate(Model):
    """The certificate for encrypted DNS; files are relative to this folder."""

    cert: str = Field(description="the certificate's file", examples=["cert.pem"])
    key: str = Field(description="the key's file", examples=["key.pem"])
    name: Annotated[str, Text(_name_or_none, {"type": "string", "examples": ["dns.home.example"]})] = Field(
        default="", description="The name in the certificate, by which phones find this machine."
    )


class UpstreamSection(Model):
    """Where clean queries go."""

    servers: Annotated[list[Upstream], EMPTY_LIST, AfterValidator(_some)] = Field(
        description="the resolvers to ask", examples=["[9.9.9.9, 1.1.1.1]"]
    )
    strategy: Literal["fastest", "parallel", "ordered"] = Field(
        default="fastest", description="Ask the fastest so far, all at once, or in the order given."
    )
    http3: OnOff = Field(default=False, description="Ask `https://` servers over HTTP/3 where they offer it.")
    bootstrap: Annotated[list[PlainUpstream], EMPTY_LIST] = Field(
        default=[], description="Plain addresses that find upstreams given by name."
    )
    routes: Annotated[
        dict[Name, Annotated[list[Upstream], OneOrList()]],
        EMPTY_MAPPING,
        distinct(words.name),
    ] = Field(default={}, description="Domains that are asked elsewhere, e.g. lan: 192.168.1.1 for the router's names.")
    sets: Annotated[
        dict[SetName, Annotated[list[Upstream], OneOrList(), AfterValidator(_some)]],
        EMPTY_MAPPING,
        AfterValidator(_not_too_many),
    ] = Field(default={}, description="Other resolvers, for the children whose rules name them: family: 1.1.1.3.")


class DnssecSection(Model):
    """Whether answers are checked by their signatures."""

    validate_: OnOff = Field(
        default=False, alias="validate", description="Check every answer of upstreams; costs time."
    )
    negative_trust_anchors: Annotated[list[Name], EMPTY_LIST] = Field(
        default=[], description="Names where nothing is checked, with what is below them: where signatures are broken."
    )
    trust_anchors: Annotated[list[Anchor], EMPTY_LIST] = Field(
        default=[], description="Keys that vouch for a zone, as DS records; the root's are built in."
    )


class Cache(Model):
    """The answer cache."""

    entries: Annotated[int, Text(words.count_within(0, 10_000_000), _COUNT_SCHEMA)] = Field(
        default=20_000, description="How many answers are kept."
    )
    memory: Annotated[int, Text(words.size_within(1 << 20, 1 << 36, "1 MiB to 64 GiB"), SIZE_SCHEMA)] = Field(
        default=64 << 20, description="How much memory they may take, in each resolver process."
    )
    stale: Annotated[
        int,
        Text(words.unless("off", 0, words.duration_within(0, 30 * DAY, "at most 30 days")), _or_off(DURATION_SCHEMA)),
    ] = Field(default=DAY, description="How long an outdated answer may still serve while no upstream answers.")
    prefetch: OnOff = Field(default=False, description="Renew popular answers before they end.")
    save: OnOff = Field(default=False, description="Keep answers over a restart; names then lie in the state folder.")


class Block(Model):
    """What a blocked query is told."""

    reply: Annotated[BlockReply, Text(_reply, {"enum": [*REPLIES, None]})] = Field(
        default="nxdomain", description="No such name, the null address, no data, refused, or a page that says why."
    )
    ttl: Annotated[int, Text(words.duration_within(1, DAY, "1s to 1 day"), DURATION_SCHEMA)] = Field(
        default=10, description="How long a device may remember that a name is blocked."
    )
    page: Annotated[list[Address], EMPTY_LIST] = Field(
        default=[], description="Addresses of a page of your own for `reply: page`; this machine's if not given."
    )


class ExtraListEntry(Model):
    """A blocklist of your own."""

    name: str = Field(description="what the log calls the list", examples=["school"])
    category: str = Field(description="the category that its names belong to", examples=["social"])
    source: Annotated[str, AfterValidator(_source)] = Field(
        description="an https:// address or a file", examples=["https://example.org/list.txt"]
    )
    format: str | None = Field(default=None, description="The list's format; found out from its content if not given.")
    mirrors: Annotated[list[Annotated[str, AfterValidator(_address)]], EMPTY_LIST] = Field(
        default=[], description="Addresses to fetch it from when its source fails, in this order."
    )
    part: str = Field(
        default="", description="Which part of it: a category of an archive, or an attribute of a v2fly list."
    )
    refresh: Refresh | None = Field(
        default=None, description="How often it is fetched again; like the others if not given."
    )


class Lists(Model):
    """Which blocklists are used and how often they are fetched."""

    refresh: Refresh = Field(default=DAY, description="How often lists are fetched again.")
    use: Annotated[
        tuple[str, ...] | Literal["recommended"],
        PlainValidator(_lists_to_use),
        WithJsonSchema({"anyOf": [{"enum": ["recommended", "none"]}, _WORD_LIST_SCHEMA]}),
    ] = Field(default="recommended", description="Lists of the catalogue to fetch besides the bundled starter lists.")
    extra: Annotated[list[ExtraListEntry], EMPTY_LIST] = Field(default=[], description="Lists of your own.")
    exceptions: Annotated[list[Name], EMPTY_LIST] = Field(
        default=[], description="Names that no list may block, for nobody: where lists are wrong."
    )


class Log(Model):
    """The query log."""

    keep: Annotated[int, Text(words.duration_within(3600, 3650 * DAY, "1 hour to 3650 days"), DURATION_SCHEMA)] = Field(
        default=30 * DAY, description="How long a line of the query log is kept."
    )


class SettingsFile(Model):
    """safedns.yaml: this machine."""

    timezone: Annotated[str, Text(zone_name, {"type": "string", "examples": ["Asia/Ho_Chi_Minh", "auto"]})] = Field(
        default="auto", description="IANA time zone of the family's rules; auto = the machine's."
    )
    language: Literal["en", "vi"] = Field(default="en", description="What messages speak.")
    listen: Listen = Listen()
    certificate: Certificate | None = Field(default=None, description="For encrypted DNS.")
    clients: Annotated[
        tuple[IPNetwork, ...] | None,
        PlainValidator(_clients),
        WithJsonSchema({"anyOf": [{"enum": ["private", "any"]}, _WORD_LIST_SCHEMA]}),
    ] = Field(default=PRIVATE_NETWORKS, description="Who may ask: private addresses, any, or a list of networks.")
    trusted_forwarders: Annotated[list[Network], EMPTY_LIST] = Field(
        default=[], description="Routers that ask for many devices: believed when they say which, and not rate-limited."
    )
    leases: Annotated[list[File], EMPTY_LIST] = Field(
        default=[], description="Lease files of the DHCP server (dnsmasq, ISC, Kea), for host names."
    )
    proxy_protocol: Annotated[list[Network], EMPTY_LIST] = Field(
        default=[],
        description="Proxies that say, by the PROXY protocol, for whom they connect; they must.",
    )
    workers: Annotated[
        int, Text(words.unless("auto", 0, words.count_within(1, 64)), {"anyOf": [_COUNT_SCHEMA, {"const": "auto"}]})
    ] = Field(default=1, description="How many resolver processes run; auto = one a core.")
    rate_limit: Annotated[
        int, Text(words.unless("off", 0, words.count_within(0, 1_000_000)), _or_off(_COUNT_SCHEMA))
    ] = Field(default=1000, description="Queries a second that one device may send on average; off = no limit.")
    upstreams: UpstreamSection = Field(description="where clean queries go", examples=["{servers: [9.9.9.9, 1.1.1.1]}"])
    dnssec: DnssecSection = DnssecSection()
    records: Annotated[dict[Name, Annotated[list[Address], OneOrList()]], EMPTY_MAPPING, distinct(words.name)] = Field(
        default={}, description="Names of your own and their addresses."
    )
    private_answers: Annotated[list[Name], EMPTY_LIST] = Field(
        default=[], description="Names of the Internet that may lead to addresses at home, with what is below them."
    )
    contact: Annotated[list[Contact], EMPTY_LIST, AfterValidator(_short_in_all)] | None = Field(
        default=None, description="Whom to talk to about a closed name: tel:, mailto: or sips:; in Vietnamese tel:111."
    )
    cache: Cache = Cache()
    block: Block = Block()
    lists: Lists = Lists()
    log: Log = Log()
    storage: Annotated[str, Text(_storage, {"type": "string", "examples": ["sqlite"]})] = Field(
        default="sqlite", description="Where the query log is kept."
    )
