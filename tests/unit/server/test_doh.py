"""DNS over HTTPS (RFC 8484) as clients use and abuse it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.message
import dns.rcode
import dns.rrset
import pytest
from h2.settings import SettingCodes

from safedns.clock import SystemClock
from safedns.server.doh import STREAMS, DohServer
from safedns.server.room import Limits
from safedns.tasks import spawn
from tests.http2 import closed_streams
from tests.unit.server.encrypted import NAME, Trust
from tests.unit.server.h2client import H2Client, connected
from tests.unit.server.scripted import Recording, ScriptedPipeline, eventually
from tests.unit.server.test_tcp import HASTY, PATIENT, listening


class DnsPipeline(ScriptedPipeline):
    """Answers what begins like a query by DNS: ``rcode`` and ``ttl`` are what the test says."""

    rcode = dns.rcode.NOERROR
    ttl = 77

    def reply(self, packet: bytes) -> bytes:
        query = dns.message.from_wire(packet)
        response = dns.message.make_response(query, pad=0)
        response.set_rcode(self.rcode)
        if self.rcode == dns.rcode.NOERROR:
            response.answer.append(dns.rrset.from_text(query.question[0].name, self.ttl, "IN", "A", "192.0.2.1"))
        return response.to_wire()


class Served:
    """A server, and how clients reach it."""

    def __init__(self, server: DohServer, pipeline: ScriptedPipeline, port: int, trust: Trust) -> None:
        self.server = server
        self.pipeline = pipeline
        self.port = port
        self._trust = trust

    @asynccontextmanager
    async def client(self, name: str = NAME, *alpn: str) -> AsyncIterator[H2Client]:
        async with connected(self.port, self._trust.client(*(alpn or ("h2",))), name) as client:
            yield client


@asynccontextmanager
async def serving(
    recording: Recording, trust: Trust, limits: Limits = PATIENT, pipeline: ScriptedPipeline | None = None
) -> AsyncIterator[Served]:
    pipeline = pipeline or ScriptedPipeline()
    with listening() as sock:
        port = sock.getsockname()[1]
        server = DohServer(sock, pipeline, SystemClock(), recording.flusher, trust.terms(), limits)
        await server.start()
        try:
            yield Served(server, pipeline, port, trust)
        finally:
            await server.close()


def get(packet: bytes, path: str = "/dns-query") -> str:
    return f"{path}?dns={base64.urlsafe_b64encode(packet).decode().rstrip('=')}"


async def test_get_and_post_are_answered_rfc8484_4_1(recording: Recording, trust: Trust) -> None:
    query = dns.message.make_query("www.example.com", "A", id=0).to_wire()
    async with serving(recording, trust, pipeline=DnsPipeline()) as served, served.client() as client:
        for stream in (client.request("GET", get(query)), client.post(query)):
            response = await client.response(stream)
            assert response.status == 200
            assert response.headers["content-type"] == "application/dns-message"
            assert int(response.headers["content-length"]) == len(response.body)
            assert dns.message.from_wire(response.body).answer
        assert served.pipeline.seen == [(query, "127.0.0.1", "https")] * 2


async def test_an_answer_does_not_wait_for_a_slower_one_asked_before(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        slow, quick = client.post(b"slow query"), client.post(b"quick query")
        assert (await client.response(quick)).body == b"re: quick query"
        served.pipeline.deliver(b"slow query")
        assert (await client.response(slow)).body == b"re: slow query"


@pytest.mark.parametrize(
    ("path", "name", "client"),
    [
        ("/dns-query", NAME, "127.0.0.1"),
        ("/dns-query", f"an-tablet.{NAME}", "127.0.0.1 an-tablet"),
        ("/dns-query/an-tablet", NAME, "127.0.0.1 an-tablet"),
        ("/dns-query/An-Tablet", f"binh-phone.{NAME}", "127.0.0.1 an-tablet"),
    ],
)
async def test_the_path_tells_the_device_and_beats_the_name(
    recording: Recording, trust: Trust, path: str, name: str, client: object
) -> None:
    async with serving(recording, trust) as served, served.client(name) as asking:
        await asking.response(asking.post(b"hello query", path))
        assert [seen for _, seen, _ in served.pipeline.seen] == [client]


@pytest.mark.parametrize(
    ("rcode", "life"),
    [
        (dns.rcode.NOERROR, "private, max-age=77"),
        (dns.rcode.SERVFAIL, "no-store"),
        (dns.rcode.REFUSED, "no-store"),
        (dns.rcode.NXDOMAIN, "no-store"),
    ],
)
async def test_a_reply_is_fresh_as_long_as_its_shortest_record_rfc8484_5_1(
    recording: Recording, trust: Trust, rcode: dns.rcode.Rcode, life: str
) -> None:
    pipeline = DnsPipeline()
    pipeline.rcode = rcode
    async with serving(recording, trust, pipeline=pipeline) as served, served.client() as client:
        response = await client.response(client.post(dns.message.make_query("www.example.com", "A").to_wire()))
        assert response.headers["cache-control"] == life


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("GET", "/dns-query", None, "", 400),
        ("GET", "/dns-query?dns=***", None, "", 400),
        ("GET", "/dns-query?dns=AAAA=", None, "", 400),
        ("GET", "/dns-query?dns=A", None, "", 400),
        ("GET", "/dns-query?dns=", None, "", 400),
        ("GET", get(b"junk"), None, "", 400),
        ("POST", "/dns-query", b"", "application/dns-message", 400),
        ("POST", "/dns-query", b"junk that is dropped", "application/dns-message", 429),
        ("GET", "/", None, "", 404),
        ("GET", "/dns-query/", None, "", 404),
        ("GET", "/dns-query/a/b", None, "", 404),
        ("GET", "/dns-query/../etc", None, "", 404),
        ("GET", f"/dns-query/{'a' * 64}", None, "", 404),
        ("PUT", "/dns-query", b"x", "application/dns-message", 405),
        ("HEAD", "/dns-query", None, "", 405),
        ("POST", "/dns-query", bytes(65_536), "application/dns-message", 413),
        ("GET", "/dns-query?dns=" + "A" * 9000, None, "", 414),
        ("POST", "/dns-query", b"hello query", "application/json", 415),
        ("POST", "/dns-query", b"hello query", "", 415),
    ],
)
async def test_what_is_no_query_is_told_why(
    recording: Recording, trust: Trust, method: str, path: str, body: bytes | None, content_type: str, status: int
) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        headers = {"content_type": content_type} if content_type else {}
        small = body if body is None or len(body) < 65_536 else None
        stream = client.request(method, path, small, **headers) if small is body else 0
        if body is not None and small is None:
            stream = await send_large(client, body)
        response = await client.response(stream)
        assert response.status == status
        assert response.headers["cache-control"] == "no-store"
        assert ("allow" in response.headers) == (status == 405)
        good = await client.response(client.post(b"hello query"))
        assert good.body == b"re: hello query"


async def send_large(client: H2Client, body: bytes) -> int:
    """A request whose body needs more room than a stream has at first."""
    stream = client.h2.get_next_available_stream_id()
    fields = [(":method", "POST"), (":path", "/dns-query"), (":scheme", "https"), (":authority", NAME)]
    client.h2.send_headers(stream, [*fields, ("content-type", "application/dns-message")])
    while body:
        size = min(client.h2.local_flow_control_window(stream), client.h2.max_outbound_frame_size, len(body))
        if size:
            client.h2.send_data(stream, body[:size])
            body = body[size:]
            client.flush()
        else:
            await client.read()
    return stream


@pytest.mark.parametrize("way", ["window update", "settings"])
async def test_an_answer_goes_on_as_soon_as_its_client_makes_room_rfc9113_6_9_2(
    recording: Recording, trust: Trust, way: str
) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
        stream = client.post(b"hello query")
        await client.until_headers(stream)
        assert client.bodies.get(stream, b"") == b""
        if way == "settings":
            client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 65_535})
        else:
            client.h2.increment_flow_control_window(1_000, stream)
        client.flush()
        assert (await client.response(stream)).body == b"re: hello query"


async def test_a_padded_query_gets_a_padded_reply(recording: Recording, trust: Trust) -> None:
    query = dns.message.make_query("www.example.com", "A", use_edns=0, pad=128).to_wire()
    async with serving(recording, trust, pipeline=DnsPipeline()) as served, served.client() as client:
        assert len((await client.response(client.post(query))).body) == 468


async def test_http_of_the_last_century_is_told_to_leave(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client(NAME, "http/1.1") as client:
        client.writer.write(b"GET /dns-query HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(10):
            text = (await client.reader.read()).decode()
        head, _, body = text.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 505 ")
        assert f"Content-Length: {len(body)}" in head
        assert not served.pipeline.seen


@pytest.mark.parametrize(
    "rubbish",
    [b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 300_000],
    ids=["HTTP/1", "zeros", "a frame without end"],
)
async def test_what_is_not_http2_ends_the_connection(recording: Recording, trust: Trust, rubbish: bytes) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        client.writer.write(rubbish)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                while await client.reader.read(65_536):
                    pass
        assert not served.pipeline.seen


async def test_headers_without_end_end_the_connection(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        client.request("GET", "/dns-query", x_filler="a" * 20_000)
        await client.rest()
        assert client.gone
        assert not served.pipeline.seen


async def test_more_streams_than_allowed_end_the_connection(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        client.h2.remote_settings[3] = 1000
        client.h2.remote_settings.acknowledge()
        fields = [(":method", "POST"), (":path", "/dns-query"), (":scheme", "https"), (":authority", NAME)]
        for number in range(150):
            client.h2.send_headers(2 * number + 1, [*fields, ("content-type", "application/dns-message")])
        client.flush()
        await client.rest()
        assert client.gone


async def test_bodies_that_never_end_are_bounded_together(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        for _ in range(3):
            stream = client.h2.get_next_available_stream_id()
            fields = [(":method", "POST"), (":path", "/dns-query"), (":scheme", "https"), (":authority", NAME)]
            client.h2.send_headers(stream, [*fields, ("content-type", "application/dns-message")])
            left = 60_000
            while left and stream not in client.ended:
                size = min(client.h2.local_flow_control_window(stream), 16_384, left)
                if size:
                    client.h2.send_data(stream, bytes(size))
                    left -= size
                    client.flush()
                else:
                    await client.read()
        assert (await client.response(stream)).status == 413


async def test_octets_that_never_become_a_query_do_not_keep_a_connection_open(
    recording: Recording, trust: Trust
) -> None:
    async with serving(recording, trust, HASTY) as served, served.client() as client:
        closed = spawn(client.rest(), "reader")
        while not closed.done():
            client.h2.ping(bytes(8))
            client.flush()
            await asyncio.sleep(0.01)
        assert client.gone


async def test_an_idle_client_is_told_that_the_server_leaves_and_which_request_was_the_last(
    recording: Recording, trust: Trust
) -> None:
    async with serving(recording, trust, HASTY) as served, served.client() as client:
        stream = client.post(b"hello")
        await client.response(stream)
        await client.rest()
        assert client.goodbye == stream


async def test_a_client_that_takes_no_answers_costs_little_and_is_let_go(recording: Recording, trust: Trust) -> None:
    pipeline = ScriptedPipeline(reply_size=60_000)
    async with serving(recording, trust, HASTY, pipeline) as served, served.client() as client:
        for number in range(60):
            stream = 2 * number + 1
            fields = [(":method", "POST"), (":path", "/dns-query"), (":scheme", "https"), (":authority", NAME)]
            client.h2.send_headers(stream, [*fields, ("content-type", "application/dns-message")])
            client.h2.send_data(stream, b"more", end_stream=True)
        client.flush()
        await eventually(lambda: served.server.connections == 0, "it is let go")
        assert len(pipeline.seen) < 40


async def test_a_large_reply_waits_for_its_client_to_make_room(recording: Recording, trust: Trust) -> None:
    pipeline = ScriptedPipeline(reply_size=65_000)
    async with serving(recording, trust, pipeline=pipeline) as served, served.client() as client:
        streams = [client.post(b"more query") for _ in range(4)]
        assert [len((await client.response(stream)).body) for stream in streams] == [65_000] * 4


async def test_a_reset_request_is_forgotten_and_the_connection_goes_on(
    recording: Recording, trust: Trust, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        stream = client.post(b"slow query")
        await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        client.h2.reset_stream(stream)
        assert (await client.response(client.post(b"hello query"))).status == 200
        served.pipeline.deliver(b"slow query")
        assert (await client.response(client.post(b"hello query"))).status == 200
    assert not caplog.records


async def test_reset_requests_count_until_they_are_answered(recording: Recording, trust: Trust) -> None:
    """A client may not have more questions under way by resetting them (CVE-2023-44487)."""
    async with serving(recording, trust, PATIENT._replace(outstanding=4)) as served, served.client() as client:
        for number in range(20):
            client.h2.reset_stream(client.post(b"slow %d query" % number))
        client.flush()
        await eventually(lambda: len(served.pipeline.waiting) == 4, "four wait")
        await asyncio.sleep(0.05)
        assert len(served.pipeline.seen) == 4


async def test_a_connection_of_many_queries_costs_no_more_than_one_of_few(recording: Recording, trust: Trust) -> None:
    async with serving(recording, trust) as served, served.client() as client:
        for _ in range(6):
            for stream in [client.post(b"hello query") for _ in range(STREAMS)]:
                assert (await client.response(stream)).status == 200
        assert closed_streams(client_side=True) > 4 * STREAMS, "what h2 remembers by itself"
        assert closed_streams(client_side=False) <= 2 * STREAMS


async def test_an_answer_for_a_client_that_has_gone_disturbs_nobody(
    recording: Recording, trust: Trust, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(recording, trust) as served:
        async with served.client() as client:
            client.post(b"slow query")
            await eventually(lambda: served.pipeline.waiting, "the query has arrived")
        await eventually(lambda: served.server.connections == 0, "it has gone")
        served.pipeline.deliver(b"slow query")
    assert not caplog.records
