"""Finding the servers of lists through the household's own upstreams, never through this machine's resolver.

That one may be safedns: at the start it would wait for answers that wait for lists, and it could block the very server
that a list comes from. Each look-up has a resolver and an event loop of its own, for it is made in processes that live
shortly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from safedns.clock import Clock
from safedns.errors import UpstreamError
from safedns.record.counters import Counters
from safedns.resolve.cache import AnswerCache
from safedns.resolve.resolver import Resolved, Resolver
from safedns.settings.model import CacheSettings, Upstreams
from safedns.wire.names import parse_name
from safedns.wire.query import decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import QType

_NO_CACHE = CacheSettings(entries=0, stale=0)


def look_up_through(upstreams: Upstreams, clock: Clock) -> Callable[[str, int], Sequence[str]]:
    """A function from host and port to the host's addresses, IPv4 first; it raises ``OSError`` when there are none."""

    def look_up(host: str, _port: int) -> Sequence[str]:
        try:
            return asyncio.run(_addresses(parse_name(host), upstreams, clock))
        except (UpstreamError, ValueError) as error:
            raise OSError(str(error)) from error

    return look_up


async def _addresses(name: str, upstreams: Upstreams, clock: Clock) -> Sequence[str]:
    counters = Counters()
    resolver = Resolver(upstreams, AnswerCache(_NO_CACHE, counters), clock, counters)
    try:
        outcomes = await asyncio.gather(*(_ask(resolver, name, qtype) for qtype in (QType.A, QType.AAAA)))
    finally:
        await resolver.close()
    found = [address for outcome in outcomes if isinstance(outcome, Resolved) for address in outcome.answer.addresses]
    if not found:
        failures = [outcome for outcome in outcomes if isinstance(outcome, UpstreamError)]
        raise failures[0] if failures else UpstreamError("the upstreams know no address")
    return found


async def _ask(resolver: Resolver, name: str, qtype: int) -> Resolved | UpstreamError:
    done: asyncio.Future[Resolved | UpstreamError] = asyncio.get_running_loop().create_future()
    resolver.resolve(decode_query(plain_request(name, qtype, 0)), done.set_result)
    return await done
