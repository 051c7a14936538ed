"""CPU per cache miss of ``Resolver.resolve`` against a name server in another process, both on loopback.

python -m tests.bench.miss_bench [queries] [at once]
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
import time
from multiprocessing.connection import Connection

from safedns.clock import SystemClock
from safedns.record.counters import Counters
from safedns.resolve.cache import AnswerCache
from safedns.resolve.resolver import Resolver
from safedns.settings.model import CacheSettings, Upstreams, UpstreamSpec
from safedns.tasks import spawn
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request

_RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x01"


def answer_everything(port_to: Connection) -> None:
    """A name server that gives every name the same address."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    port_to.send(server.getsockname()[1])
    while True:
        packet, peer = server.recvfrom(2048)
        header = packet[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
        server.sendto(header + packet[12 : packet.index(b"\0", 12) + 5] + _RECORD, peer)


async def measure(port: int, queries: list[Query], at_once: int) -> float:
    """CPU microseconds of this process for each query, ``at_once`` of them under way all the time."""
    counters = Counters()
    upstreams = Upstreams(servers=(UpstreamSpec("plain", "127.0.0.1", port, "loopback"),))
    resolver = Resolver(upstreams, AnswerCache(CacheSettings(), counters), SystemClock(), counters)

    async def one(query: Query) -> None:
        assert resolver.cached(query) is None
        done = asyncio.get_running_loop().create_future()
        resolver.resolve(query, done.set_result)
        await done

    async def worker(share: list[Query]) -> None:
        for query in share:
            await spawn(one(query), "miss")

    before = time.process_time()
    await asyncio.gather(*(worker(queries[start::at_once]) for start in range(at_once)))
    spent = time.process_time() - before
    await resolver.close()
    return spent / len(queries) * 1e6


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    queries = [decode_query(plain_request(f"host{number}.example.com", 1, 0)) for number in range(count)]
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=answer_everything, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    try:
        print(f"{asyncio.run(measure(port, queries, at_once)):.1f} us of CPU for each miss, {at_once} at once")
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
