"""A scripted name server on loopback: UDP and TCP (or TLS, HTTPS, HTTP/3, QUIC) on one port, for tests of upstreams.

    with NameServer(lambda asked: reply(asked, "A 192.0.2.1")) as server:
        ... ask server.host, server.port; look at server.asked ...

A behaviour sees each query and says what happens: ``bytes`` are sent, ``None`` is silence; ``After``, ``Several`` and
``HangUp`` do the rest. Runs in a thread of its own, so synchronous tests and child processes can use it too.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Literal, NamedTuple, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from safedns.settings.model import UpstreamSpec
from safedns.wire.stream import Deframer, frame
from tests.certificates import Certificate

Transport = Literal["udp", "tcp", "tls", "https", "h3", "quic"]
Secure = Literal["tls", "https", "h3", "quic"]


class Asked(NamedTuple):
    """One query as it arrived."""

    packet: bytes
    transport: Transport
    name: str
    """Without the trailing dot, letter case as sent."""
    qtype: str
    number: int
    """How many queries came before."""


class After(NamedTuple):
    """React later."""

    seconds: float
    reaction: Reaction


class Several(NamedTuple):
    """Send these, in this order."""

    packets: tuple[bytes, ...]


class HangUp(NamedTuple):
    """TCP: send these bytes as they are, then close the connection."""

    raw: bytes = b""


class Http(NamedTuple):
    """HTTPS and HTTP/3: a response of any kind."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/dns-message"
    more: tuple[tuple[str, str], ...] = ()
    """Further header fields."""

    @property
    def header(self) -> list[tuple[str, str]]:
        return [(":status", str(self.status)), ("content-type", self.kind), *self.more]


class Reset(NamedTuple):
    """HTTPS and QUIC: break the stream off."""

    code: int = 1


class Goodbye(NamedTuple):
    """HTTPS and QUIC: end the connection in good order."""


Reaction = bytes | After | Several | HangUp | Http | Reset | Goodbye | None
Behaviour = Callable[[Asked], Reaction]


def reply(
    asked: Asked, *answers: str, ttl: int = 60, rcode: int = 0, truncated: bool = False, authority: tuple[str, ...] = ()
) -> bytes:
    """A response to ``asked``; records read ``"A 192.0.2.1"``, or ``"other.example. CNAME target."`` with an owner."""
    query = dns.message.from_wire(asked.packet)
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.Rcode(rcode))
    if truncated:
        response.flags |= dns.flags.TC
    for section, records in ((response.answer, answers), (response.authority, authority)):
        for record in records:
            owner, rtype, rdata = _split(record, str(query.question[0].name))
            section.append(dns.rrset.from_text(owner, ttl, "IN", rtype, rdata))
    return response.to_wire(max_size=65535)


def soa(minimum: int) -> str:
    """An SOA of example.com with this negative TTL, for ``authority``."""
    return f"example.com. SOA ns.example.com. admin.example.com. 1 7200 900 1209600 {minimum}"


def with_other_id(packet: bytes) -> bytes:
    """The packet under an id that nobody asked with."""
    return (int.from_bytes(packet[:2]) ^ 0x5555).to_bytes(2) + packet[2:]


def with_other_name(packet: bytes) -> bytes:
    """The packet with one letter of its question changed."""
    return packet[:13] + bytes((ord("z") if packet[13] != ord("z") else ord("y"),)) + packet[14:]


def address(asked: Asked) -> Reaction:
    """The usual behaviour: 192.0.2.1 or 2001:db8::1, and nothing of any other type."""
    if asked.qtype == "A":
        return reply(asked, "A 192.0.2.1")
    if asked.qtype == "AAAA":
        return reply(asked, "AAAA 2001:db8::1")
    return reply(asked, authority=(soa(60),))


def _split(record: str, qname: str) -> tuple[str, str, str]:
    first, rest = record.split(" ", 1)
    if first.endswith("."):
        rtype, rdata = rest.split(" ", 1)
        return first, rtype, rdata
    return qname, first, rest


