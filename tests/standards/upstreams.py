"""Asks a scripted name server as safedns asks its upstreams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from safedns.clock import SystemClock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Fixed
from safedns.settings.words import upstream
from safedns.wire.answer import Answer
from tests.nameserver import NameServer
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters, question

NAME = "dns.test"
Ask = Callable[[str], Coroutine[Any, Any, Answer]]


@asynccontextmanager
async def asking(server: NameServer, *, identity: str = NAME, http3: bool = False) -> AsyncIterator[Ask]:
    """Gives what asks ``server`` for the address of a name, by the transport that it speaks.

    ``identity``: what stands behind the ``#`` of an upstream, the name in its certificate or the pin of its key.
    ``http3``: over HTTP/2, and over HTTP/3 where it is offered.
    """
    address = f"127.0.0.1:{server.port}"
    spec = upstream(address if server.certificate is None else f"{server.face}://{address}#{identity}")
    if http3:
        spec = upstream(f"https://{address}#{identity}")._replace(http3=True)
    opened = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), Fixed(spec.host))

    async def ask(wanted: str) -> Answer:
        exchange = Awaited(question(wanted))
        opened.start(exchange)
        return await asyncio.wait_for(exchange, PATIENCE)

    try:
        yield ask
    finally:
        await opened.close()
