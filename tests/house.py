"""A household in one process, for tests of the whole path: real configuration, lists, policy, cache and codec.

Only the outside world is fake: the clock, and the upstreams, which answer from a table.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import dns.edns
import dns.flags
import dns.message
import dns.rrset
import yaml

from safedns.app.household import Sealed
from safedns.app.live import state_file
from safedns.app.loaded import Loaded, load, renew
from safedns.asked import Miss
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.prepare import prepare
from safedns.blocklist.update import update
from safedns.blocklist.wanted import wanted_lists
from safedns.errors import UpstreamError
from safedns.lan.directory import Directory
from safedns.pipeline import Pipeline
from safedns.policy.household import load_household
from safedns.policy.snapshot import Snapshot
from safedns.record.counters import Counters
from safedns.record.usage import Meter
from safedns.resolve.cache import AnswerCache
from safedns.resolve.local import local_names
from safedns.resolve.resolver import Resolver
from safedns.resolve.upstream import Exchange
from safedns.settings.model import Settings, UpstreamSpec
from safedns.wire.answer import decode_answer
from safedns.wire.request import upstream_request
from tests.fakes import FakeClock

SETTINGS: dict[str, Any] = {
    "timezone": "Asia/Ho_Chi_Minh",
    "language": "en",
    "listen": {"dns": ["127.0.0.1:5300"], "metrics": "off"},
    "upstreams": {"servers": ["127.0.0.9:53"], "strategy": "ordered"},
    "lists": {"use": "none"},
}
FAMILY: dict[str, Any] = {
    "children": {"binh": {"name": "Bình", "preset": "open", "devices": ["127.0.0.3"]}},
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"]}},
    "unknown": "adults",
}

Table = Mapping[str, list[str]]
"""``"www.example.com A"`` -> zone-file lines (targets with a final dot), or one of ``WORDS``; ``"*"`` is for every name
that has no entry. Behind ``NXDOMAIN`` and ``NODATA`` aliases and its own SOA, with proofs, may follow, and before all a
``MARK``."""

FAILURES = ("SERVFAIL", "REFUSED", "FORMERR", "NOTIMP")
WORDS = ("NXDOMAIN", "NODATA", "SILENT", *FAILURES)
MARK = re.compile(r"AA|AD|EDE \d+")
"""Says that the response has this flag, or this extended error."""
SOA = "example 60 IN SOA ns.example. root.example. 1 2 3 4 60"


class EventList:
    """The recorder's place: keeps what was recorded."""

    def __init__(self) -> None:
        self.pending: list[tuple[Any, ...]] = []


class Asked(NamedTuple):
    """One question that reached an upstream."""

    name: str
    qtype: int
    upstream: str


Respond = Callable[[dns.message.Message], dns.message.Message | None]
"""Query -> response; ``None`` for silence."""


class TableUpstream:
    """An upstream that answers at once."""

    def __init__(self, spec: UpstreamSpec, respond: Respond, asked: list[Asked]) -> None:
        self.name = spec.name
        self._respond = respond
        self._asked = asked

    def start(self, exchange: Exchange) -> None:
        query = exchange.query
        self._asked.append(Asked(query.name, query.qtype, self.name))
        response = self._respond(dns.message.from_wire(upstream_request(query, 0)))
        loop = asyncio.get_running_loop()
        if response is None:
            loop.call_soon(exchange.fail, UpstreamError("silent as the table says", 23))
        else:
            loop.call_soon(exchange.answer, decode_answer(response.to_wire(max_size=65535), query))

    async def close(self) -> None:
        """Nothing to let go of."""


def table_response(table: Table, query: dns.message.Message) -> dns.message.Message | None:
    """What the table says to ``query``; ``None`` for silence. A name that is not in it does not exist."""
    question = query.question[0]
    key = f"{question.name.to_text(omit_final_dot=True).lower()} {dns.rdatatype.to_text(question.rdtype)}"
    given = table.get(key, table.get("*", ["NXDOMAIN"]))
    lines = [line for line in given if not MARK.fullmatch(line)]
    response = dns.message.make_response(query, recursion_available=True)
    _mark(response, [line for line in given if MARK.fullmatch(line)])
    if lines == ["SILENT"]:
        return None
    if lines[0] in FAILURES:
        response.set_rcode(dns.rcode.from_text(lines[0]))
        return response
    if lines[0] in WORDS:
        if lines[0] == "NXDOMAIN":
            response.set_rcode(dns.rcode.NXDOMAIN)
        for rrset in map(rrset_from, lines[1:] or [SOA]):
            (response.answer if rrset.rdtype == dns.rdatatype.CNAME else response.authority).append(rrset)
        return response
    for line in lines:
        response.answer.append(rrset_from(line))
    return response


