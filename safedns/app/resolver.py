"""The resolver process: sockets -> pipeline -> upstreams. Takes sockets, policy and event link from the supervisor.

    channel: listen (sockets) | load (household) | link (event pipe, which worker) | live (read state.db)
             status (what applies now) | cache (how full it is; forget a name)

Once it has them it needs nobody: should the supervisor be killed, it goes on answering with the last policy until it
is told to end.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from safedns.app.garbage import Garbage
from safedns.app.household import Sealed, unseal
from safedns.app.line import Line
from safedns.app.loaded import Loaded, load, renew
from safedns.app.report import cache, set_gauges, status
from safedns.app.saved import SavedCache
from safedns.app.whereabouts import Whereabouts
from safedns.blocklist.downloads import Downloads
from safedns.clock import Clock, SystemClock
from safedns.lan.directory import Directory
from safedns.pipeline import Pipeline
from safedns.policy.live import NOTHING_LIVE
from safedns.record.counters import Counters
from safedns.record.link import EventSender
from safedns.resolve.cache import AnswerCache
from safedns.resolve.local import local_names
from safedns.resolve.resolver import Resolver
from safedns.resolve.targets import Targets
from safedns.resolve.upstream.open import load_transports
from safedns.server.flush import Flusher
from safedns.server.loop import HotLoop
from safedns.server.servers import Server, make_server
from safedns.server.terms import Terms
from safedns.supervisor.channel import Channel, Message, Received, from_memory_file
from safedns.tasks import spawn

log = logging.getLogger(__name__)

_LOOK = 1.0
"""Seconds between looks at the clock."""
_JUMP = 0.5
"""Seconds by which the wall clock may drift between two looks before every memo is dropped."""
_LAST_ANSWERS = 1.0
"""Seconds that queries under way have at the end."""
_SWITCH = 0.0001
"""Seconds for which a thread that loads rules keeps the interpreter while answers wait. Each system call of an answer
gives it away, so that with Python's usual 5 ms a reload would leave time for some 70 answers a second."""

PlaceKey = tuple[str, str, int]
"""Protocol, address, port."""


