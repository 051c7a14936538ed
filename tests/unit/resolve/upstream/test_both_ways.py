"""A plain upstream of which nothing comes over UDP: TCP is tried beside it while that lasts (RFC 9715 section 3.2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import dns.edns
import dns.message
import pytest

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream import plain as plain_module
from safedns.resolve.upstream.plain import SILENT_SECONDS, PlainUpstream
from safedns.wire.answer import Answer
from safedns.wire.types import RCode
from tests.fakes import FakeClock
from tests.nameserver import After, Asked, NameServer, Reaction, reply
from tests.unit.resolve.upstream.test_without_edns import edns
from tests.unit.resolve.values import PATIENCE, Awaited, question, until


def only_tcp(asked: Asked) -> Reaction:
    """Datagrams get lost on the way to this server, or on the way back."""
    return None if asked.transport == "udp" else reply(asked, "A 192.0.2.1")


def only_udp(asked: Asked) -> Reaction:
    return None if asked.transport == "tcp" else reply(asked, "A 192.0.2.1")


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(only_tcp) as running:
        yield running


class Upstream:
    """A plain upstream with what it counts."""

    def __init__(self, server: NameServer) -> None:
        self._server = server
        self.clock = FakeClock()
        self.mismatches = [0]
        self.tcp_count = [0]
        self.plain = PlainUpstream(
            "test", server.host, server.port, self.clock, mismatches=self.mismatches, tcp_count=self.tcp_count
        )

    def start(self, name: str = "www.example.com") -> Awaited:
        exchange = Awaited(question(name))
        self.plain.start(exchange)
        return exchange

    async def ask(self, name: str = "www.example.com") -> Answer:
        return await asyncio.wait_for(self.start(name), PATIENCE)

    async def lose_one(self) -> None:
        """Ask a server that is silent over UDP, and wait in vain."""
        lost = self.start("lost.example")
        await until(lambda: bool(self._server.asked))
        self.clock.advance(SILENT_SECONDS)
        assert lost.open
        lost.cancel()

    @property
    def under_way(self) -> int:
        """Exchanges that a carrier has in hand, on either way."""
        ports, tcp = self.plain._udp._open_ports, self.plain._tcp
        return sum(
            (
                *(len(port._pending) for port in ports),
                len(tcp.waiting),
                *(connection.under_way for connection in tcp._connections),
            )
        )


@pytest.fixture
async def upstream(server: NameServer) -> AsyncIterator[Upstream]:
    upstream = Upstream(server)
    yield upstream
    await upstream.plain.close()


async def test_the_first_question_is_answered_when_it_is_sent_again_and_later_ones_at_once(
    upstream: Upstream, server: NameServer
) -> None:
    first = upstream.start()
    await until(lambda: bool(server.asked))
    upstream.clock.advance(SILENT_SECONDS / 2)
    too_soon = upstream.start()
    upstream.clock.advance(SILENT_SECONDS / 2)
    assert upstream.tcp_count == [0]
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    assert first.open
    assert too_soon.open
    assert (await upstream.ask("next.example")).addresses == ("192.0.2.1",)
    assert (upstream.tcp_count, server.connections) == ([2], 1)
    first.cancel()
    too_soon.cancel()
    assert upstream.under_way == 0


async def test_udp_that_comes_back_is_used_alone_again(upstream: Upstream, server: NameServer) -> None:
    await upstream.lose_one()
    server.behave = only_udp
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    assert upstream.tcp_count == [1]
    upstream.clock.advance(SILENT_SECONDS)
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    assert (upstream.tcp_count, upstream.under_way) == ([1], 0)


async def test_so_it_is_when_tcp_was_quicker(upstream: Upstream, server: NameServer) -> None:
    await upstream.lose_one()
    await upstream.ask()  # over TCP, which stays connected
    server.behave = lambda asked: After(0.05 if asked.transport == "udp" else 0.0, reply(asked, "A 192.0.2.1"))
    await upstream.ask()
    await until(lambda: upstream.plain._udp.asked_at is None)
    await upstream.ask()
    assert (upstream.tcp_count, server.asked[-1].transport) == ([2], "udp")


async def test_when_both_fail_the_question_fails_once() -> None:
    with NameServer(lambda _: None) as server:
        upstream = Upstream(server)
        await upstream.lose_one()
    outcomes: list[Answer | UpstreamError] = []
    exchange = Exchange(question(), outcomes.append)
    upstream.plain.start(exchange)
    await until(lambda: bool(outcomes))
    assert [type(outcome) for outcome in outcomes] == [UpstreamError]
    assert (exchange.open, upstream.under_way) == (False, 0)
    await upstream.plain.close()


async def test_one_way_that_fails_leaves_the_other() -> None:
    with NameServer(lambda _: None, tcp=False) as without_tcp:
        upstream = Upstream(without_tcp)
        await upstream.lose_one()
        without_tcp.behave = lambda asked: After(0.05, reply(asked, "A 192.0.2.1"))
        assert (await upstream.ask()).addresses == ("192.0.2.1",)
        assert upstream.tcp_count == [1]
        await upstream.plain.close()


async def test_cancelling_leaves_nothing_behind_on_either_way(upstream: Upstream, server: NameServer) -> None:
    server.behave = lambda _: None
    await upstream.lose_one()
    connecting = upstream.start()
    assert upstream.under_way == 2
    connecting.cancel()
    assert upstream.under_way == 0
    asked = upstream.start()
    await until(lambda: bool(server.asked_over("tcp")))
    assert upstream.under_way == 2
    asked.cancel()
    assert upstream.under_way == 0


async def test_closing_fails_it_once(upstream: Upstream, server: NameServer) -> None:
    server.behave = lambda _: None
    await upstream.lose_one()
    exchange = upstream.start()
    await upstream.plain.close()
    with pytest.raises(UpstreamError, match="being closed"):
        await exchange
    assert upstream.under_way == 0


async def test_an_answer_that_is_truncated_over_udp_comes_whole_over_tcp(
    upstream: Upstream, server: NameServer
) -> None:
    def behave(asked: Asked) -> Reaction:
        if asked.transport == "udp":
            return reply(asked, truncated=True)
        return After(0.05, reply(asked, *(f"A 198.18.0.{number}" for number in range(200))))

    await upstream.lose_one()
    server.behave = behave
    assert len((await upstream.ask()).addresses) == 200
    assert upstream.under_way == 0
    assert (server.asked_over("tcp"), upstream.tcp_count) == (1, [1])


async def test_so_it_does_when_tcp_has_ended_with_an_error_before(upstream: Upstream, server: NameServer) -> None:
    def behave(asked: Asked) -> Reaction:
        if asked.transport == "udp":
            return After(0.05, reply(asked, truncated=True))
        first = server.asked_over("tcp") == 1
        return reply(asked, rcode=RCode.SERVFAIL) if first else reply(asked, "A 192.0.2.1")

    await upstream.lose_one()
    server.behave = behave
    assert (await upstream.ask()).addresses == ("192.0.2.1",)


ERRORS = [RCode.FORMERR, RCode.SERVFAIL, RCode.NOTIMP, RCode.REFUSED]


@pytest.mark.parametrize("rcode", ERRORS)
@pytest.mark.parametrize("quick", ["udp", "tcp"])
async def test_an_error_that_comes_one_way_does_not_beat_the_answer_of_the_other(
    upstream: Upstream, server: NameServer, rcode: RCode, quick: str
) -> None:
    await upstream.lose_one()
    server.behave = lambda asked: (
        reply(asked, rcode=rcode) if asked.transport == quick else After(0.05, reply(asked, "A 192.0.2.1"))
    )
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    assert upstream.under_way == 0


async def test_an_error_by_which_the_upstream_keeps_a_name_closed_counts_at_once(
    upstream: Upstream, server: NameServer
) -> None:
    def behave(asked: Asked) -> Reaction:
        if asked.transport == "udp":
            return After(0.05, reply(asked, "A 192.0.2.1"))
        closed = dns.message.from_wire(reply(asked, rcode=RCode.REFUSED))
        closed.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.BLOCKED)])
        return closed.to_wire()

    await upstream.lose_one()
    server.behave = behave
    assert (await upstream.ask()).denied == dns.edns.EDECode.BLOCKED


@pytest.mark.parametrize("rcode", ERRORS)
async def test_an_error_that_comes_both_ways_is_the_answer(
    upstream: Upstream, server: NameServer, rcode: RCode
) -> None:
    await upstream.lose_one()
    server.behave = lambda asked: reply(asked, rcode=rcode)
    assert (await upstream.ask()).rcode == rcode


async def test_an_error_does_not_wait_for_ever_for_a_way_that_is_silent(
    upstream: Upstream, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_module, "HELD_SECONDS", 0.05)
    await upstream.lose_one()
    server.behave = lambda asked: reply(asked, rcode=RCode.SERVFAIL) if asked.transport == "tcp" else None
    assert (await upstream.ask()).rcode == RCode.SERVFAIL
    assert upstream.under_way == 0


async def test_an_error_is_better_than_a_failure() -> None:
    with NameServer(lambda _: None, tcp=False) as without_tcp:
        upstream = Upstream(without_tcp)
        await upstream.lose_one()
        without_tcp.behave = lambda asked: reply(asked, rcode=RCode.REFUSED)
        assert (await upstream.ask()).rcode == RCode.REFUSED
        await upstream.plain.close()


async def test_who_knows_no_edns_over_udp_is_asked_without_over_tcp(upstream: Upstream, server: NameServer) -> None:
    def old(asked: Asked) -> Reaction:
        return reply(asked, "A 192.0.2.1", rcode=RCode.FORMERR if edns(asked) else RCode.NOERROR)

    server.behave = old
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    server.behave = lambda _: None
    lost = upstream.start("lost.example")
    upstream.clock.advance(SILENT_SECONDS)
    server.behave = lambda asked: old(asked) if asked.transport == "tcp" else None
    assert (await upstream.ask()).addresses == ("192.0.2.1",)
    assert [edns(asked) for asked in server.asked if asked.transport == "tcp"] == [False]
    lost.cancel()


async def test_that_tcp_which_was_only_tried_beside_udp_cannot_be_had_is_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO), NameServer(lambda _: None, tcp=False) as without_tcp:
        upstream = Upstream(without_tcp)
        await upstream.lose_one()
        without_tcp.behave = lambda asked: After(0.05, reply(asked, "A 192.0.2.1"))
        await upstream.ask()
        assert not caplog.messages
        without_tcp.behave = lambda asked: reply(asked, truncated=True)
        with pytest.raises(UpstreamError, match="no TCP connection"):
            await upstream.ask()
        assert [message.split(":")[0] for message in caplog.messages] == ["upstream test"]
        await upstream.plain.close()
