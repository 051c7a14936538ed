"""Mixed queries at a steady rate, in a thread of their own, and a breath to be held while the books are balanced."""

from __future__ import annotations

import asyncio
import itertools
import random
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

from safedns.tasks import spawn
from safedns.wire.stream import frame
from safedns.wire.types import RCode
from tests.bench.soak import home as homes
from tests.bench.soak.clients import Client, Nuisance, StreamClient, UdpClient
from tests.bench.soak.encrypted import HttpsClient, QuicClient
from tests.bench.soak.home import Home
from tests.bench.soak.ledger import CLOCK, GIVE_UP, Ledger, Query
from tests.unit.wire.malformed import QUERIES

TICK = 0.01
"""Seconds between two handfuls of queries."""
_SWEEP = 0.2
_NUISANCE, _ABANDON = 0.05, 0.5
"""Seconds between two packets that are no query, and two clients that leave at once."""
_FAVOURITES, _FORBIDDEN, _NOWHERE = 300, 200, 3000
"""Names that repeat: allowed, closed, and such as do not exist."""

Question = tuple[str, int | None, bool]
"""Name, the RCODE it must have, and whether it is closed for good."""


class Device(NamedTuple):
    """Who asks what, how, and how often."""

    profile: str
    address: str
    protocol: str
    client: Client
    weight: int
    kinds: tuple[tuple[str, int], ...]
    """Kinds of questions with their weights."""


OPEN = (("cached", 75), ("miss", 12), ("nowhere", 13))
CLOSED = (("cached", 50), ("blocked", 25), ("blocked, first time", 10), ("miss", 8), ("nowhere", 7))


