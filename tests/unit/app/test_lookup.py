"""The servers of lists are found through the household's own upstreams, and by nobody else."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safedns.app.lookup import look_up_through
from safedns.blocklist.addresses import as_address
from safedns.blocklist.fetch import World, fetch
from safedns.clock import SystemClock
from safedns.settings.model import Upstreams, UpstreamSpec
from tests.nameserver import Asked, NameServer, Reaction, address, reply, soa
from tests.unit.blocklist.hostile import HostileServer, answer

CLOCK = SystemClock()


@pytest.fixture(autouse=True)
def _no_resolver_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = socket.getaddrinfo

    def refuse(host: str, *arguments: Any, **options: Any) -> Any:
        assert as_address(host) is not None, "the machine's own resolver was asked, which may be safedns itself"
        return ask(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def look_up(*servers: NameServer) -> Callable[[str, int], object]:
    return look_up_through(Upstreams(tuple(server.spec for server in servers), strategy="ordered"), CLOCK)


def test_both_kinds_of_addresses_are_asked_for() -> None:
    with NameServer(address) as server:
        assert look_up(server)("Lists.Example", 443) == ["192.0.2.1", "2001:db8::1"]
    assert sorted((asked.name, asked.qtype) for asked in server.asked) == [
        ("lists.example", "A"),
        ("lists.example", "AAAA"),
    ]


def test_an_alias_leads_to_its_addresses() -> None:
    def alias(asked: Asked) -> Reaction:
        if asked.qtype == "A":
            return reply(asked, "CNAME cdn.example.", "cdn.example. A 192.0.2.7")
        return reply(asked, "CNAME cdn.example.", authority=(soa(60),))

    with NameServer(alias) as server:
        assert look_up(server)("lists.example", 443) == ["192.0.2.7"]


def test_the_next_upstream_answers_where_the_first_does_not() -> None:
    with NameServer(lambda asked: reply(asked, rcode=2)) as broken, NameServer(address) as server:
        assert look_up(broken, server)("lists.example", 443) == ["192.0.2.1", "2001:db8::1"]


@pytest.mark.parametrize(
    ("behave", "host", "message"),
    [
        (lambda asked: reply(asked, rcode=3, authority=(soa(60),)), "lists.example", "the upstreams know no address"),
        (lambda asked: reply(asked, rcode=2), "lists.example", "the upstreams know no address"),
        (address, "a..example", "empty label"),
    ],
)
def test_a_host_without_an_address_is_told_in_words(
    behave: Callable[[Asked], Reaction], host: str, message: str
) -> None:
    with NameServer(behave) as server, pytest.raises(OSError, match=message):
        look_up(server)(host, 443)


def test_without_an_upstream_there_is_nobody_to_ask() -> None:
    with pytest.raises(OSError, match=r"no upstream is configured for lists\.example"):
        look_up_through(Upstreams(()), CLOCK)("lists.example", 443)


def test_a_host_that_has_upstreams_of_its_own_is_asked_there() -> None:
    with NameServer(lambda asked: reply(asked, "A 192.0.2.9")) as own:
        routed = Upstreams((), routes={"home.example": (own.spec,)})
        assert look_up_through(routed, CLOCK)("lists.home.example", 443) == ["192.0.2.9", "192.0.2.9"]


def test_a_list_is_fetched_from_where_the_upstreams_say(tmp_path: Path) -> None:
    def loopback(asked: Asked) -> Reaction:
        return reply(asked, "A 127.0.0.1") if asked.qtype == "A" else reply(asked, authority=(soa(60),))

    with NameServer(loopback) as names, HostileServer() as server:
        server.put(answer(b"a.example\n"))
        world = World(public=lambda _: True, look_up=look_up_through(Upstreams((names.spec,)), CLOCK))
        fetch(server.url(host="lists.example"), tmp_path / "list.new", clock=CLOCK, world=world)
    assert (tmp_path / "list.new").read_bytes() == b"a.example\n"
    assert f"Host: lists.example:{server.port}\r\n" in server.requests[0]


def test_an_upstream_that_leads_into_the_home_leads_nowhere(tmp_path: Path) -> None:
    with NameServer(lambda asked: reply(asked, "A 192.168.1.1")) as names:
        spec: UpstreamSpec = names.spec
        world = World(look_up=look_up_through(Upstreams((spec,)), CLOCK))
        with pytest.raises(Exception, match=r"leads to lists\.example, which is 192\.168\.1\.1"):
            fetch("https://lists.example/list.txt", tmp_path / "list.new", clock=CLOCK, world=world)