def _mark(response: dns.message.Message, marks: list[str]) -> None:
    for mark in marks:
        if mark.startswith("EDE"):
            response.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.make(mark.split()[1]))])
        else:
            response.flags |= dns.flags.from_text(mark)


def rrset_from(line: str) -> dns.rrset.RRset:
    owner, ttl, rclass, rtype, rdata = line.split(maxsplit=4)
    return dns.rrset.from_text(owner.rstrip(".") + ".", int(ttl), rclass, rtype, rdata)


def configuration(
    settings: Mapping[str, Any] | None = None,
    family: Mapping[str, Any] | None = None,
    lists: Mapping[str, list[str]] | None = None,
) -> dict[str, str]:
    """The files of a configuration folder: ``settings`` laid over ``SETTINGS``, ``lists`` by category."""
    merged = {**SETTINGS, **(settings or {})}
    files = {f"{category}.txt": "\n".join(names) + "\n" for category, names in (lists or {}).items()}
    extra = [
        {"name": f"test-{category}", "category": category, "source": f"{category}.txt"} for category in (lists or {})
    ]
    merged["lists"] = {**merged["lists"], "extra": extra}
    files["safedns.yaml"] = yaml.safe_dump(merged, allow_unicode=True)
    files["family.yaml"] = yaml.safe_dump(dict(family or FAMILY), allow_unicode=True)
    return files


