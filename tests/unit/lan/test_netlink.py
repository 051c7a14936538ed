"""The kernel's neighbour messages, made by hand after rtnetlink(7) and as a kernel really sent them."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from socket import AF_INET, AF_INET6

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.lan.netlink import Heard, Neighbour, read, table_request

REACHABLE, STALE, INCOMPLETE, FAILED, NOARP, PERMANENT = 0x02, 0x04, 0x01, 0x20, 0x40, 0x80
NEW, DELETED, DONE = 28, 29, 3
BRIDGE = 7
MAC = bytes.fromhex("aabbccddee01")


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def message(address: str, hardware: bytes = MAC, *, kind: int = NEW, state: int = REACHABLE, family: int = 0) -> bytes:
    plain = ip_address(address)
    family = family or (AF_INET if plain.version == 4 else AF_INET6)
    body = struct.pack("=BxxxiHBB", family, 2, state, 0, 1)
    body += attribute(1, plain.packed)
    if hardware:
        body += attribute(2, hardware)
    body += attribute(3, b"\0" * 16)  # NDA_CACHEINFO: others than ours are passed over
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


def end() -> bytes:
    return struct.pack("=IHHIIi", 20, DONE, 2, 1, 0, 0)


def test_the_table_is_asked_for_with_one_dump_request_of_every_family() -> None:
    assert table_request() == struct.pack("=IHHII", 28, 30, 0x301, 1, 0) + b"\0" * 12


def test_several_messages_come_in_one_datagram_and_the_last_ends_the_table() -> None:
    data = message("192.168.1.31") + message("fd00::31", state=STALE) + end()
    assert read(data) == Heard(
        (Neighbour("192.168.1.31", 2, "aa:bb:cc:dd:ee:01"), Neighbour("fd00::31", 2, "aa:bb:cc:dd:ee:01")), done=True
    )


def test_a_datagram_as_a_kernel_sent_it() -> None:
    recorded = bytes.fromhex(
        "4c0000001c000200010000000000000002000000020000000200000108000100c0000201"
        "0a0002000" + "2fc000000050000" + "0800040000000000" + "14000300" + "00000000" * 4
    )
    assert read(recorded).neighbours == (Neighbour("192.0.2.1", 2, "02:fc:00:00:00:05"),)


@pytest.mark.parametrize("state", [REACHABLE, STALE, 0x08, 0x10, PERMANENT])
def test_a_device_counts_that_the_kernel_has_an_answer_from(state: int) -> None:
    assert read(message("192.168.1.31", state=state)).neighbours


@pytest.mark.parametrize("state", [0, INCOMPLETE, FAILED, NOARP])
def test_one_does_not_that_has_not_answered(state: int) -> None:
    assert read(message("192.168.1.31", state=state)).neighbours == ()


@pytest.mark.parametrize(
    "data",
    [
        message("192.168.1.31", kind=DELETED),
        message("192.168.1.31", hardware=b""),
        message("192.168.1.31", hardware=b"\0" * 6),
        message("192.168.1.31", hardware=b"\1" * 8),
        message("192.168.1.31", family=BRIDGE),
        message("192.168.1.31", family=AF_INET6),
        message("192.168.1.31")[:20],
        struct.pack("=IHHII", 0, NEW, 0, 1, 0) + b"\0" * 40,
        b"",
    ],
    ids=["gone", "no hardware", "none yet", "a tunnel", "a bridge's", "mixed", "cut off", "length 0", "empty"],
)
def test_what_names_no_device_at_no_address_is_passed_over(data: bytes) -> None:
    assert read(data) == Heard((), done=False)


@given(st.binary(max_size=120) | st.builds(lambda cut: message("fd00::31")[:cut], st.integers(0, 100)))
def test_any_bytes_can_be_read(data: bytes) -> None:
    read(data)
