"""DNS over TLS (RFC 7858): the server of TCP behind a handshake."""

from __future__ import annotations

import asyncio
import asyncio.sslproto
import gc
import socket
import ssl
import struct
import tracemalloc
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import dns.edns
import dns.message
import pytest

from safedns.clock import SystemClock
from safedns.server.room import Limits
from safedns.server.tcp import TcpServer
from safedns.server.terms import Terms
from safedns.wire.stream import frame
from tests.unit.server.encrypted import NAME, Trust
from tests.unit.server.scripted import Recording, ScriptedPipeline, eventually
from tests.unit.server.test_tcp import HASTY, PATIENT, listening

KEEPALIVE = dns.edns.OptionType.make(11)


class Served:
    """A server, and how clients reach it."""

    def __init__(self, server: TcpServer, pipeline: ScriptedPipeline, port: int, trust: Trust) -> None:
        self.server = server
        self.pipeline = pipeline
        self.port = port
        self.trust = trust

    @asynccontextmanager
    async def client(
        self, name: str = NAME, context: ssl.SSLContext | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that asks for ``name`` in its handshake."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context or self.trust.client("dot"), server_hostname=name
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def ask(self, packet: bytes, name: str = NAME, context: ssl.SSLContext | None = None) -> bytes:
        async with self.client(name, context) as (reader, writer):
            writer.write(frame(packet))
            return await receive(reader)


async def receive(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


@asynccontextmanager
async def serving(
    recording: Recording, trust: Trust, limits: Limits = PATIENT, terms: Terms | None = None
) -> AsyncIterator[Served]:
    pipeline = ScriptedPipeline()
    with listening() as sock:
        terms = terms or trust.terms()
        server = TcpServer(sock, pipeline, SystemClock(), recording.flusher, limits, terms=terms, encrypted=True)
        port = sock.getsockname()[1]
        await server.start()
        try:
            yield Served(server, pipeline, port, trust)
        finally:
            await server.close()


async def test_queries_are_pipelined_and_the_pipeline_learns_the_protocol(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client() as (reader, writer):
        writer.write(frame(b"slow") + frame(b"quick"))
        assert await receive(reader) == b"re: quick"
        served.pipeline.deliver(b"slow")
        assert await receive(reader) == b"re: slow"
        assert served.pipeline.seen == [(b"slow", "127.0.0.1", "tls"), (b"quick", "127.0.0.1", "tls")]


@pytest.mark.parametrize(
    ("asked", "client"),
    [
        (f"an-tablet.{NAME}", "127.0.0.1 an-tablet"),
        (f"AN-Tablet.{NAME}", "127.0.0.1 an-tablet"),
        (NAME, "127.0.0.1"),
        (f"x.an-tablet.{NAME}", "127.0.0.1"),
        ("an-tablet.elsewhere.example", "127.0.0.1"),
    ],
)
async def test_the_label_before_our_own_name_tells_the_device(
    recording: Recording, trust: Trust, asked: str, client: object
) -> None:
    lenient = trust.client("dot")
    lenient.check_hostname = False
    async with serving(recording, trust) as served:
        await served.ask(b"hello", asked, lenient)
        assert [seen for _, seen, _ in served.pipeline.seen] == [client]


async def test_a_client_that_offers_no_protocol_by_name_is_served(recording: Recording, trust: Trust) -> None:
    """ALPN came after DNS over TLS."""
    async with serving(recording, trust) as served:
        assert await served.ask(b"hello", context=trust.client()) == b"re: hello"


async def test_who_speaks_no_tls_is_let_go_without_an_answer(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(frame(b"hello"))
        async with asyncio.timeout(10):
            assert frame(b"re: hello") not in await reader.read()
        writer.close()
        assert not served.pipeline.seen


async def test_an_old_tls_is_refused(recording: Recording, trust: Trust) -> None:
    old = trust.client("dot")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with serving(recording, trust) as served:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await served.ask(b"hello", context=old)
        assert (await served.ask(b"hello")) == b"re: hello"


async def test_a_handshake_that_never_ends_is_ended(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, Limits(greeting=0.1)) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"\x16\x03\x01")
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
        await eventually(lambda: served.server.connections == 0, "it is let go")


async def test_an_idle_connection_is_closed_in_good_order(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, HASTY) as served, served.client() as (reader, writer):
        writer.write(frame(b"one"))
        async with asyncio.timeout(10):
            assert await reader.read() == frame(b"re: one")


async def test_a_connection_that_waits_takes_little_memory(recording: Recording, trust: Trust) -> None:
    """Hundreds may wait. Both ends of each are counted here, and OpenSSL's own memory is not."""
    context = trust.client("dot")
    async with serving(recording, trust) as served, AsyncExitStack() as connections:
        await served.ask(b"hello", context=context)
        tracemalloc.start()
        connections.callback(tracemalloc.stop)
        for _ in range(20):
            reader, writer = await connections.enter_async_context(served.client(context=context))
            writer.write(frame(b"hello"))
            assert await receive(reader) == b"re: hello"
        assert tracemalloc.get_traced_memory()[0] / 20 < 100_000


async def test_a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    recording: Recording, trust: Trust
) -> None:
    terms = Terms()
    terms.change(trust.credentials(days=-1))
    async with serving(recording, trust, terms=terms) as served:
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await served.ask(b"hello")
        terms.change(trust.credentials())
        async with served.client() as (reader, writer):
            writer.write(frame(b"one"))
            assert await receive(reader) == b"re: one"
            terms.change(trust.credentials(days=-1))
            writer.write(frame(b"two"))
            assert await receive(reader) == b"re: two"
            with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
                await served.ask(b"hello")


async def test_without_a_certificate_nobody_is_served_and_nothing_breaks(
    recording: Recording, trust: Trust, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording, trust, terms=Terms()) as served:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await served.ask(b"hello")
    assert not caplog.records


class Answering(ScriptedPipeline):
    """Answers DNS by DNS."""

    def reply(self, packet: bytes) -> bytes:
        return dns.message.make_response(dns.message.from_wire(packet), our_payload=1232, pad=0).to_wire()


async def test_a_padded_query_gets_a_padded_reply_and_the_time_a_connection_stays(
    recording: Recording, trust: Trust
) -> None:
    padded = dns.message.make_query(
        "www.example.com",
        "A",
        use_edns=0,
        options=[
            dns.edns.GenericOption(dns.edns.OptionType.PADDING, bytes(20)),
            dns.edns.GenericOption(KEEPALIVE, b""),
        ],
    )
    async with serving(recording, trust, Limits(idle=25.0)) as served:
        served.pipeline.__class__ = Answering
        reply = await served.ask(padded.to_wire())
        options = {option.otype: option.to_wire() for option in dns.message.from_wire(reply).options}
        assert len(reply) == 468
        assert options[KEEPALIVE] == (250).to_bytes(2)
        plain = await served.ask(dns.message.make_query("www.example.com", "A", use_edns=0).to_wire())
        assert len(plain) < 100


def cut_short(port: int, context: ssl.SSLContext, *, shaken_hands: bool) -> None:
    """A client that goes away in the middle: of the handshake, or with its connection reset."""
    with socket.create_connection(("127.0.0.1", port)) as plain:
        if not shaken_hands:
            plain.sendall(b"\x16\x03\x01")
            return
        with context.wrap_socket(plain, server_hostname=NAME) as secured:
            secured.sendall(frame(b"query"))
            secured.recv(64)
            secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("shaken_hands", [False, True])
async def test_what_tls_holds_of_a_connection_cut_short_is_freed_without_the_collector(
    recording: Recording, trust: Trust, shaken_hands: bool
) -> None:
    def held() -> int:
        return sum(isinstance(each, asyncio.sslproto.SSLProtocol) for each in gc.get_objects())

    async with serving(recording, trust) as served:
        before = held()
        for _ in range(3):
            await asyncio.to_thread(cut_short, served.port, trust.client("dot"), shaken_hands=shaken_hands)
        await eventually(lambda: served.server.connections == 0, "all have gone")
        await eventually(lambda: held() == before, "what they held is free")
