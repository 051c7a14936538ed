"""UDP: answers at once, answers later, and what must not disturb either."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from safedns.clock import SystemClock
from safedns.server.udp import BATCH, UdpServer
from tests.tools import missing
from tests.unit.server.scripted import Recording, ScriptedPipeline, eventually


class Served:
    """A server, a client's socket, and what lies between them."""

    def __init__(self, server: UdpServer, pipeline: ScriptedPipeline, client: socket.socket) -> None:
        self.server = server
        self.pipeline = pipeline
        self.client = client

    def send(self, *packets: bytes) -> None:
        for packet in packets:
            self.client.send(packet)

    async def receive(self) -> bytes:
        """The next datagram."""
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.client, 65_535)


@asynccontextmanager
async def serving(
    recording: Recording, source: str = "127.0.0.1", family: socket.AddressFamily = socket.AF_INET
) -> AsyncIterator[Served]:
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family, socket.SOCK_DGRAM) as sock, socket.socket(family, socket.SOCK_DGRAM) as client:
        sock.bind((host, 0))
        client.bind((source, 0))
        client.connect(sock.getsockname())
        sock.setblocking(False)
        client.setblocking(False)
        pipeline = ScriptedPipeline()
        server = UdpServer(sock, pipeline, SystemClock(), recording.flusher)
        await server.start()
        try:
            yield Served(server, pipeline, client)
        finally:
            await server.close()


async def test_a_query_is_answered_and_the_pipeline_is_told_who_asked(recording: Recording) -> None:
    async with serving(recording, "127.0.0.9") as served:
        served.send(b"one")
        assert await served.receive() == b"re: one"
        assert served.pipeline.seen == [(b"one", "127.0.0.9", "udp")]
        assert served.pipeline.batches == [1]


async def test_ipv6_clients_are_known_by_their_address(recording: Recording) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        missing("this machine has no IPv6 loopback address")
    async with serving(recording, "::1", socket.AF_INET6) as served:
        served.send(b"one")
        assert await served.receive() == b"re: one"
        assert served.pipeline.seen == [(b"one", "::1", "udp")]


async def test_many_datagrams_at_once_are_all_answered_in_order(recording: Recording) -> None:
    count = 3 * BATCH
    async with serving(recording) as served:
        served.send(*(b"%d" % number for number in range(count)))
        assert [await served.receive() for _ in range(count)] == [b"re: %d" % number for number in range(count)]
        assert sum(served.pipeline.batches) == count


async def test_a_slow_answer_keeps_nobody_waiting(recording: Recording) -> None:
    async with serving(recording) as served:
        served.send(b"slow", b"quick")
        assert await served.receive() == b"re: quick"
        served.pipeline.deliver(b"slow")
        assert await served.receive() == b"re: slow"


async def test_what_deserves_no_answer_gets_none(recording: Recording) -> None:
    async with serving(recording) as served:
        served.send(b"junk", b"", b"sense")
        assert await served.receive() == b"re: sense"
        assert [packet for packet, _, _ in served.pipeline.seen] == [b"junk", b"", b"sense"]


async def test_an_oversized_datagram_is_cut_off_and_does_no_harm(recording: Recording) -> None:
    async with serving(recording) as served:
        served.send(b"junk" * 10_000, b"sense")
        assert await served.receive() == b"re: sense"
        assert len(served.pipeline.seen[0][0]) == 4096


async def test_a_client_that_has_gone_disturbs_nobody(recording: Recording, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(recording) as served:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.connect(served.client.getpeername())
            gone.send(b"slow")
            await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        served.pipeline.deliver(b"slow")
        for number in range(5):
            served.send(b"%d" % number)
            assert await served.receive() == b"re: %d" % number
    assert not caplog.records


async def test_a_late_refusal_to_answer_sends_nothing(recording: Recording) -> None:
    async with serving(recording) as served:
        served.send(b"slow")
        await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        served.pipeline.waiting[b"slow"](None)
        served.send(b"next")
        assert await served.receive() == b"re: next"


async def test_when_it_pauses_nothing_is_read_and_what_waited_is_still_answered(recording: Recording) -> None:
    async with serving(recording) as served:
        served.send(b"slow")
        await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        served.server.pause()
        served.send(b"too late")
        served.pipeline.deliver(b"slow")
        assert await served.receive() == b"re: slow"
        assert len(served.pipeline.seen) == 1
