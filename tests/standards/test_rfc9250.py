"""RFC 9250: DNS over dedicated QUIC connections"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.edns
import dns.message
import pytest
from aioquic.asyncio.client import connect
from aioquic.quic.configuration import QuicConfiguration

from safedns.errors import ConfigError
from safedns.settings.load import load_settings
from safedns.settings.words import upstream
from safedns.wire.stream import frame
from tests.certificates import Authority
from tests.house import generic_option
from tests.nameserver import Goodbye, NameServer, address
from tests.standards.doors import Doors
from tests.standards.upstreams import NAME as UPSTREAM
from tests.standards.upstreams import asking
from tests.unit.server.encrypted import NAME
from tests.unit.server.scripted import eventually
from tests.unit.server.test_doq import DoqClient

PROTOCOL_ERROR = 2


@asynccontextmanager
async def client(doors: Doors) -> AsyncIterator[DoqClient]:
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["doq"], server_name=NAME, idle_timeout=10.0)
    configuration.load_verify_locations(cafile=str(doors.trust.authority.file))
    async with (
        doors.quic() as port,
        connect("127.0.0.1", port, configuration=configuration, create_protocol=DoqClient) as made,
    ):
        assert isinstance(made, DoqClient)
        yield made


def query(name: str = "www.example.com", message_id: int = 0, pad: int = 0) -> bytes:
    return dns.message.make_query(name, "A", use_edns=0, id=message_id, pad=pad).to_wire()


@pytest.mark.rfc(9250, "4.1.1")
def test_section_4_1_1_the_port_is_853_unless_another_is_agreed() -> None:
    """Clients connect to UDP port 853 when they know of no other."""
    assert upstream("quic://192.0.2.53").port == 853


@pytest.mark.rfc(9250, "4.1.1")
def test_section_4_1_1_port_53_is_for_plain_dns(tmp_path: Path) -> None:
    """QUIC is neither served nor asked at port 53, where DNS is in the clear."""
    with pytest.raises(ValueError, match="never of QUIC"):
        upstream("quic://192.0.2.53:53")
    (tmp_path / "safedns.yaml").write_text(
        "listen: {dns: ['192.0.2.1:5300'], quic: ['192.0.2.1:53']}\n"
        "certificate: {cert: cert.pem, key: key.pem}\n"
        "upstreams: {servers: [192.0.2.53]}\n"
    )
    with pytest.raises(ConfigError, match="never of QUIC"):
        load_settings(tmp_path)


@pytest.mark.rfc(9250, "4.2")
async def test_section_4_2_each_query_has_a_stream_of_its_own(doors: Doors) -> None:
    """A stream carries one query and its answer, each behind two octets of length; then it ends."""
    async with client(doors) as asking_:
        for name, found in (("www.example.com", 1), ("missing.example.com", 0)):
            assert len(dns.message.from_wire(await asking_.ask(query(name))).answer) == found


@pytest.mark.rfc(9250, "4.2.1")
async def test_section_4_2_1_the_message_id_is_nought(doors: Doors, authority: Authority) -> None:
    """The id of every message is 0: of ours and of answers; another one is a protocol error."""
    async with client(doors) as asking_:
        assert (await asking_.ask(query()))[:2] == b"\0\0"
        asking_.send(frame(query(message_id=7)))
        await eventually(lambda: asking_.error is not None, "the connection has ended")
        assert asking_.error == PROTOCOL_ERROR
    with NameServer(certificate=authority.issue(UPSTREAM), face="quic") as server:
        async with asking(server) as ask:
            await ask("www.example.com")
    assert server.asked[0].packet[:2] == b"\0\0"


@pytest.mark.rfc(9250, "5.5.2")
async def test_section_5_5_2_the_keepalive_of_tcp_is_a_protocol_error(doors: Doors) -> None:
    """The option edns-tcp-keepalive has no place here: who sends it has broken the protocol."""
    packet = dns.message.make_query("www.example.com", "A", use_edns=0, id=0, options=[generic_option(11, b"")])
    async with client(doors) as asking_:
        asking_.send(frame(packet.to_wire()))
        await eventually(lambda: asking_.error is not None, "the connection has ended")
        assert asking_.error == PROTOCOL_ERROR


@pytest.mark.rfc(9250, "5.4")
async def test_section_5_4_answers_are_padded(doors: Doors) -> None:
    """Messages are padded, as over TLS."""
    async with client(doors) as asking_:
        reply = await asking_.ask(query(pad=128))
    assert len(reply) % 468 == 0


@pytest.mark.rfc(9250, "4.5")
async def test_section_4_5_no_question_goes_out_as_early_data(authority: Authority) -> None:
    """Early data (0-RTT) could be replayed: of upstreams none is asked with it, nor is it offered to."""
    with NameServer(
        lambda asked: Goodbye() if asked.number == 1 else address(asked),
        certificate=authority.issue(UPSTREAM),
        face="quic",
    ) as server:
        async with asking(server) as ask:
            for name in ("first.example", "second.example"):
                await ask(name)
    assert (server.connections, server.resumed, server.early) == (2, 1, 0)
