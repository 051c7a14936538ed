"""Sockets that systemd hands over are found by their address and taken instead of new ones."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from safedns.errors import SafednsError
from safedns.supervisor.activation import Bound, handed_over
from safedns.supervisor.listeners import Listeners, Place


class Systemd:
    """Hands sockets over as systemd does: descriptors in a row, and how many there are."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "x:y", "HOME": "kept"}
        self._descriptors: list[int] = []

    def bind(self, host: str, kind: socket.SocketKind, family: socket.AddressFamily = socket.AF_INET) -> int:
        """The port of a bound socket that will be handed over."""
        sock = self._stack.enter_context(socket.socket(family, kind))
        sock.bind((host, 0))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        self._descriptors.append(sock.fileno())
        port: int = sock.getsockname()[1]
        return port

    def hand_over(self) -> Bound:
        first = 200
        for number, descriptor in enumerate(self._descriptors):
            os.dup2(descriptor, first + number)
        self.environment["LISTEN_FDS"] = str(len(self._descriptors))
        bound = handed_over(self.environment, os.getpid(), first)
        for sock in bound.values():
            self._stack.enter_context(sock)
        return bound


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    with ExitStack() as stack:
        yield Systemd(stack)


def test_a_socket_is_taken_for_the_place_that_it_is_bound_to(systemd: Systemd) -> None:
    port = systemd.bind("127.0.0.1", socket.SOCK_STREAM)
    listeners = Listeners(systemd.hand_over())
    try:
        listeners.sync([("tls", "127.0.0.1", port)], 2)
        assert listeners.places() == (Place("tls", "127.0.0.1", port),)
        assert all(listeners.of(worker) for worker in range(2))
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            accepted, _ = listeners.of(1)[Place("tls", "127.0.0.1", port)].accept()
            accepted.close()
    finally:
        listeners.close()


def test_what_is_not_handed_over_is_bound_as_ever(systemd: Systemd) -> None:
    port = systemd.bind("127.0.0.1", socket.SOCK_DGRAM)
    listeners = Listeners(systemd.hand_over())
    try:
        listeners.sync([("dns", "127.0.0.1", port)], 1)
        assert {place.protocol for place in listeners.places()} == {"udp", "tcp"}
    finally:
        listeners.close()


def test_one_that_is_not_listened_on_is_told_once(systemd: Systemd, caplog: pytest.LogCaptureFixture) -> None:
    port, other = systemd.bind("127.0.0.1", socket.SOCK_STREAM), systemd.bind("127.0.0.1", socket.SOCK_STREAM)
    listeners = Listeners(systemd.hand_over())
    try:
        for _ in range(2):
            listeners.sync([("tls", "127.0.0.1", port)], 1)
        (record,) = caplog.records
        assert f"127.0.0.1 port {other}" in record.message
    finally:
        listeners.close()


@pytest.mark.parametrize(("host", "family"), [("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6)])
def test_one_for_every_address_is_refused(systemd: Systemd, host: str, family: socket.AddressFamily) -> None:
    port = systemd.bind(host, socket.SOCK_DGRAM, family)
    with pytest.raises(SafednsError, match=f"every address .port {port}.; expected one for each address"):
        systemd.hand_over()


def test_what_is_meant_for_another_process_is_left_alone(systemd: Systemd) -> None:
    systemd.environment |= {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1"}
    assert handed_over(systemd.environment, os.getpid()) == {}


def test_children_are_not_told(systemd: Systemd) -> None:
    systemd.bind("127.0.0.1", socket.SOCK_STREAM)
    (sock,) = systemd.hand_over().values()
    assert systemd.environment == {"HOME": "kept"}
    assert not sock.get_inheritable()