class Load:
    """Asks from ``go_on`` to ``hold_breath``, while its ``with`` block runs."""

    def __init__(self, home: Home, ledger: Ledger, rate: int) -> None:
        self._home = home
        self._ledger = ledger
        self._rate = rate
        self._random = random.Random(20_261_127)
        self._numbers = itertools.count()
        self._sending = False
        self._running = True
        self._quiet = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="load")
        self._asks: dict[str, Callable[[], Question]] = {
            "cached": lambda: (f"www{self._favourite(_FAVOURITES)}.good.example", RCode.NOERROR, False),
            "blocked": lambda: (f"www{self._favourite(_FORBIDDEN)}.{homes.BLOCKED}", RCode.NXDOMAIN, True),
            "blocked, first time": lambda: (self._listed(), RCode.NXDOMAIN, True),
            "miss": lambda: (f"m{next(self._numbers)}.new.example", RCode.NOERROR, False),
            "nowhere": lambda: (f"n{self._favourite(_NOWHERE)}.nowhere.example", RCode.NXDOMAIN, False),
        }

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def hold_breath(self) -> None:
        """Ask no more, and wait until nothing is on its way."""
        self._quiet.clear()
        self._sending = False
        assert self._quiet.wait(GIVE_UP + 10) or self._failure, "queries do not end"

    def go_on(self) -> None:
        self._sending = True

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 - told at the end of the block
            self._failure = error
            self._quiet.set()

    async def _run(self) -> None:
        self._retries: list[tuple[Client, Query]] = []
        self._leaving: set[asyncio.Task[None]] = set()
        devices = self._devices()
        nuisance = Nuisance(homes.NUISANCE, self._server(self._home.house.port), _malformed(), self._ledger)
        weights = [device.weight for device in devices]
        due = sweep = annoy = leave = CLOCK.monotonic()
        quiet_since = 0.0
        while self._running:
            await asyncio.sleep(TICK)
            now = CLOCK.monotonic()
            if now >= sweep:
                sweep = now + _SWEEP
                for device in devices:
                    device.client.sweep()
            if not self._sending:
                quiet_since = quiet_since or now
                due = annoy = leave = now
                self._ask_again()
                errors_missing = nuisance.waits > 0 and now < quiet_since + GIVE_UP
                if not (self._ledger.on_the_way or self._leaving or self._retries or errors_missing):
                    nuisance.forget()
                    self._quiet.set()
                continue
            quiet_since = 0.0
            self._ask_again()
            due = max(due, now - 0.5)
            while due < now:
                due += 1 / self._rate
                self._ask(self._random.choices(devices, weights)[0])
            if now >= annoy:
                annoy = now + _NUISANCE
                nuisance.annoy()
            if now >= leave:
                leave = now + _ABANDON
                self._leave()
        for device in devices:
            device.client.close()
        nuisance.close()
        await asyncio.sleep(0.1)

    def _devices(self) -> list[Device]:
        home, ledger = self._home, self._ledger
        dns, phone = self._server(home.house.port), f"{homes.PHONE}.{homes.NAME}"

        def device(
            profile: str, address: str, protocol: str, weight: int, kinds: tuple[tuple[str, int], ...]
        ) -> Device:
            lost = lambda query: self._lost(client, query)  # noqa: E731 - it needs the client that it is given to
            client: Client
            name = phone if address == homes.PHONES else homes.NAME
            match protocol:
                case "udp":
                    client = UdpClient(address, dns, ledger, lost)
                case "tcp":
                    client = StreamClient(address, dns, ledger, lost)
                case "tls":
                    client = StreamClient(address, self._server(home.tls), ledger, lost, (home.trust("dot"), name))
                case "https":
                    client = HttpsClient(address, self._server(home.https), ledger, lost, (home.trust("h2"), name))
                case _:
                    trust = str(home.authority.file)
                    client = QuicClient(address, self._server(home.quic), ledger, lost, trust, name)
            return Device(profile, address, protocol, client, weight, kinds)

        return [
            device("adults", homes.ADULTS[0], "udp", 14, OPEN),
            device("adults", homes.ADULTS[0], "https", 4, OPEN),
            *(device("an", address, "udp", 14, CLOSED) for address in homes.AN),
            device("an", homes.AN[0], "tcp", 6, CLOSED),
            device("binh", homes.BINH[0], "udp", 14, CLOSED),
            device("binh", homes.PHONES, "tls", 5, CLOSED),
            device("binh", homes.PHONES, "https", 4, CLOSED),
            device("binh", homes.PHONES, "quic", 5, CLOSED),
            device("chi", homes.CHI[0], "udp", 8, CLOSED),
            device("chi", homes.CHI[0], "tls", 2, CLOSED),
            device("guests", homes.GUESTS[0], "udp", 8, OPEN),
            device("guests", homes.GUESTS[0], "tcp", 2, OPEN),
        ]

    def _ask(self, device: Device) -> None:
        if not device.client.ready:
            return
        kinds, weights = zip(*device.kinds, strict=True)
        name, expected, closed = self._asks[self._random.choices(kinds, weights)[0]]()
        if device.profile == "chi":  # what she may do changes all the time
            expected, closed = None, False
        query = Query(device.profile, device.address, name, device.protocol, packet(name), expected, closed)
        device.client.send(query)

    def _lost(self, client: Client, query: Query) -> None:
        """An ordinary client asks a second time."""
        self._ledger.lost(query)
        if not query.retry:
            again = Query(query.profile, query.client, query.name, query.protocol, query.packet, query.expected,
                          query.closed, retry=True)  # fmt: skip
            self._retries.append((client, again))

    def _ask_again(self) -> None:
        for each in list(self._retries):
            client, query = each
            if client.ready:
                self._retries.remove(each)
                client.send(query)

    def _leave(self) -> None:
        number = next(self._numbers)
        name = f"a{number}.gone.example"
        self._ledger.abandoned += 1
        self._ledger.period.abandoned[name] += 1
        task = spawn(self._ask_and_leave(name, secure=bool(number % 2)), "ask and leave")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _ask_and_leave(self, name: str, *, secure: bool) -> None:
        port = self._home.tls if secure else self._home.house.port
        trust = self._home.trust("dot") if secure else None
        name_shown = homes.NAME if secure else None
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(GIVE_UP):
                _, writer = await asyncio.open_connection(
                    *self._server(port), local_addr=(homes.VISITOR[0], 0), ssl=trust, server_hostname=name_shown
                )
                writer.write(frame(b"\x12\x34" + packet(name)))
                writer.close()
                await writer.wait_closed()

    def _favourite(self, count: int) -> int:
        """A number below ``count``, the smaller ones more often."""
        return int(count * self._random.random() ** 3)

    def _listed(self) -> str:
        """A name below one of a category that children may not open, never asked before."""
        blocked = self._home.listed.blocked
        place = 4 * self._random.randrange(len(blocked) // 4) + self._random.randrange(2)  # adult or gambling
        return f"x{next(self._numbers)}.{blocked[place]}"

    def _server(self, port: int) -> tuple[str, int]:
        return "127.0.0.1", port


def packet(name: str) -> bytes:
    """A query of type A without its id; some have EDNS, so that not all are of one form."""
    edns = len(name) % 2
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if edns else b""
    return struct.pack("!5H", 0x0100, 1, 0, 0, edns) + labels + b"\0\0\x01\0\x01" + opt


def _malformed() -> Iterator[tuple[bytes, bool]]:
    return itertools.cycle([(each.packet, each.rcode is not None) for each in QUERIES.values()])
