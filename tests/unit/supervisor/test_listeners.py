"""Sockets for the addresses that queries arrive on."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from safedns.errors import SafednsError
from safedns.supervisor import listeners as module
from safedns.supervisor.listeners import Listeners, Place, expand
from tests.ports import free_port


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    opened = Listeners()
    yield opened
    opened.close()


def test_a_named_address_gets_udp_and_tcp(listeners: Listeners) -> None:
    port = free_port()
    assert listeners.sync([("dns", "127.0.0.1", port)], 1)
    assert listeners.places() == (Place("tcp", "127.0.0.1", port), Place("udp", "127.0.0.1", port))
    assert not listeners.sync([("dns", "127.0.0.1", port)], 1)


def test_a_wildcard_becomes_one_place_for_each_local_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module, "local_addresses", lambda family: ("192.0.2.1",) if family == socket.AF_INET else ("::1",)
    )
    places = expand([("dns", "0.0.0.0", 53), ("dns", "::", 53), ("dns", "127.0.0.1", 53)])
    assert {(place.host, named) for place, named in places.items()} == {
        ("192.0.2.1", False),
        ("::1", False),
        ("127.0.0.1", True),
    }


def test_addresses_that_come_and_go_are_followed(listeners: Listeners, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    present = ["127.0.0.1"]
    monkeypatch.setattr(module, "local_addresses", lambda _family: tuple(present))
    listeners.sync([("dns", "0.0.0.0", port)], 1)
    kept = listeners.of(0)[Place("udp", "127.0.0.1", port)]
    present.append("127.0.0.2")
    assert listeners.sync([("dns", "0.0.0.0", port)], 1)
    assert {place.host for place in listeners.places()} == {"127.0.0.1", "127.0.0.2"}
    assert listeners.of(0)[Place("udp", "127.0.0.1", port)] is kept
    present.remove("127.0.0.2")
    listeners.sync([("dns", "0.0.0.0", port)], 1)
    assert {place.host for place in listeners.places()} == {"127.0.0.1"}


def test_where_others_can_ask_is_told_first(listeners: Listeners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "addresses_of_cards", lambda: frozenset(["127.0.0.9"]))
    listeners.sync([("dns", host, free_port()) for host in ("127.0.0.1", "127.0.0.9")], 1)
    assert [place.host for place in listeners.places()] == ["127.0.0.9"] * 2 + ["127.0.0.1"] * 2


def test_each_resolver_has_sockets_of_its_own_on_the_same_port(listeners: Listeners) -> None:
    port = free_port()
    listeners.sync([("dns", "127.0.0.1", port)], 3)
    place = Place("udp", "127.0.0.1", port)
    assert len({listeners.of(worker)[place].fileno() for worker in range(3)}) == 3


def test_each_service_has_its_kind_of_socket_and_quic_has_one_however_many_resolvers(listeners: Listeners) -> None:
    port = free_port()
    listeners.sync([("tls", "127.0.0.1", port), ("quic", "127.0.0.1", port)], 3)
    tls, quic = Place("tls", "127.0.0.1", port), Place("quic", "127.0.0.1", port)
    assert [set(listeners.of(worker)) for worker in range(3)] == [{tls, quic}, {tls}, {tls}]
    assert listeners.of(0)[tls].type == socket.SOCK_STREAM
    assert listeners.of(0)[quic].type == socket.SOCK_DGRAM
    assert not listeners.sync([("tls", "127.0.0.1", port), ("quic", "127.0.0.1", port)], 3)


def test_a_port_that_somebody_else_has_is_an_error_that_says_what_to_do(listeners: Listeners) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        with pytest.raises(SafednsError, match="is another DNS server running"):
            listeners.sync([("dns", "127.0.0.1", other.getsockname()[1])], 1)


def test_an_address_that_cannot_be_had_changes_nothing(listeners: Listeners) -> None:
    port = free_port()
    listeners.sync([("dns", "127.0.0.1", port)], 1)
    before = listeners.of(0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.3", port))
        with pytest.raises(SafednsError, match=r"127\.0\.0\.3"):
            listeners.sync([("dns", "127.0.0.2", port), ("dns", "127.0.0.3", port)], 1)
    assert listeners.of(0) == before
    assert listeners.sync([("dns", "127.0.0.2", port), ("dns", "127.0.0.3", port)], 1)
    assert {place.host for place in listeners.places()} == {"127.0.0.2", "127.0.0.3"}


def test_a_tcp_port_that_somebody_else_has_is_as_bad(listeners: Listeners) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as other, pytest.raises(SafednsError, match="tcp://"):
        listeners.sync([("dns", "127.0.0.1", other.getsockname()[1])], 1)
    assert listeners.places() == ()


def test_a_named_address_that_is_not_here_is_told_once_and_costs_nothing_else(
    listeners: Listeners, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    for _ in range(2):
        listeners.sync([("dns", "192.0.2.1", port), ("dns", "127.0.0.1", port)], 1)
    assert {place.host for place in listeners.places()} == {"127.0.0.1"}
    assert len([record for record in caplog.records if "udp://192.0.2.1" in record.message]) == 1


@pytest.mark.parametrize("host", ["192.0.2.1", "0.0.0.0"])
def test_nothing_to_listen_on_is_an_error(listeners: Listeners, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(module, "local_addresses", lambda _family: ("192.0.2.1",))
    with pytest.raises(SafednsError, match=r"192\.0\.2\.1.*expected an address of this machine"):
        listeners.sync([("dns", host, free_port())], 1)


def test_a_wildcard_address_that_cannot_be_bound_is_left_out_and_told_once(
    listeners: Listeners, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "local_addresses", lambda _family: ("127.0.0.1", "192.0.2.77"))
    port = free_port()
    for _ in range(2):
        listeners.sync([("dns", "0.0.0.0", port)], 1)
    assert {place.host for place in listeners.places()} == {"127.0.0.1"}
    assert len([record for record in caplog.records if "udp://192.0.2.77" in record.message]) == 1


def test_what_arrives_while_nobody_reads_waits(listeners: Listeners) -> None:
    port = free_port()
    listeners.sync([("dns", "127.0.0.1", port)], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for number in range(50):
            client.sendto(str(number).encode(), ("127.0.0.1", port))
    reader = listeners.of(0)[Place("udp", "127.0.0.1", port)]
    assert [reader.recv(10) for _ in range(50)] == [str(number).encode() for number in range(50)]
