"""The real kernel's table can be read, and where it cannot, nothing breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from safedns.lan import neighbours
from safedns.lan.neighbours import NeighbourWatch, neighbours_now
from safedns.lan.netlink import Neighbour, table_request
from tests.unit.lan.test_netlink import end, message


class Kernel:
    """A route socket whose other end the test holds."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sender = 0
        self.fails: list[OSError] = []

    def say(self, *messages: bytes) -> None:
        self.theirs.send(b"".join(messages))

    def recvfrom(self, size: int) -> tuple[bytes, tuple[int, int]]:
        data = self.ours.recv(size)
        if self.fails:
            raise self.fails.pop()
        return data, (self.sender, 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ours, name)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.ours.close()


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(neighbours, "_route_socket", lambda _: made)
    return made


async def settle(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the kernel's word comes through the loop, and sets no event
            await asyncio.sleep(0)


def test_the_table_of_this_machine_can_be_read() -> None:
    assert all(len(mac) == 17 for _, mac in neighbours_now())


async def test_the_whole_table_is_known_at_once_and_changes_follow(kernel: Kernel) -> None:
    known: dict[str, str] = {}
    kernel.say(message("192.168.1.31"))
    kernel.say(message("fd00::31"), end())
    watch = NeighbourWatch(known.__setitem__)
    assert known == {"192.168.1.31": "aa:bb:cc:dd:ee:01", "fd00::31": "aa:bb:cc:dd:ee:01"}
    kernel.say(message("192.168.1.31", bytes.fromhex("aabbccddee02")))
    await settle(lambda: known["192.168.1.31"] == "aa:bb:cc:dd:ee:02")
    watch.close()
    kernel.theirs.close()


async def test_what_another_process_sends_is_not_the_kernels_word(kernel: Kernel) -> None:
    known: dict[str, str] = {}
    kernel.say(end())
    watch = NeighbourWatch(known.__setitem__)
    kernel.sender = 4711
    kernel.say(message("192.168.1.31"))
    kernel.say(message("192.168.1.32"))
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert known == {}
    watch.close()
    kernel.theirs.close()


async def test_after_an_overrun_the_whole_table_is_asked_for_again(kernel: Kernel) -> None:
    known: dict[str, str] = {}
    kernel.say(end())
    watch = NeighbourWatch(known.__setitem__)
    kernel.theirs.recv(100)
    kernel.fails = [OSError(105, "No buffer space available")]
    kernel.say(message("192.168.1.31"))
    kernel.theirs.settimeout(5)
    request = await asyncio.to_thread(kernel.theirs.recv, 100)
    assert request == table_request()
    watch.close()
    kernel.theirs.close()


async def test_without_a_route_socket_nothing_is_known_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: int) -> socket.socket:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(neighbours, "_route_socket", refused)
    NeighbourWatch(lambda *_: None).close()
    assert neighbours_now() == ()
    assert "no hardware address is known" in caplog.text


def test_a_link_local_address_is_written_with_its_interface() -> None:
    loopback = Neighbour("fe80::1", socket.if_nametoindex("lo"), "aa:bb:cc:dd:ee:01")
    assert neighbours._as_received(loopback) == "fe80::1%lo"
    assert neighbours._as_received(loopback._replace(interface=99_999)) == "fe80::1"
    assert neighbours._as_received(loopback._replace(address="fd00::1")) == "fd00::1"
