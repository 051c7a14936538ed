"""The QUIC faces of ``tests.nameserver``, DNS over QUIC (RFC 9250) and HTTP/3, with the same scripted reactions."""

from __future__ import annotations

from functools import partial

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import HandshakeCompleted, QuicEvent, StreamDataReceived
from aioquic.tls import SessionTicket

from safedns.wire.stream import Deframer, frame
from tests.nameserver import Goodbye, HangUp, Http, NameServer, Reaction, Reset


def quic_server(server: NameServer) -> QuicServer:
    """The datagram protocol that serves ``server``'s certificate and behaviour."""
    assert server.certificate is not None
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["doq" if server.face == "quic" else "h3"])
    configuration.load_cert_chain(server.certificate.cert, server.certificate.key)
    tickets: dict[bytes, SessionTicket] = {}

    def keep(ticket: SessionTicket) -> None:
        tickets[ticket.ticket] = ticket

    speak = _Protocol if server.face == "quic" else _Http3

    def protocol(quic: QuicConnection, **_: object) -> _Protocol:
        return speak(quic, server)

    return QuicServer(
        configuration=configuration,
        create_protocol=protocol,
        session_ticket_fetcher=tickets.get,
        session_ticket_handler=keep,
    )


class _Protocol(QuicConnectionProtocol):
    def __init__(self, quic: QuicConnection, server: NameServer) -> None:
        super().__init__(quic)
        self._server = server
        self._streams: dict[int, Deframer] = {}

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, HandshakeCompleted):
            self._server.connections += 1
            self._server.resumed += event.session_resumed
            self._server.early += event.early_data_accepted
        else:
            self._take(event)

    def _take(self, event: QuicEvent) -> None:
        if isinstance(event, StreamDataReceived):
            stream = self._streams.setdefault(event.stream_id, Deframer())
            for packet in stream.feed(event.data):
                self._server.react(packet, "quic", partial(self._respond, event.stream_id))

    def _respond(self, number: int, reaction: Reaction) -> None:
        if isinstance(reaction, Goodbye):
            self.close()
            return
        if isinstance(reaction, Reset):
            self._quic.reset_stream(number, reaction.code)
        else:
            self._say(number, reaction)
        self.transmit()

    def _say(self, number: int, reaction: Reaction) -> None:
        data = reaction.raw if isinstance(reaction, HangUp) else reaction
        assert isinstance(data, bytes), f"{reaction!r} means nothing over QUIC"
        self._quic.send_stream_data(number, data if data is not reaction else frame(data), end_stream=True)


class _Http3(_Protocol):
    """HTTP/3 for ``Http`` reactions; ``bytes`` are sent as an answer with status 200, ``HangUp`` bytes as they are."""

    def __init__(self, quic: QuicConnection, server: NameServer) -> None:
        super().__init__(quic, server)
        self._http = H3Connection(self._quic)
        self._bodies: dict[int, bytes] = {}

    def _take(self, event: QuicEvent) -> None:
        for told in self._http.handle_event(event):
            if isinstance(told, HeadersReceived):
                self._server.requests.append({name.decode(): value.decode() for name, value in told.headers})
                self._bodies[told.stream_id] = b""
            elif isinstance(told, DataReceived):
                self._bodies[told.stream_id] += told.data
                if told.stream_ended:
                    packet = self._bodies.pop(told.stream_id)
                    self._server.react(packet, "h3", partial(self._respond, told.stream_id))

    def _say(self, number: int, reaction: Reaction) -> None:
        if isinstance(reaction, HangUp):
            self._quic.send_stream_data(number, reaction.raw, end_stream=True)
            return
        http = Http(reaction) if isinstance(reaction, bytes) else reaction
        assert isinstance(http, Http), f"{reaction!r} means nothing over HTTP/3"
        self._http.send_headers(number, [(name.encode(), value.encode()) for name, value in http.header])
        self._http.send_data(number, http.body, end_stream=True)