class House:
    """A household under a fake clock; ``ask`` it as a device would."""

    def __init__(
        self,
        folder: Path,
        *,
        table: Table | None = None,
        now: str = "2026-11-23 12:00",
        memo: bool = True,
        starter_lists: bool = False,
    ):
        """``now``: wall clock of the household's zone. Write the files with ``save`` before the first ``ask``."""
        self.config = folder / "config"
        self.state = folder / "state"
        self.config.mkdir(exist_ok=True)
        self.state.mkdir(exist_ok=True)
        self.clock = FakeClock()
        self.events = EventList()
        self.counters = Counters()
        self.lan = Directory()
        self.asked: list[Asked] = []
        self.table: dict[str, list[str]] = dict(table or {})
        self.tables: dict[str, dict[str, list[str]]] = {}
        """What upstreams of these names answer instead."""
        self.respond: Respond | None = None
        """What all upstreams answer instead of any table."""
        self.zone = "Asia/Ho_Chi_Minh"
        self._now = now
        self._memo = memo
        self._starter_lists = starter_lists
        self._loaded: Loaded | None = None
        self._epoch = 0
        self._metered = 0
        """How many events have been looked at for minutes of use."""
        self._resolver: Resolver | None = None
        self.pipeline: Pipeline | None = None

    def save(
        self,
        settings: Mapping[str, Any] | None = None,
        family: Mapping[str, Any] | None = None,
        lists: Mapping[str, list[str]] | None = None,
    ) -> None:
        """Write the configuration (``lists``: category -> names) and use it, as a reload does."""
        self.write(configuration(settings, family, lists))
        self.load()

    def write(self, files: Mapping[str, str]) -> None:
        """Write files of the configuration folder, by their path in it."""
        for name, text in files.items():
            file = self.config / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def load(self) -> None:
        """Read the folder and answer by it from now on."""
        household = load_household(self.config)
        settings = household.settings
        self.zone = settings.timezone
        if self._epoch == 0:
            self.clock.jump(self.instant(self._now))
        sealed = Sealed(settings, household.policy, tuple(self._lists(settings)))
        self._loaded = load(self.state, sealed, self.clock.wall(), epoch=self._epoch)
        self._epoch += 1
        if self.pipeline is None:
            self._resolver = Resolver(
                settings.upstreams,
                AnswerCache(settings.cache, self.counters),
                self.clock,
                self.counters,
                connect=self._connect,
            )
            self.pipeline = Pipeline(
                clock=self.clock,
                resolver=self._resolver,
                counters=self.counters,
                events=self.events,
                lan=self.lan,
                memo=self._memo,
            )
        elif self._resolver is not None:
            self._resolver.configure(settings.upstreams, settings.cache)
        self._install()

    def restart(self) -> None:
        """End everything and start it again: only files are kept."""
        self.pipeline = self._resolver = None
        self.load()

    def look(self) -> None:
        """Read what a parent decided and what was used by now, as the resolver process does when it is told to."""
        assert self._loaded is not None
        before, self._loaded = self._loaded, renew(self.state, self._loaded, self.clock.wall())
        if not self._loaded.snapshot.decides_like(before.snapshot):
            self._install()

    def renew(self) -> None:
        """Work the rules out anew where a day is over, as the resolver process does."""
        if self._loaded is not None and self.clock.wall() >= self._loaded.until:
            self.look()

    def set_clock(self, text: str) -> None:
        """Somebody sets the machine's clock, and the resolver process has noticed."""
        self.clock.jump(self.instant(text))
        assert self.pipeline is not None
        self.pipeline.forget()
        self.look()

    def count_minutes(self) -> None:
        """Count minutes of use and let the rules know, as the recorder does within seconds."""
        events = self.events.pending[self._metered :]
        self._metered += len(events)
        if any(event[4].meters for event in events):
            meter = Meter(self.state_file, self.clock)
            meter.add([(*event[:4], tuple(event[4])) for event in events])
            if meter.commit():
                self.look()
            meter.close()

    @property
    def state_file(self) -> Path:
        """Where decisions and minutes are kept."""
        return state_file(self.state)

    @property
    def snapshot(self) -> Snapshot:
        """The rules as they are worked out now."""
        assert self._loaded is not None
        return self._loaded.snapshot

    def _install(self) -> None:
        assert self.pipeline is not None
        assert self._loaded is not None
        settings = self._loaded.sealed.settings
        self.pipeline.install(settings, self._loaded.snapshot, local_names(settings))

    def _lists(self, settings: Settings) -> list[str]:
        """Names of the lists to load, each compiled."""
        catalogue = load_catalogue()
        wanted = [each.name for each in wanted_lists(settings.lists, catalogue, self.config)]
        if self._starter_lists:
            assert prepare(self.state, settings, self.config, now=self.clock.wall()) == ()
            return wanted
        own = [name for name in wanted if "test-" in name]
        if own:
            update(self.state, settings.lists, catalogue, self.config, clock=self.clock, names=own)
        return own

    def _connect(self, spec: UpstreamSpec, *_: object) -> TableUpstream:
        respond = self.respond or partial(table_response, self.tables.get(spec.name, self.table))
        return TableUpstream(spec, respond, self.asked)

    def instant(self, text: str) -> float:
        """Epoch seconds of a wall-clock reading in the household's zone; ``+01:00`` behind it tells twins apart."""
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))).timestamp()

    def at(self, text: str) -> None:
        """Let time pass until the wall clock reads ``text``."""
        self.clock.advance(self.instant(text) - self.clock.wall())

    async def packet(self, packet: bytes, client: str = "127.0.0.1", protocol: str = "udp") -> bytes | None:
        """The reply to raw bytes."""
        assert self.pipeline is not None
        wall, mono = self.clock.wall(), self.clock.monotonic()
        reply = self.pipeline.answer_now(packet, client, protocol, wall, mono)
        if not isinstance(reply, Miss):
            return reply
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.pipeline.answer_later(reply, future.set_result)
        return await future

    async def packets(self, packets: Sequence[bytes], client: str = "127.0.0.1", protocol: str = "udp") -> list[bytes]:
        """The replies to packets that arrive at the same moment."""
        return [reply for reply in await asyncio.gather(*(self.packet(p, client, protocol) for p in packets)) if reply]

    async def ask(
        self,
        name: str,
        qtype: str = "A",
        *,
        client: str = "127.0.0.1",
        protocol: str = "udp",
        edns: bool = True,
        change: Callable[[dns.message.Message], None] | None = None,
    ) -> dns.message.Message:
        """The reply to a question, read by dnspython and checked to belong to it."""
        query = dns.message.make_query(name, qtype, use_edns=0 if edns else -1)
        if change is not None:
            change(query)
        reply = await self.packet(query.to_wire(), client, protocol)
        assert reply is not None, f"no reply to {name} {qtype}"
        message = dns.message.from_wire(reply)
        assert query.is_response(message)
        return message

    def counter(self, *key: str) -> int:
        """What was counted under ``key`` so far."""
        return self.counters.cell(*key)[0]


def generic_option(code: int, data: bytes) -> dns.edns.Option:
    """An EDNS option that dnspython has no name for, or not these bytes."""
    return dns.edns.GenericOption(str(code), data)


def answers(message: dns.message.Message) -> list[str]:
    """The answer section in zone-file form without TTLs and classes: ``www.example.com A 192.0.2.1``."""
    return [
        f"{rrset.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}"
        for rrset in message.answer
        for rdata in rrset
    ]


def extended_error(message: dns.message.Message) -> tuple[int, str] | None:
    """Code and text of the extended error (RFC 8914), if there is one."""
    for option in message.options:
        if isinstance(option, dns.edns.EDEOption):
            return int(option.code), option.text or ""
    return None


def ttls(message: dns.message.Message) -> list[int]:
    """Every TTL of the answer and authority sections."""
    return [rrset.ttl for section in (message.answer, message.authority) for rrset in section]
