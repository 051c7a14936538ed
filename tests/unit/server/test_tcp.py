"""TCP as clients use and abuse it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from safedns.clock import SystemClock
from safedns.server.room import Limits
from safedns.server.tcp import TcpServer
from safedns.server.terms import Terms
from safedns.tasks import spawn
from safedns.wire.stream import frame
from tests.unit.server.scripted import Recording, ScriptedPipeline, eventually

PATIENT = Limits(idle=30.0)
HASTY = Limits(idle=0.15)


class Client:
    """One connection; closed at the end of its ``async with`` block."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self._port = port
        self._source = source

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(self._source, 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def send(self, *packets: bytes) -> None:
        """All of them in one segment."""
        self.writer.write(b"".join(frame(packet) for packet in packets))

    async def receive(self) -> bytes:
        """The next message."""
        async with asyncio.timeout(10):
            size = int.from_bytes(await self.reader.readexactly(2))
            return await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        """Everything until the server closes, however it does that."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


class Served:
    """A server and how to reach it."""

    def __init__(self, server: TcpServer, pipeline: ScriptedPipeline, port: int) -> None:
        self.server = server
        self.pipeline = pipeline
        self.port = port

    def client(self, source: str = "127.0.0.1") -> Client:
        return Client(self.port, source)


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        yield sock


@asynccontextmanager
async def serving(
    recording: Recording, limits: Limits = PATIENT, *, reply_size: int = 0, terms: Terms | None = None
) -> AsyncIterator[Served]:
    pipeline = ScriptedPipeline(reply_size=reply_size)
    with listening() as sock:
        port = sock.getsockname()[1]
        server = TcpServer(sock, pipeline, SystemClock(), recording.flusher, limits, terms=terms)
        await server.start()
        try:
            yield Served(server, pipeline, port)
        finally:
            await server.close()


async def test_two_queries_in_one_segment_get_two_answers(recording: Recording) -> None:
    async with serving(recording) as served, served.client("127.0.0.9") as client:
        client.send(b"one", b"two")
        assert [await client.receive(), await client.receive()] == [b"re: one", b"re: two"]
        assert served.pipeline.seen == [(b"one", "127.0.0.9", "tcp"), (b"two", "127.0.0.9", "tcp")]
        assert served.pipeline.batches == [1, 1]


async def test_an_answer_does_not_wait_for_a_slower_one_asked_before(recording: Recording) -> None:
    async with serving(recording) as served, served.client() as client:
        client.send(b"slow", b"quick")
        assert await client.receive() == b"re: quick"
        served.pipeline.deliver(b"slow")
        assert await client.receive() == b"re: slow"


async def test_a_client_that_sends_one_octet_at_a_time_is_understood(recording: Recording) -> None:
    async with serving(recording) as served, served.client() as client:
        for octet in frame(b"patience"):
            client.writer.write(bytes([octet]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert await client.receive() == b"re: patience"


async def test_an_idle_connection_is_closed(recording: Recording) -> None:
    async with serving(recording, HASTY) as served, served.client() as client:
        client.send(b"one")
        assert await client.rest() == frame(b"re: one")


async def test_octets_that_never_become_a_query_do_not_keep_a_connection_open(recording: Recording) -> None:
    async with serving(recording, HASTY) as served, served.client() as client:
        client.writer.write(b"\xff\xff")
        closed = spawn(client.rest(), "reader")
        while not closed.done():
            client.writer.write(b"x")
            await asyncio.sleep(0.01)
        assert await closed == b""
        assert not served.pipeline.seen


async def test_a_client_that_closes_its_sending_half_still_gets_its_answers(recording: Recording) -> None:
    async with serving(recording) as served, served.client() as client:
        client.send(b"slow 1", b"quick", b"slow 2")
        client.writer.write_eof()
        assert await client.receive() == b"re: quick"
        await eventually(lambda: len(served.pipeline.waiting) == 2, "two wait")
        served.pipeline.deliver(b"slow 2")
        served.pipeline.deliver(b"slow 1")
        assert await client.rest() == frame(b"re: slow 2") + frame(b"re: slow 1")


async def test_a_client_that_has_gone_does_not_disturb_when_its_answer_comes(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording) as served:
        async with served.client() as client:
            client.send(b"slow")
            await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        served.pipeline.deliver(b"slow")
        async with served.client() as client:
            client.send(b"next")
            assert await client.receive() == b"re: next"
    assert not caplog.records


@pytest.mark.parametrize("limits", [Limits(idle=30.0, per_peer=2), Limits(idle=30.0, connections=2)])
async def test_a_connection_too_many_is_turned_away_until_another_leaves(recording: Recording, limits: Limits) -> None:
    async with serving(recording, limits) as served, served.client() as first:
        async with served.client() as second:
            for client in (first, second):
                client.send(b"hello")
                assert await client.receive() == b"re: hello"
            async with served.client() as third:
                third.send(b"hello")
                assert await third.rest() == b""
        await eventually(lambda: served.server.connections < 2, "the second has left")
        async with served.client() as fourth:
            fourth.send(b"hello")
            assert await fourth.receive() == b"re: hello"


async def test_one_address_with_too_many_connections_does_not_keep_others_out(recording: Recording) -> None:
    async with serving(recording, Limits(idle=30.0, per_peer=1)) as served, served.client("127.0.0.2") as greedy:
        greedy.send(b"hello")
        assert await greedy.receive() == b"re: hello"
        async with served.client("127.0.0.3") as other:
            other.send(b"hello")
            assert await other.receive() == b"re: hello"


async def greeted(client: Client) -> bool:
    """Whether it is served; a client that was let go, or never let in, is not."""
    client.send(b"hello")
    try:
        return await client.receive() == b"re: hello"
    except (asyncio.IncompleteReadError, ConnectionError):
        return False


@pytest.mark.parametrize("sources", [("127.0.0.2", "127.0.0.2"), ("127.0.0.2", "127.0.0.3")])
async def test_when_there_is_no_room_the_device_that_holds_most_makes_some_whatever_its_addresses(
    recording: Recording, sources: tuple[str, str]
) -> None:
    terms = Terms(lambda address: "aa:bb:cc:dd:ee:01" if address in sources else address)
    async with (
        serving(recording, Limits(idle=30.0, connections=3), terms=terms) as served,
        served.client("127.0.0.4") as modest,
        served.client(sources[0]) as oldest,
        served.client(sources[1]) as newer,
    ):
        assert [await greeted(client) for client in (modest, oldest, newer)] == [True] * 3
        async with served.client("127.0.0.5") as newcomer:
            assert await greeted(newcomer)
            assert await oldest.rest() == b""
            assert [await greeted(client) for client in (modest, newer, newcomer)] == [True] * 3


async def test_nobody_makes_room_for_who_would_hold_as_many(recording: Recording) -> None:
    async with (
        serving(recording, Limits(idle=30.0, connections=3)) as served,
        served.client("127.0.0.2") as first,
        served.client("127.0.0.3") as second,
        served.client("127.0.0.3") as third,
    ):
        assert [await greeted(client) for client in (first, second, third)] == [True] * 3
        async with served.client("127.0.0.2") as fourth:
            assert not await greeted(fourth)
        assert [await greeted(client) for client in (first, second, third)] == [True] * 3


async def test_reading_pauses_while_too_many_queries_of_a_connection_wait(recording: Recording) -> None:
    async with serving(recording, Limits(idle=30.0, outstanding=2)) as served, served.client() as client:
        client.send(b"slow 1", b"slow 2", b"quick")
        await eventually(lambda: len(served.pipeline.waiting) == 2, "two wait")
        assert len(served.pipeline.seen) == 2
        served.pipeline.deliver(b"slow 2")
        assert [await client.receive(), await client.receive()] == [b"re: slow 2", b"re: quick"]


async def test_a_client_that_never_reads_costs_little_and_is_let_go(recording: Recording) -> None:
    queries = 2000
    async with serving(recording, HASTY, reply_size=60_000) as served, served.client() as client:
        client.send(*[b"more"] * queries)
        await eventually(lambda: served.server.connections == 1, "it is connected")
        await eventually(lambda: served.server.connections == 0, "it is let go")
        assert len(served.pipeline.seen) < queries / 4


@pytest.mark.parametrize("packet", [b"", b"junk", b"ju\x80k" * 10_000])
async def test_what_deserves_no_answer_gets_none_and_the_connection_goes_on(
    recording: Recording, packet: bytes
) -> None:
    async with serving(recording) as served, served.client() as client:
        client.send(packet, b"sense")
        assert await client.receive() == b"re: sense"


async def test_who_asks_too_much_is_slowed_and_then_answered(recording: Recording) -> None:
    async with serving(recording) as served, served.client() as client:
        client.send(b"too much of it", b"hello")
        await eventually(lambda: len(served.pipeline.seen) > 2, "it was tried again")
        assert {packet for packet, _, _ in served.pipeline.seen} == {b"too much of it"}
        served.pipeline.busy = False
        assert [await client.receive(), await client.receive()] == [b"re: too much of it", b"re: hello"]


async def test_who_asks_too_much_for_long_is_let_go(recording: Recording) -> None:
    async with serving(recording, HASTY) as served, served.client() as client:
        client.send(b"too much of it")
        assert await client.rest() == b""


async def test_closing_does_not_wait_for_a_client_that_has_closed_its_half_and_whose_answer_never_comes(
    recording: Recording,
) -> None:
    async with serving(recording) as served, served.client() as client:
        client.send(b"slow")
        client.writer.write_eof()
        await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        client.writer.transport.abort()
        async with asyncio.timeout(5):
            await served.server.close()
        assert served.server.connections == 0


async def test_closing_drops_every_connection_and_accepts_no_more(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording) as served, served.client() as idle, served.client() as waiting:
        idle.send(b"hello")
        assert await idle.receive() == b"re: hello"
        waiting.send(b"slow")
        await eventually(lambda: served.pipeline.waiting, "one waits")
        await served.server.close()
        assert [await idle.rest(), await waiting.rest()] == [b"", b""]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)
        served.pipeline.deliver(b"slow")
    assert not caplog.records
