"""How long clients wait when a DNS server as others built it is killed or stalled under their questions.

python -m tests.bench.real_upstreams        prints the table of docs/upstreams.md, in about four minutes

A client asks a new name every ``EVERY`` seconds. Its upstream is in trouble for ``DOWN`` seconds, once with a second
one beside it and once alone, and is then well again. Every answer has to be the truth.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from pathlib import Path

from safedns.clock import SystemClock
from safedns.errors import UpstreamError
from safedns.resolve.resolver import Resolver
from safedns.settings.model import Upstreams, UpstreamSpec
from tests.bench.failover import told
from tests.certificates import Authority
from tests.e2e.upstream_programs import MANY, SERVED, TROUBLES, TRUTH, Program, Trouble
from tests.nameserver import NameServer, reply
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache

EVERY = 0.025
DOWN = 3.0
QUICK = 0.1
"""Seconds in which an answer comes when nothing is wrong, on a machine that others use, too."""
CALM = 0.5
"""Seconds for which every answer has been quick before a trouble begins, and before it counts as over."""
MOST = 30.0
"""Seconds after which something is wrong that this does not measure."""
TITLES = {
    "unbound": "unbound", "dnsdist": "dnsdist", "kresd": "Knot Resolver", "bind": "BIND",
    "aioquic_doq": "aioquic", "aioquic_h3": "aioquic",
}  # fmt: skip
CLOCK = SystemClock()


class Question:
    """One question and what became of it."""

    def __init__(self) -> None:
        self.asked = CLOCK.monotonic()
        self.seconds: float | None = None
        """Until there was an answer, or word that there is none; ``None``: not yet."""
        self.answered = False

    @property
    def quick(self) -> bool:
        """Whether it was answered as when nothing is wrong."""
        return self.answered and self.seconds is not None and self.seconds < QUICK


class Client:
    """Asks on and on, whatever becomes of the questions before."""

    def __init__(self, *servers: UpstreamSpec) -> None:
        counters = FakeCounters()
        self._resolver = Resolver(Upstreams(servers, "ordered"), small_cache(counters), CLOCK, counters)
        self._numbers = itertools.count()
        self.questions: list[Question] = []

    async def ask_until(self, enough: asyncio.Event) -> None:
        """Ask until there was enough of it; returns after the last answer."""
        async with asyncio.TaskGroup() as asking:
            while not enough.is_set():
                asking.create_task(self._ask())
                await asyncio.sleep(EVERY)
        await self._resolver.close()

    async def calm(self) -> None:
        """Wait until every question of ``CALM`` seconds was answered quickly."""
        async with asyncio.timeout(MOST):
            began = CLOCK.monotonic()
            while CLOCK.monotonic() < began + CALM + QUICK or not self._is_calm():  # noqa: ASYNC110 - time has to pass
                await asyncio.sleep(EVERY)

    def _is_calm(self) -> bool:
        now = CLOCK.monotonic()
        return all(one.quick for one in self.questions if now - CALM - QUICK < one.asked < now - QUICK)

    async def _ask(self) -> None:
        one = Question()
        self.questions.append(one)
        try:
            found = (await resolved(self._resolver, question(f"n{next(self._numbers)}.{MANY}"))).answer
        except UpstreamError:
            pass
        else:
            one.answered = not found.rcode
            if one.answered and found.addresses != (TRUTH,):
                raise AssertionError(f"a wrong answer: {found}")
        one.seconds = CLOCK.monotonic() - one.asked


async def measure(program: Program, transport: str, trouble: Trouble, *beside: UpstreamSpec) -> tuple[float, float]:
    """Seconds that the slowest question took, and after which every question was answered quickly again.

    The second is counted from the beginning of the trouble where there is another upstream, else from its end.
    """
    client, enough = Client(program.upstream(transport), *beside), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(client.ask_until(enough))
        await client.calm()
        began = CLOCK.monotonic()
        await asyncio.to_thread(program.hurt, trouble)
        await asyncio.sleep(DOWN)
        await asyncio.to_thread(program.mend, trouble)
        ended = CLOCK.monotonic()
        await client.calm()
        enough.set()
    concerned = [one for one in client.questions if one.asked + (one.seconds or 0) > began]
    last_slow = max((one.asked for one in concerned if not one.quick), default=0.0)
    since = began if beside else ended
    return max(one.seconds or 0 for one in concerned), max(last_slow + EVERY - since, 0.0)


def main() -> None:
    print("| upstream | killed, another beside it | stalled, another beside it | killed, alone | stalled, alone |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, NameServer(lambda asked: reply(asked, f"A {TRUTH}")) as good:
        authority = Authority(Path(folder))
        os.environ["SSL_CERT_FILE"] = str(authority.file)
        for made, transport in SERVED:
            with made(Path(folder), authority).running() as program:
                cells = [
                    asyncio.run(measure(program, transport, trouble, *beside))
                    for beside in ((good.spec,), ())
                    for trouble in TROUBLES
                ]
            title = f"{TITLES[made.__name__]}, {'plain' if transport == 'dns' else f'`{transport}://`'}"
            print(f"| {title} | " + " | ".join(", ".join(map(told, cell)) for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
