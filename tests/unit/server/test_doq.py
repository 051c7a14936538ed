"""DNS over QUIC (RFC 9250) as clients use and abuse it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dns.edns
import dns.message
import pytest
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent, StreamDataReceived, StreamReset
from aioquic.tls import SessionTicket
from hypothesis import given
from hypothesis import strategies as st

from safedns.clock import SystemClock
from safedns.server.doq import DoqError, DoqServer, _server_name
from safedns.server.room import Limits
from safedns.server.terms import Terms
from safedns.wire.stream import frame
from tests.unit.server.encrypted import NAME, Trust
from tests.unit.server.scripted import Recording, ScriptedPipeline, eventually
from tests.unit.server.test_doh import DnsPipeline
from tests.unit.server.test_tcp import PATIENT

ZERO = b"\0\0"
KEEPALIVE = dns.edns.GenericOption(dns.edns.OptionType.make(11), b"")


class DoqClient(QuicConnectionProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.received: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.reset: dict[int, int] = {}
        self.error: int | None = None
        self.early = False

    def quic_event_received(self, event: QuicEvent) -> None:
        match event:
            case HandshakeCompleted():
                self.early = event.early_data_accepted
            case StreamDataReceived():
                self.received[event.stream_id] = self.received.get(event.stream_id, b"") + event.data
                if event.end_stream:
                    self.ended.add(event.stream_id)
            case StreamReset():
                self.reset[event.stream_id] = event.error_code
            case ConnectionTerminated():
                self.error = event.error_code

    def send(self, data: bytes, *, end: bool = True, one_way: bool = False, stopped: bool = False) -> int:
        """Bytes on a new stream; ``stopped``: the same packet says that no answer is wanted."""
        stream = self._quic.get_next_available_stream_id(is_unidirectional=one_way)
        self._quic.send_stream_data(stream, data, end_stream=end)
        if stopped:
            self.stop(stream)
        self.transmit()
        return stream

    def stop(self, stream: int) -> None:
        """Say, in the next packet that leaves, that nothing more of a stream is wanted."""
        self._quic.stop_stream(stream, DoqError.NO_ERROR)

    def go_on(self, stream: int, data: bytes, *, end: bool = False) -> None:
        self._quic.send_stream_data(stream, data, end_stream=end)
        self.transmit()

    async def answer(self, stream: int) -> bytes:
        """The message that came on a stream, which the server has ended."""
        await eventually(lambda: stream in self.ended, "the stream has ended")
        data = self.received[stream]
        assert int.from_bytes(data[:2]) == len(data) - 2
        return data[2:]

    async def ask(self, packet: bytes) -> bytes:
        return await self.answer(self.send(frame(packet)))


class Tongueless(DoqClient):
    """Proves its address, says its first message and nothing more."""

    heard = 0

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        self.heard += 1
        if self.heard == 1:  # the Retry
            super().datagram_received(data, addr)


class Served:
    """A server, and how clients reach it."""

    def __init__(self, server: DoqServer, pipeline: ScriptedPipeline, port: int, trust: Trust) -> None:
        self.server = server
        self.pipeline = pipeline
        self.port = port
        self._trust = trust

    @asynccontextmanager
    async def client(
        self,
        name: str = NAME,
        alpn: str = "doq",
        *,
        verify: bool = True,
        tickets: list[SessionTicket] | None = None,
        source: str = "127.0.0.1",
        kind: type[DoqClient] = DoqClient,
    ) -> AsyncIterator[DoqClient]:
        configuration = QuicConfiguration(is_client=True, alpn_protocols=[alpn], server_name=name, idle_timeout=10.0)
        configuration.load_verify_locations(cafile=str(self._trust.authority.file))
        if not verify:
            configuration.verify_mode = ssl.CERT_NONE
        if tickets:
            configuration.session_ticket = tickets[0]
        keep = None if tickets is None else tickets.append
        quic = QuicConnection(configuration=configuration, session_ticket_handler=keep)
        transport, client = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: kind(quic), local_addr=(source, 0)
        )
        try:
            client.connect(("127.0.0.1", self.port))
            if kind is DoqClient:
                await client.wait_connected()
            yield client
        finally:
            client.close()
            await client.wait_closed()
            transport.close()


@asynccontextmanager
async def serving(
    recording: Recording,
    trust: Trust,
    limits: Limits = PATIENT,
    pipeline: ScriptedPipeline | None = None,
    terms: Terms | None = None,
) -> AsyncIterator[Served]:
    pipeline = pipeline or ScriptedPipeline()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    port = sock.getsockname()[1]
    server = DoqServer(sock, pipeline, SystemClock(), recording.flusher, terms or trust.terms(), limits)
    await server.start()
    try:
        yield Served(server, pipeline, port, trust)
    finally:
        await server.close()
        await asyncio.sleep(0)


class Echo(ScriptedPipeline):
    """Like the usual one, behind the message id that RFC 9250 demands."""

    def answer_now(self, packet: bytes, sender: str, protocol: str, wall: float, mono: float) -> Any:
        return super().answer_now(packet[2:], sender, protocol, wall, mono)


async def test_each_stream_is_a_query_and_answers_come_as_they_are_ready_rfc9250_4_2(
    recording: Recording, trust: Trust
) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        slow, quick = client.send(frame(ZERO + b"slow")), client.send(frame(ZERO + b"quick"))
        assert await client.answer(quick) == b"re: quick"
        served.pipeline.deliver(b"slow")
        assert await client.answer(slow) == b"re: slow"
        assert served.pipeline.seen == [(b"slow", "127.0.0.1", "quic"), (b"quick", "127.0.0.1", "quic")]


@pytest.mark.parametrize(
    ("asked", "client"),
    [
        (f"An-Tablet.{NAME}", "127.0.0.1 an-tablet"),
        (NAME, "127.0.0.1"),
        (f"x.an-tablet.{NAME}", "127.0.0.1"),
        ("an-tablet.elsewhere.example", "127.0.0.1"),
    ],
)
async def test_the_label_before_our_own_name_tells_the_device(
    recording: Recording, trust: Trust, asked: str, client: object
) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client(asked, verify=False) as asking:
        await asking.ask(ZERO + b"hello")
        assert [seen for _, seen, _ in served.pipeline.seen] == [client]


async def test_a_query_that_comes_in_pieces_is_understood(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        message = frame(ZERO + b"patience")
        stream = client.send(message[:1], end=False)
        for octet in message[1:]:
            client.go_on(stream, bytes((octet,)))
            await asyncio.sleep(0)
        client.go_on(stream, b"", end=True)
        assert await client.answer(stream) == b"re: patience"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\0\x05abc",
        frame(ZERO + b"one") + frame(ZERO + b"two"),
        frame(b"\x12\x34" + b"an id that is not nought"),
        frame(
            dns.message.make_query(
                "x.example", "A", id=0, options=[dns.edns.GenericOption(dns.edns.OptionType.make(11), b"")]
            ).to_wire()
        ),
    ],
    ids=["nothing", "half a length", "cut off", "two queries", "an id", "keepalive"],
)
async def test_what_breaks_the_rules_ends_the_connection_rfc9250_4_3(
    recording: Recording, trust: Trust, data: bytes
) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        client.send(data)
        await eventually(lambda: client.error is not None, "the connection has ended")
        assert client.error == DoqError.PROTOCOL_ERROR
        assert not served.pipeline.seen
        async with served.client() as another:
            assert await another.ask(ZERO + b"hello") == b"re: hello"


async def test_a_one_way_stream_ends_the_connection(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        client.send(frame(ZERO + b"hello"), one_way=True)
        await eventually(lambda: client.error == DoqError.PROTOCOL_ERROR, "the connection has ended")


async def test_another_protocol_is_not_spoken(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served:
        with pytest.raises(ConnectionError):
            async with served.client(alpn="h3"):
                pass


async def test_what_deserves_no_answer_ends_its_stream_only(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        stream = client.send(frame(ZERO + b"junk"))
        await eventually(lambda: client.reset, "the stream is reset")
        assert client.reset == {stream: DoqError.EXCESSIVE_LOAD}
        assert await client.ask(ZERO + b"hello") == b"re: hello"


async def test_too_many_questions_at_once_are_turned_down(recording: Recording, trust: Trust) -> None:
    limits = PATIENT._replace(outstanding=2)
    async with serving(recording, trust, limits, Echo()) as served, served.client() as client:
        for number in range(3):
            client.send(frame(ZERO + b"slow %d" % number))
        await eventually(lambda: client.reset, "one is turned down")
        assert len(served.pipeline.seen) == 2
        served.pipeline.deliver(b"slow 1")
        await eventually(lambda: client.ended, "one is answered")
        assert await client.ask(ZERO + b"hello") == b"re: hello"


async def test_queries_that_never_end_are_bounded_together(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        for _ in range(4):
            client.send(b"\xff\xff" + bytes(60_000), end=False)
        await eventually(lambda: client.error is not None, "the connection has ended")
        assert client.error == DoqError.EXCESSIVE_LOAD


async def test_one_address_has_so_many_connections_and_another_leaves_room(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, PATIENT._replace(per_peer=1), Echo()) as served:
        async with served.client() as first:
            assert await first.ask(ZERO + b"hello") == b"re: hello"
            with pytest.raises((ConnectionError, TimeoutError)):
                async with asyncio.timeout(0.5), served.client():
                    pass
            assert served.server.connections == 1
        await eventually(lambda: served.server.connections == 0, "the first has left")
        async with served.client() as second:
            assert await second.ask(ZERO + b"hello") == b"re: hello"


async def test_who_only_keeps_a_connection_up_is_let_go(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, Limits(idle=0.2), Echo()) as served, served.client() as client:
        assert await client.ask(ZERO + b"hello") == b"re: hello"
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                while client.error is None:
                    await client.ping()
        await eventually(lambda: client.error is not None, "the connection has ended")
        assert client.error == DoqError.NO_ERROR
        assert served.server.connections == 0


async def test_a_handshake_that_never_ends_is_ended(recording: Recording, trust: Trust) -> None:
    limits = PATIENT._replace(greeting=0.3)
    async with serving(recording, trust, limits, Echo()) as served, served.client(kind=Tongueless):
        await eventually(lambda: served.server.connections == 1, "it has begun")
        await eventually(lambda: served.server.connections == 0, "it is let go")


async def test_when_there_is_no_room_the_device_that_holds_most_makes_some(recording: Recording, trust: Trust) -> None:
    greedy = ("127.0.0.2", "127.0.0.3")
    terms = trust.terms()
    terms.device_at = lambda address: "aa:bb:cc:dd:ee:01" if address in greedy else address
    limits = PATIENT._replace(connections=3)
    async with (
        serving(recording, trust, limits, Echo(), terms) as served,
        served.client(source="127.0.0.4") as modest,
        served.client(source=greedy[0]) as oldest,
        served.client(source=greedy[1]) as newer,
        served.client(source="127.0.0.5") as newcomer,
    ):
        for client in (modest, newer, newcomer):
            assert await client.ask(ZERO + b"hello") == b"re: hello"
        await eventually(lambda: oldest.error == DoqError.EXCESSIVE_LOAD, "the oldest is let go, and told why")
        assert served.server.connections == 3


async def test_early_data_is_never_taken(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served:
        tickets: list[SessionTicket] = []
        for _ in range(2):
            async with served.client(tickets=tickets) as client:
                assert await client.ask(ZERO + b"hello") == b"re: hello"
                assert not client.early
        assert tickets == []


async def test_a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    recording: Recording, trust: Trust
) -> None:
    terms = trust.terms()
    async with serving(recording, trust, pipeline=Echo(), terms=terms) as served, served.client() as old:
        assert await old.ask(ZERO + b"one") == b"re: one"
        terms.change(trust.credentials("elsewhere.example"))
        assert await old.ask(ZERO + b"two") == b"re: two"
        with pytest.raises(ConnectionError):
            async with served.client():
                pass


async def test_a_padded_query_gets_a_padded_reply(recording: Recording, trust: Trust) -> None:
    query = dns.message.make_query("www.example.com", "A", id=0, use_edns=0, pad=128).to_wire()
    async with serving(recording, trust, pipeline=DnsPipeline()) as served, served.client() as client:
        assert len(await client.ask(query)) == 468


async def test_an_answer_for_a_client_that_has_gone_disturbs_nobody(
    recording: Recording, trust: Trust, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served:
        async with served.client() as client:
            client.send(frame(ZERO + b"slow"))
            await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        await eventually(lambda: served.server.connections == 0, "it has gone")
        served.pipeline.deliver(b"slow")
    assert [record for record in caplog.records if record.name.startswith("safedns")] == []


@pytest.mark.parametrize("late", [False, True], ids=["in one packet", "before the end of the query"])
async def test_who_wants_no_answer_to_what_it_asks_disturbs_nobody(
    recording: Recording, trust: Trust, caplog: pytest.LogCaptureFixture, late: bool
) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served, served.client() as client:
        message = frame(ZERO + b"never mind")
        stream = client.send(b"" if late else message, end=not late, stopped=True)
        if late:
            await eventually(lambda: stream in client.reset, "the server has heard it")
            client.go_on(stream, message, end=True)
        assert await client.ask(ZERO + b"hello") == b"re: hello"
        assert served.server.connections == 1
    assert [record for record in caplog.records if record.name != "quic"] == []


class Broken(Echo):
    """Has a fault that some packets find."""

    def answer_now(self, packet: bytes, sender: str, protocol: str, wall: float, mono: float) -> Any:
        if packet.endswith(b"fault"):
            raise ZeroDivisionError
        return super().answer_now(packet, sender, protocol, wall, mono)


async def test_a_fault_that_a_client_finds_ends_its_connection_only_and_is_written_down_once(
    recording: Recording, trust: Trust, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording, trust, pipeline=Broken()) as served, served.client() as other:
        assert await other.ask(ZERO + b"hello") == b"re: hello"
        for _ in range(2):
            async with served.client() as client:
                client.send(frame(ZERO + b"fault"))
                await eventually(lambda: served.server.connections == 1, "it is given up")
        assert await other.ask(ZERO + b"hello") == b"re: hello"
    assert [record.levelname for record in caplog.records if record.name != "quic"] == ["ERROR"]


async def test_datagrams_that_are_no_quic_are_passed_over(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust, pipeline=Echo()) as served:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for data in (b"", b"\0" * 20, b"\xff" * 1300, dns.message.make_query("x.example", "A").to_wire()):
                stranger.sendto(data, ("127.0.0.1", served.port))
        async with served.client() as client:
            assert await client.ask(ZERO + b"hello") == b"re: hello"


@given(st.binary(max_size=300))
def test_whatever_a_first_message_holds_its_name_is_text(message: bytes) -> None:
    for start in (b"", b"\x01\x00\x01\x00\x03\x03" + bytes(32) + b"\x00"):
        assert isinstance(_server_name(start + message), str)