class NameServer:
    """Serves while its ``with`` block runs; ``behave`` may be replaced at any time."""

    def __init__(
        self,
        behave: Behaviour = address,
        *,
        tcp: bool = True,
        certificate: Certificate | None = None,
        face: Secure = "tls",
        port: int = 0,
        remember: bool = True,
    ) -> None:
        """With a ``certificate`` it speaks no plain TCP but this ``face``; QUIC takes the place of plain UDP.

        ``h3`` is HTTP/2 over TCP, and HTTP/3 over UDP. ``port``: where, instead of anywhere; ``remember=False`` keeps
        no list of what was asked.
        """
        self.behave = behave
        self.certificate = certificate
        self.face = face
        self.requests: list[dict[str, str]] = []
        """HTTPS and HTTP/3: the headers of every request."""
        self.offer = ""
        """HTTPS: what every response has as ``Alt-Svc``."""
        self.streams_at_once = 100
        """HTTPS: how many streams a client may have open; counts from the next connection on."""

        self.in_order = False
        """TCP and TLS: look at a query of a connection only after the one before is answered."""
        self.asked: list[Asked] = []
        self._remember = remember
        self.connections = 0
        """Connections ever made, and of them those whose handshake went on from an earlier one."""
        self.resumed = 0
        self.early = 0
        """QUIC: handshakes that allowed early data."""
        self.host = "127.0.0.1"
        self._udp, self._tcp = _bind(self.host, port, tcp=tcp)
        self.port: int = self._udp.getsockname()[1]
        self._streams: set[_Stream] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), name="name server")

    def __enter__(self) -> NameServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self.stop)
        self._thread.join()

    def stop(self) -> None:
        """Let ``serve`` end."""
        self._stop.set()

    @property
    def spec(self) -> UpstreamSpec:
        """This server as an upstream."""
        return UpstreamSpec("plain", self.host, self.port, f"{self.host}:{self.port}")

    def asked_over(self, transport: Transport) -> int:
        """How many queries came over one transport."""
        return sum(asked.transport == transport for asked in self.asked)

    def drop_connections(self) -> None:
        """Close every TCP connection, as a server does that restarts or has waited long enough."""
        for stream in list(self._streams):
            self._loop.call_soon_threadsafe(stream.transport.close)

    async def serve(self) -> None:
        """Serve in the running event loop, and so in its time, instead of in a thread; ``stop`` ends it."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        datagrams = await self._serve_datagrams()
        listener = None
        if self._tcp is not None:
            https = self.face in ("https", "h3")
            tls = self.certificate.context(*["h2"] * https) if self.certificate is not None else None
            session = _Session if https else _Stream
            listener = await self._loop.create_server(lambda: session(self), sock=self._tcp, ssl=tls)
        self._ready.set()
        await self._stop.wait()
        datagrams.close()
        if listener is not None:
            listener.close()
        for stream in self._streams:
            stream.transport.abort()
        await asyncio.sleep(0)  # transports close their sockets in the next round

    async def _serve_datagrams(self) -> asyncio.BaseTransport:
        if self.certificate is None or self.face not in ("quic", "h3"):
            return (await self._loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=self._udp))[0]
        from tests.quicserver import quic_server  # aioquic costs a third of a second

        return (await self._loop.create_datagram_endpoint(lambda: quic_server(self), sock=self._udp))[0]

    def react(self, packet: bytes, transport: Transport, send: Callable[[Reaction], None]) -> None:
        question = dns.message.from_wire(packet).question[0]
        name = str(question.name).rstrip(".")
        asked = Asked(packet, transport, name, dns.rdatatype.to_text(question.rdtype), len(self.asked))
        if self._remember:
            self.asked.append(asked)
        self._play(self.behave(asked), send)

    def _play(self, reaction: Reaction, send: Callable[[Reaction], None]) -> None:
        if isinstance(reaction, After):
            self._loop.call_later(reaction.seconds, self._play, reaction.reaction, send)
        elif reaction is not None:
            send(reaction)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        def send(reaction: Reaction) -> None:
            for packet in reaction.packets if isinstance(reaction, Several) else (reaction,):
                assert isinstance(packet, bytes), f"{reaction!r} means nothing over UDP"
                self._transport.sendto(packet, addr)

        self._server.react(data, "udp", send)


class _Stream(asyncio.Protocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._deframer = Deframer()
        self._to_do: list[bytes] = []
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._server.connections += 1
        tls = transport.get_extra_info("ssl_object")
        self._transport: Transport = "tcp" if tls is None else "tls"
        self._server.resumed += tls is not None and tls.session_reused
        self._server._streams.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server._streams.discard(self)

    def data_received(self, data: bytes) -> None:
        self._to_do += self._deframer.feed(data)
        self._go_on()

    def _go_on(self) -> None:
        while self._to_do and not (self._busy and self._server.in_order):
            self._busy = True
            self._server.react(self._to_do.pop(0), self._transport, self._send)

    def _send(self, reaction: Reaction) -> None:
        self._say_all(reaction)
        self._busy = False
        self._server._loop.call_soon(self._go_on)  # not from here, or hundreds at once would nest

    def _say_all(self, reaction: Reaction) -> None:
        if isinstance(reaction, HangUp):
            self.transport.write(reaction.raw)
            self.transport.close()
            return
        for packet in reaction.packets if isinstance(reaction, Several) else (reaction,):
            assert isinstance(packet, bytes)
            self.transport.write(frame(packet))


class _Session(_Stream):
    """HTTP/2 for ``Http`` reactions; ``bytes`` are sent as an answer with status 200."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._transport = "https"
        self._bodies: dict[int, bytes] = {}
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        limit = {SettingCodes.MAX_CONCURRENT_STREAMS: self._server.streams_at_once}
        self._http.local_settings = Settings(client=False, initial_values=limit)
        self._http.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._http.receive_data(data):
            match event:
                case RequestReceived(stream_id=number):
                    self._server.requests.append({str(name): str(value) for name, value in event.headers})
                    self._bodies[number] = b""
                case DataReceived(stream_id=number):
                    self._http.acknowledge_received_data(event.flow_controlled_length, number)
                    self._bodies[number] += event.data
                case StreamEnded(stream_id=number):
                    self._server.react(self._bodies.pop(number), "https", partial(self._respond, number))
        self._flush()

    def _respond(self, number: int, reaction: Reaction) -> None:
        if isinstance(reaction, HangUp):
            self._say_all(reaction)
            return
        with suppress(H2Error):  # the client has given the stream up
            if isinstance(reaction, Goodbye):
                self._http.close_connection()
            elif isinstance(reaction, Reset):
                self._http.reset_stream(number)
            else:
                http = Http(reaction) if isinstance(reaction, bytes) else reaction
                assert isinstance(http, Http), f"{reaction!r} means nothing over HTTPS"
                offer = [("alt-svc", self._server.offer)] if self._server.offer else []
                self._http.send_headers(number, http.header + offer)
                self._say(number, http.body)
        self._flush()

    def _say(self, number: int, body: bytes) -> None:
        """Send what the client's windows take, and the rest later."""
        size = min(self._http.local_flow_control_window(number), self._http.max_outbound_frame_size)
        self._http.send_data(number, body[:size], end_stream=len(body) <= size)
        self._flush()
        if len(body) > size:
            self._server._loop.call_later(0.001, self._rest, number, body[size:])

    def _rest(self, number: int, body: bytes) -> None:
        with suppress(H2Error):
            self._say(number, body)

    def _flush(self) -> None:
        self.transport.write(self._http.data_to_send())


def _bind(host: str, port: int, *, tcp: bool) -> tuple[socket.socket, socket.socket | None]:
    """A UDP and a TCP socket on the same port, 0: a free one; without ``tcp`` the port refuses connections."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((host, port))
        if not tcp:
            return udp, None
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            stream.bind(udp.getsockname())
        except OSError:
            udp.close()
            stream.close()
            if port:
                raise
            continue
        return udp, stream
