"""The PROXY protocol: believed from those who are trusted, demanded of them, and worth nothing from anybody else."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.errors import WireError
from safedns.server.proxy import MAX_V1, SIGNATURE, read_header
from safedns.server.room import Limits
from safedns.server.terms import Terms
from tests.unit.server.scripted import Recording, eventually
from tests.unit.server.test_tcp import PATIENT, Client, Served, serving

PROXY = "127.0.0.2"


def v1(address: str) -> bytes:
    version = ip_address(address).version
    return f"PROXY TCP{version} {address} {'::1' if version == 6 else '192.0.2.1'} 54321 853\r\n".encode()


def v2(address: str, *, command: int = 0x21, extras: bytes = b"") -> bytes:
    packed = ip_address(address).packed
    family = 0x11 if len(packed) == 4 else 0x21
    rest = packed + bytes(len(packed)) + (54321).to_bytes(2) + (853).to_bytes(2) + extras
    return SIGNATURE + bytes((command, family)) + len(rest).to_bytes(2) + rest


def heard(header: bytes) -> tuple[str, bytes]:
    """What a header says, and what is left behind it."""
    left = bytearray(header)

    async def read(size: int) -> bytes:
        if len(left) < size:
            raise ConnectionError("it ends here")
        part = bytes(left[:size])
        del left[:size]
        return part

    return asyncio.run(read_header(read)), bytes(left)


@pytest.mark.parametrize("make", [v1, v2])
@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::9"])
def test_the_address_is_read_and_not_a_byte_more(make: object, address: str) -> None:
    assert heard((v1 if make is v1 else v2)(address) + b"\x16\x03\x01") == (address, b"\x16\x03\x01")


def test_extras_of_version_two_are_passed_over() -> None:
    assert heard(v2("203.0.113.9", extras=b"\x03\x00\x04abcd") + b"x") == ("203.0.113.9", b"x")


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2("0.0.0.0", command=0x20), SIGNATURE + b"\x21\x00\x00\x00"])
def test_a_proxy_may_speak_for_itself(header: bytes) -> None:
    assert heard(header + b"x") == ("", b"x")


@pytest.mark.parametrize(
    "header",
    [
        b"\x00\x1d" + bytes(29),
        b"GET / HTTP/1.1\r\n\r\n",
        b"PROXY TCP4 nonsense 192.0.2.1 1 2\r\n",
        b"PROXY TCP6 203.0.113.9 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.1 1\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.1 x 2\r\n",
        b"PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
        b"PROXY TCP4 " + b"9" * MAX_V1,
        SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x31\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(12),
    ],
)
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        heard(header)


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: SIGNATURE + rest))
def test_whatever_comes_it_is_an_address_or_a_refusal(header: bytes) -> None:
    try:
        address, _ = heard(header)
    except (WireError, ConnectionError):
        return
    assert address == "" or str(ip_address(address)) == address


@pytest.fixture
def terms() -> Terms:
    made = Terms()
    made.change(None, (ip_network(f"{PROXY}/32"),))
    return made


async def ask(served: Served, header: bytes, source: str) -> bytes:
    """What comes back when ``header`` and a query are sent from ``source``."""
    async with Client(served.port, source) as client:
        client.writer.write(header)
        client.send(b"hello")
        client.writer.write_eof()
        return await client.rest()


@pytest.mark.parametrize("header", [v1("203.0.113.9"), v2("203.0.113.9")])
async def test_a_trusted_proxy_says_who_asks(recording: Recording, terms: Terms, header: bytes) -> None:
    async with serving(recording, terms=terms) as served:
        assert await ask(served, header, PROXY) == b"\0\x09re: hello"
        assert served.pipeline.seen == [(b"hello", "203.0.113.9", "tcp")]


@pytest.mark.parametrize("header", [v1("192.168.1.10"), v2("192.168.1.10")])
async def test_a_header_from_anybody_else_is_neither_believed_nor_answered(
    recording: Recording, terms: Terms, header: bytes
) -> None:
    async with serving(recording, Limits(idle=0.2), terms=terms) as served:
        assert await ask(served, header, "127.0.0.3") == b""
        assert all(client == "127.0.0.3" for _, client, _ in served.pipeline.seen)
        assert await ask(served, b"", "127.0.0.3") == b"\0\x09re: hello"


async def test_a_trusted_proxy_that_says_nothing_is_not_served(recording: Recording, terms: Terms) -> None:
    async with serving(recording, terms=terms) as served:
        assert await ask(served, b"", PROXY) == b""
        assert not served.pipeline.seen


async def test_a_header_that_does_not_come_is_not_waited_for(recording: Recording, terms: Terms) -> None:
    async with serving(recording, Limits(greeting=0.1), terms=terms) as served, Client(served.port, PROXY) as client:
        client.writer.write(b"PROXY TCP4 ")
        assert await client.rest() == b""
        await eventually(lambda: served.server.connections == 0, "it is let go")


async def test_connections_count_against_the_client_and_not_the_proxy(recording: Recording, terms: Terms) -> None:
    async with (
        serving(recording, PATIENT._replace(per_peer=1), terms=terms) as served,
        Client(served.port, PROXY) as first,
        Client(served.port, PROXY) as second,
    ):
        for client, address in ((first, "203.0.113.1"), (second, "203.0.113.2")):
            client.writer.write(v1(address))
            client.send(b"hello")
            assert await client.receive() == b"re: hello"
        assert await ask(served, v1("203.0.113.1"), PROXY) == b""
