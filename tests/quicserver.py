"""The QUIC face of ``tests.nameserver``: DNS over QUIC (RFC 9250) with the same scripted reactions."""

from __future__ import annotations

from functools import partial

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import HandshakeCompleted, QuicEvent, StreamDataReceived
from aioquic.tls import SessionTicket

from safedns.wire.stream import Deframer, frame
from tests.nameserver import Goodbye, HangUp, NameServer, Reaction, Reset


def quic_server(server: NameServer) -> QuicServer:
    """The datagram protocol that serves ``server``'s certificate and behaviour."""
    assert server.certificate is not None
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["doq"])
    configuration.load_cert_chain(server.certificate.cert, server.certificate.key)
    tickets: dict[bytes, SessionTicket] = {}

    def keep(ticket: SessionTicket) -> None:
        tickets[ticket.ticket] = ticket

    def protocol(quic: QuicConnection, **_: object) -> _Protocol:
        return _Protocol(quic, server)

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
        elif isinstance(event, StreamDataReceived):
            stream = self._streams.setdefault(event.stream_id, Deframer())
            for packet in stream.feed(event.data):
                self._server.react(packet, "quic", partial(self._respond, event.stream_id))

    def _respond(self, number: int, reaction: Reaction) -> None:
        if isinstance(reaction, Goodbye):
            self.close()
            return
        if isinstance(reaction, Reset):
            self._quic.reset_stream(number, 1)
        else:
            data = reaction.raw if isinstance(reaction, HangUp) else reaction
            assert isinstance(data, bytes), f"{reaction!r} means nothing over QUIC"
            self._quic.send_stream_data(number, data if data is not reaction else frame(data), end_stream=True)
        self.transmit()