class ResolverProcess:
    """Holds the parts together; all of them live in one event loop."""

    def __init__(self, state: Path, channel: Channel, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._garbage = Garbage(clock)
        self._counters = Counters()
        self._loop = asyncio.get_running_loop()
        self._loaded: Loaded | None = None
        self._servers: dict[PlaceKey, Server] = {}
        self._everywhere: set[PlaceKey] = set()
        """Where all resolvers together answer."""
        self._sender: EventSender | None = None
        self._saved: SavedCache | None = None
        self._flusher: Flusher | None = None
        self._resolver: Resolver | None = None
        self._pipeline: Pipeline | None = None
        self._targets: Targets | None = None
        self._line = Line(channel, self._command)
        self._loading = asyncio.Lock()
        self._lan = Directory()
        self._terms = Terms(self._lan.device_at)
        self._whereabouts = Whereabouts(self._lan, clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set; queries that are under way then still get their answers, for a moment."""
        self._line.start()
        watch = spawn(self._watch_clock(), "watch the clock")
        await stop.wait()
        watch.cancel()
        self._whereabouts.close()
        self._line.close()
        for server in self._servers.values():
            server.pause()
        await self._last_answers()
        for place in list(self._servers):
            await self._servers.pop(place).close()
        if self._resolver is not None:
            if self._saved is not None and self._loaded is not None:
                self._saved.save(self._resolver.cache, self._loaded.sealed.settings)
            await self._resolver.close()
        if self._flusher is not None:
            self._flusher.close()

    async def _last_answers(self) -> None:
        """Wait until nobody waits any more, but not for long."""
        deadline = self._clock.monotonic() + _LAST_ANSWERS
        while self._resolver is not None and self._resolver.busy and self._clock.monotonic() < deadline:  # noqa: ASYNC110 - at the end only, and bounded
            await asyncio.sleep(0.02)

    async def _command(self, received: Received) -> None:
        message, descriptors = received
        match message["do"]:
            case "link":
                self._link(socket.socket(fileno=descriptors[0]))
                self._saved = SavedCache(self._state, message["worker"], message["workers"], self._clock)
            case "load":
                sealed = unseal(from_memory_file(descriptors[0]))
                async with self._loading:
                    await self._load(sealed, message["epoch"])
                self._line.tell({"event": "ready", "epoch": message["epoch"]})
            case "listen":
                await self._listen(message["places"], descriptors)
                self._tell_where(message["everywhere"])
            case "live":
                await self._renew()
                self._line.tell({"event": "answer", "number": message["number"]})
            case "status":
                self._line.tell({"event": "answer", "number": message["number"], **self._status()})
            case "cache":
                self._line.tell({"event": "answer", "number": message["number"], **self._cache(message["flush"])})

    def _link(self, sock: socket.socket) -> None:
        self._sender = EventSender(sock, self._counters)
        self._sender.attach(self._loop, self._set_gauges)
        self._flusher = Flusher(self._sender)

    async def _load(self, sealed: Sealed, epoch: int) -> None:
        """Compile beside the running path, then swap between two queries."""
        live = self._loaded.live if self._loaded is not None else NOTHING_LIVE
        self._loaded = await asyncio.to_thread(load, self._state, sealed, self._clock.wall(), epoch=epoch, live=live)
        settings = sealed.settings
        await asyncio.to_thread(load_transports, settings.upstreams.all)
        await self._whereabouts.use(settings.leases)
        if self._resolver is None or self._pipeline is None:
            assert self._sender is not None  # noqa: S101 - the supervisor sends the link first
            assert self._saved is not None  # noqa: S101 - likewise
            kept = AnswerCache(settings.cache, self._counters)
            self._saved.restore(kept, await asyncio.to_thread(self._saved.take, settings))
            self._resolver = Resolver(settings.upstreams, kept, self._clock, self._counters)
            self._pipeline = Pipeline(
                clock=self._clock, resolver=self._resolver, counters=self._counters, events=self._sender, lan=self._lan
            )
            self._targets = Targets(self._resolver, self._clock)
        else:
            self._resolver.configure(settings.upstreams, settings.cache)
        if self._targets is not None:
            self._targets.forget()
        self._install()
        self._garbage.loaded()

    async def _renew(self) -> None:
        """Look at the time and at what holds only for now, beside the running path."""
        async with self._loading:
            before = self._loaded
            if before is None:
                return  # loading reads it anyway
            now = self._loaded = await asyncio.to_thread(renew, self._state, before, self._clock.wall())
            if not now.snapshot.decides_like(before.snapshot):
                self._install()

    def _install(self) -> None:
        if self._loaded is not None and self._pipeline is not None and self._targets is not None:
            settings = self._loaded.sealed.settings
            self._terms.change(self._loaded.sealed.credentials, settings.proxy_protocol, settings.trusted_forwarders)
            local = local_names(settings, sorted(self._everywhere))
            self._pipeline.install(settings, self._loaded.snapshot, local)
            targets = self._loaded.snapshot.targets
            self._targets.keep((name, settings.upstreams.set_number(upstreams)) for name, upstreams in targets)
            self._targets.look()

    async def _listen(self, places: list[PlaceKey], descriptors: list[int]) -> None:
        """Serve exactly ``places``; sockets that are already served stay as they are."""
        wanted = {(protocol, host, port): fd for (protocol, host, port), fd in zip(places, descriptors, strict=True)}
        for gone in self._servers.keys() - wanted.keys():
            await self._servers.pop(gone).close()
        for place, descriptor in wanted.items():
            if place in self._servers:
                os.close(descriptor)
            else:
                await self._serve(place, socket.socket(fileno=descriptor))
        if self._pipeline is not None:
            self._pipeline.listening(dict.fromkeys(host for _, host, _ in wanted))

    def _tell_where(self, everywhere: list[PlaceKey]) -> None:
        """Where this machine answers is part of what it answers (RFC 9462)."""
        places = {(protocol, host, port) for protocol, host, port in everywhere}
        if places != self._everywhere:
            self._everywhere = places
            self._install()

    async def _serve(self, place: PlaceKey, sock: socket.socket) -> None:
        assert self._pipeline is not None  # noqa: S101 - the supervisor sends the policy before the sockets
        assert self._flusher is not None  # noqa: S101 - and the link before both
        sock.setblocking(False)
        server = make_server(place[0], sock, self._pipeline, self._clock, self._flusher, self._terms, self._counters)
        await server.start()
        self._servers[place] = server

    async def _watch_clock(self) -> None:
        """Work the rules out anew when the clock was set, and when a day is over; clear up when nobody asks."""
        offset = self._clock.wall() - self._clock.monotonic()
        while True:
            await asyncio.sleep(_LOOK)
            self._garbage.look()
            if self._targets is not None:
                self._targets.look()
            before, offset = offset, self._clock.wall() - self._clock.monotonic()
            jumped = abs(offset - before) > _JUMP
            if self._loaded is None or self._pipeline is None:
                continue
            if jumped:
                log.info("the clock was set: rules are worked out anew")
                self._pipeline.forget()
            if jumped or self._clock.wall() >= self._loaded.until:
                await self._renew()

    def _status(self) -> Message:
        if self._loaded is None:
            return {}
        upstreams = self._resolver.health() if self._resolver is not None else []
        return status(self._loaded, self._clock.wall()) | {"upstreams": upstreams}

    def _cache(self, flush: str) -> Message:
        """Forgets the canonical name ``flush`` first, if any; finished replies too, for they were made of answers."""
        if self._resolver is None or self._pipeline is None:
            return {}
        forgotten = 0
        if flush:
            forgotten = self._resolver.flush(flush)
            self._pipeline.forget()
        return cache(self._resolver.cache, self._counters, self._clock.monotonic()) | {"forgotten": forgotten}

    def _set_gauges(self) -> None:
        """Everything that goes up and down, made anew for each scrape so that nothing that has gone lingers."""
        self._counters.gauges.clear()
        if self._resolver is not None:
            self._resolver.gauges()
        gauges = self._counters.gauges
        if self._pipeline is not None:
            for claimed, clients in self._pipeline.peers.count().items():
                gauges["clients", "yes" if claimed else "no"] = clients
        for (protocol, _, _), server in self._servers.items():
            if protocol != "udp":
                gauges["connections", protocol] = gauges.get(("connections", protocol), 0) + server.connections
        if self._loaded is not None:
            set_gauges(gauges, self._loaded, Downloads(self._state), self._clock.wall())


def run(arguments: argparse.Namespace) -> None:
    """The process: ends at SIGTERM."""
    sys.setswitchinterval(_SWITCH)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the 1024 of a shell are fewer than all doors let in
    clock = SystemClock()
    with asyncio.Runner(loop_factory=lambda: HotLoop(clock)) as runner:
        runner.run(_main(arguments.state, Channel.inherited(arguments.channel), clock))


async def _main(state: Path, channel: Channel, clock: Clock) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await ResolverProcess(state, channel, clock).run(stop)
