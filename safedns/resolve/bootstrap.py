"""The addresses of upstreams that are given by name, asked of plain resolvers that are given by address.

Kept for their TTL; asked again when nobody was reached. Never through ourselves, which would wait for the very upstream
that is looked for, nor through the system's resolver, which is us once this machine uses what it serves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.resolve.alarms import Alarms
from safedns.resolve.flight import Flight, Member, Resolved
from safedns.resolve.strategy import Team
from safedns.tasks import spawn
from safedns.wire.answer import Answer
from safedns.wire.query import decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import Ede, QType

KEEP_MIN = 60.0
KEEP_MAX = 86_400.0
"""Seconds that addresses are kept: bounds on their TTL."""
SECOND_FAMILY = 0.2
"""Seconds that the other family's addresses are waited for when one has come (RFC 8305 section 3 has 50 ms)."""


class Found(NamedTuple):
    """The addresses of one name, best first."""

    addresses: tuple[str, ...]
    until: float


class Bootstrap:
    """Looks names up; one for all upstreams, over every reload."""

    __slots__ = ("_alarms", "_clock", "_flights", "_found", "_members", "_team")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alarms = Alarms(clock)
        self._members: tuple[Member, ...] = ()
        self._team = Team("fastest", ())
        self._flights: set[Flight] = set()
        self._found: dict[str, Found] = {}

    def ask(self, members: tuple[Member, ...]) -> None:
        """Ask these from now on."""
        self._members = members
        self._team = Team("fastest", [member.health for member in members])

    def place(self, name: str) -> Named:
        """Where the upstream called ``name`` is."""
        return Named(self, name)

    def close(self) -> None:
        """Look nothing up any more."""
        for flight in list(self._flights):
            flight.abandon(UpstreamError("the resolver is stopping", Ede.NOT_READY))
        self._alarms.close()

    async def find(self, name: str) -> tuple[str, ...]:
        """The addresses of ``name``; raises ``UpstreamError`` when nobody knows any."""
        known = self._found.get(name)
        if known is not None and self._clock.monotonic() < known.until:
            return known.addresses
        answers = await self._both_families(name)
        addresses = tuple(address for answer in answers for address in answer.addresses)
        if addresses:
            ttl = min(max(min(answer.ttl for answer in answers if answer.addresses), KEEP_MIN), KEEP_MAX)
            self._found[name] = Found(addresses, self._clock.monotonic() + ttl)
        elif known is not None:
            return known.addresses  # they were good once, and whoever answers there must prove who it is
        else:
            raise UpstreamError(f"bootstrap finds no address of {name}", Ede.NO_REACHABLE_AUTHORITY)
        return addresses

    def prefer(self, name: str, address: str) -> None:
        """Put the address first that worked."""
        known = self._found.get(name)
        if known is not None and known.addresses[0] != address:
            others = (one for one in known.addresses if one != address)
            self._found[name] = known._replace(addresses=(address, *others))

    def doubt(self, name: str) -> None:
        """Look the name up again before it is used again."""
        if (known := self._found.get(name)) is not None:
            self._found[name] = known._replace(until=float("-inf"))

    async def _both_families(self, name: str) -> list[Answer]:
        """Good answers, IPv4 first, for it is what works nearly everywhere."""
        tasks = [spawn(self._look_up(name, qtype), f"look {name} up") for qtype in (QType.A, QType.AAAA)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not any(task.done() and task.result() for task in tasks):
                await asyncio.wait(tasks)
            await asyncio.wait(tasks, timeout=SECOND_FAMILY)
        finally:
            for task in tasks:
                task.cancel()
        return [answer for task in tasks if task.done() and not task.cancelled() and (answer := task.result())]

    async def _look_up(self, name: str, qtype: int) -> Answer | None:
        if not self._members:
            return None
        outcome: asyncio.Future[Resolved | UpstreamError] = asyncio.get_running_loop().create_future()

        def landed(_: Flight, result: Resolved | UpstreamError) -> None:
            if not outcome.done():
                outcome.set_result(result)

        flight = Flight(
            decode_query(plain_request(name, qtype, 0)),
            self._team,
            self._members,
            self._clock,
            self._alarms,
            None,
            landed=landed,
            ended=self._flights.discard,
            served_stale=lambda: None,
        )
        self._flights.add(flight)
        flight.start()
        result = await outcome
        return result.answer if isinstance(result, Resolved) and result.answer.addresses else None


class Named:
    """A ``Place`` whose addresses are looked up."""

    __slots__ = ("_bootstrap", "_name")

    def __init__(self, bootstrap: Bootstrap, name: str) -> None:
        self._bootstrap = bootstrap
        self._name = name

    async def find(self) -> Sequence[str]:
        """See ``Place``."""
        return await self._bootstrap.find(self._name)

    def worked(self, address: str) -> None:
        """See ``Place``."""
        self._bootstrap.prefer(self._name, address)

    def failed(self) -> None:
        """See ``Place``."""
        self._bootstrap.doubt(self._name)
