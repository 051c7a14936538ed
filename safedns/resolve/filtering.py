"""Whether an upstream filters, found out by asking it for names that resolvers which filter keep closed.

Must not ask for anything else: the names are famous, or made for such tests, and tell nothing of a household.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from safedns.errors import UpstreamError
from safedns.wire.answer import Answer
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import QType, RCode


class Sample(NamedTuple):
    """A name that is closed by who filters its kind."""

    name: str
    famous: bool = False
    """It exists for certain: where it is denied, or has no address, it was closed."""


SAMPLES = {
    "adult": (
        Sample("pornhub.com", famous=True),
        Sample("nudity.testcategory.com"),  # Cloudflare's
        Sample("exampleadultsite.com"),  # OpenDNS's
    ),
    "malware": (
        Sample("malware.testcategory.com"),  # Cloudflare's
        Sample("internetbadguys.com"),  # OpenDNS's
        Sample("isitblocked.org"),  # Quad9's
    ),
    "ads": (Sample("googleads.g.doubleclick.net", famous=True),),
}
"""Kind -> names: sites that everybody knows, and names that resolvers keep for such tests."""
_OPEN = "www.google.com"
"""A name that everybody opens: who does not has no view of the Internet, answers nobody, or closes all."""
_SAFE_SEARCH = frozenset(("forcesafesearch.google.com", "216.239.38.120"))
"""Where safe search takes ``_OPEN``: by name, or by the one address of that name."""

Ask = Callable[[Query], Awaitable[Answer]]
"""Asks one upstream; raises ``UpstreamError``."""


class Filtering(NamedTuple):
    """What an upstream was seen to do."""

    closes: tuple[str, ...]
    """Kinds of ``SAMPLES`` of which some name is closed, and ``safe search``."""
    opens: tuple[str, ...]
    """Kinds of which none is, and a famous name was given an address."""


async def filtering_of(ask: Ask) -> Filtering | None:
    """``None`` if it cannot be told."""
    names = [_OPEN, *(sample.name for samples in SAMPLES.values() for sample in samples)]
    told = dict(zip(names, await asyncio.gather(*(_told(ask, name) for name in names)), strict=True))
    opened = told.pop(_OPEN)
    if opened is None or opened.denied or not opened.addresses or not any(told.values()):
        return None
    closes = [kind for kind, samples in SAMPLES.items() if any(_closed(each, told[each.name]) for each in samples)]
    opens = [
        kind for kind, samples in SAMPLES.items() if kind not in closes and any(_opened(each, told) for each in samples)
    ]
    if not _SAFE_SEARCH.isdisjoint(opened.targets + opened.addresses):
        closes.append("safe search")
    return Filtering(tuple(closes), tuple(opens))


async def _told(ask: Ask, name: str) -> Answer | None:
    """What it says of a name; ``None`` if nothing."""
    try:
        answer = await ask(decode_query(plain_request(name, QType.A, 0)))
    except UpstreamError:
        return None
    return None if answer.rcode == RCode.SERVFAIL and not answer.denied else answer


def _closed(sample: Sample, answer: Answer | None) -> bool:
    """A name for tests may lapse one day; then whoever denies it shows its zone, which who closes it does not."""
    if answer is None:
        return False
    if answer.denied or answer.rcode == RCode.REFUSED:
        return True
    return answer.negative and (sample.famous or answer.counts[1] == 0)


def _opened(sample: Sample, told: dict[str, Answer | None]) -> bool:
    answer = told[sample.name]
    return sample.famous and answer is not None and bool(answer.addresses)
